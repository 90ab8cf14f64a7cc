//! A value without some of the values in it.

use super::find::is_named;
use super::marks::Marks;
use super::path::PathStep;
use super::scan::{self, Flaw};
use crate::source::parser::batch::TWICE;

/// The end of what was written, in the text that it was read from.
pub(super) type Written = Result<usize, Flaw>;

/// Appends the value at `at` with its marks. Returns its end.
pub(super) fn copied(text: &[u8], at: usize, from: &Marks, out: &mut Vec<u8>, marks: &mut Marks) -> Written {
    let (_, end) = scan::value(text, at)?;
    from.copy(at..end, out.len(), marks);
    out.extend_from_slice(text.get(at..end).ok_or(Flaw::Incomplete)?);
    Ok(end)
}

/// Appends the value at `at` without the values at the paths. Returns its end.
///
/// # Errors
/// A name on a path stands twice in its object.
pub(super) fn without(
    text: &[u8],
    at: usize,
    paths: &[&[PathStep]],
    from: &Marks,
    out: &mut Vec<u8>,
    marks: &mut Marks,
) -> Written {
    match text.get(at) {
        Some(b'{') if !paths.is_empty() => {
            // An object in place of an array is its only item.
            let paths: Vec<&[PathStep]> = paths.iter().map(|path| in_object(path)).collect();
            object(text, at, &paths, from, out, marks)
        }
        Some(b'[') if !paths.is_empty() => {
            let rest = below(paths, |step| *step == PathStep::Items);
            let is_whole = rest.iter().any(|rest| rest.is_empty());
            let mut is_first = true;
            out.push(b'[');
            let end = scan::items(text, at, &mut |at| {
                if is_whole {
                    return scan::value(text, at).map(|(_, end)| end);
                }
                comma(out, &mut is_first);
                without(text, at, &rest, from, out, marks)
            })?;
            out.push(b']');
            Ok(end)
        }
        _ => copied(text, at, from, out, marks),
    }
}

fn object(text: &[u8], at: usize, paths: &[&[PathStep]], from: &Marks, out: &mut Vec<u8>, marks: &mut Marks) -> Written {
    let mut is_first = true;
    let mut seen = vec![false; paths.len()];
    out.push(b'{');
    let end = scan::members(text, at, &mut |name, at| {
        let mut rest = Vec::new();
        for (path, seen) in paths.iter().zip(&mut seen) {
            if let Some((PathStep::Member(wanted), below)) = path.split_first()
                && is_named(text, name, wanted)
            {
                if std::mem::replace(seen, true) {
                    return Err(Flaw::Broken(TWICE));
                }
                rest.push(below);
            }
        }
        let is_object = text.get(at) == Some(&b'{');
        if rest.iter().any(|rest| rest.is_empty() || is_object && in_object(rest).is_empty()) {
            return scan::value(text, at).map(|(_, end)| end);
        }
        comma(out, &mut is_first);
        out.push(b'"');
        out.extend_from_slice(name.text(text));
        out.extend_from_slice(b"\":");
        without(text, at, &rest, from, out, marks)
    })?;
    out.push(b'}');
    Ok(end)
}

/// Returns the path from an object: an object in place of an array is its only item.
fn in_object(mut path: &[PathStep]) -> &[PathStep] {
    while let Some((PathStep::Items, rest)) = path.split_first() {
        path = rest;
    }
    path
}

/// Returns the rest of the paths that begin with a step.
pub(super) fn below<'p>(paths: &[&'p [PathStep]], is_step: impl Fn(&PathStep) -> bool) -> Vec<&'p [PathStep]> {
    paths.iter().filter_map(|path| path.split_first().filter(|(first, _)| is_step(first)).map(|(_, rest)| rest)).collect()
}

/// Appends a comma before every value but the first.
pub(super) fn comma(out: &mut Vec<u8>, is_first: &mut bool) {
    if !std::mem::take(is_first) {
        out.push(b',');
    }
}
