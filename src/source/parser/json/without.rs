//! A value without some of the values in it.

use super::find::is_named;
use super::marks::Marks;
use super::path::PathStep;
use super::scan::{self, Flaw};

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
pub(super) fn without(
    text: &[u8],
    at: usize,
    paths: &[&[PathStep]],
    from: &Marks,
    out: &mut Vec<u8>,
    marks: &mut Marks,
) -> Written {
    let mut is_first = true;
    let mut comma = |out: &mut Vec<u8>| {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
    };
    let below = |step: &dyn Fn(&PathStep) -> bool| -> Vec<&[PathStep]> {
        paths.iter().filter_map(|path| path.split_first().filter(|(first, _)| step(first)).map(|(_, rest)| rest)).collect()
    };
    match text.get(at) {
        Some(b'{') if !paths.is_empty() => {
            out.push(b'{');
            let end = scan::members(text, at, &mut |name, at| {
                let rest = below(&|step| matches!(step, PathStep::Member(wanted) if is_named(text, name, wanted)));
                if rest.iter().any(|rest| rest.is_empty()) {
                    return scan::value(text, at).map(|(_, end)| end);
                }
                comma(out);
                out.push(b'"');
                out.extend_from_slice(name.text(text));
                out.extend_from_slice(b"\":");
                without(text, at, &rest, from, out, marks)
            })?;
            out.push(b'}');
            Ok(end)
        }
        Some(b'[') if !paths.is_empty() => {
            let rest = below(&|step| *step == PathStep::Items);
            out.push(b'[');
            let end = scan::items(text, at, &mut |at| {
                comma(out);
                without(text, at, &rest, from, out, marks)
            })?;
            out.push(b']');
            Ok(end)
        }
        _ => copied(text, at, from, out, marks),
    }
}
