//! Documents in texts, in the place of the texts.

use super::find::is_named;
use super::marks::Marks;
use super::path::PathStep;
use super::scan::{self, Kind, Value};
use super::without::{Written, below, comma, copied};

/// Appends the value at `at` with the documents in the texts at the paths in place of those texts. A path goes through arrays. An
/// empty text becomes null; another text that is no object and no array stays, and is marked. Returns the end of the value.
pub(super) fn unquoted(
    text: &[u8],
    at: usize,
    paths: &[&[PathStep]],
    from: &Marks,
    out: &mut Vec<u8>,
    marks: &mut Marks,
) -> Written {
    let ends_here = paths.iter().any(|path| path.is_empty());
    match text.get(at) {
        Some(b'"') if ends_here => {
            let (value, end) = scan::value(text, at)?;
            match document(&value.meaning(text)) {
                Some(document) => out.extend_from_slice(document.as_bytes()),
                None => {
                    copied(text, at, from, out, marks)?;
                    marks.strays.push(out.len() - (end - at) + 1);
                }
            }
            Ok(end)
        }
        Some(b'[') if !paths.is_empty() => {
            let mut is_first = true;
            // A path may name the items of an array, or go on from its name.
            let mut rest = below(paths, |step| *step == PathStep::Items);
            rest.extend(paths.iter().filter(|path| path.first() != Some(&PathStep::Items)));
            out.push(b'[');
            let end = scan::items(text, at, &mut |at| {
                comma(out, &mut is_first);
                unquoted(text, at, &rest, from, out, marks)
            })?;
            out.push(b']');
            Ok(end)
        }
        Some(b'{') if !paths.is_empty() => {
            let mut is_first = true;
            out.push(b'{');
            let end = scan::members(text, at, &mut |name, at| {
                let rest = below(paths, |step| matches!(step, PathStep::Member(wanted) if is_named(text, name, wanted)));
                comma(out, &mut is_first);
                out.push(b'"');
                out.extend_from_slice(name.text(text));
                out.extend_from_slice(b"\":");
                unquoted(text, at, &rest, from, out, marks)
            })?;
            out.push(b'}');
            Ok(end)
        }
        _ => copied(text, at, from, out, marks),
    }
}

/// Returns the object or array that a text is, or null for an empty text; `None` if it is something else.
fn document(text: &str) -> Option<&str> {
    let text = text.trim();
    if text.is_empty() {
        return Some("null");
    }
    match scan::value(text.as_bytes(), 0) {
        Ok((Value { kind: Kind::Object | Kind::Array | Kind::Null, .. }, end)) if end == text.len() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::parse_path;
    use super::*;

    fn written(paths: &[&str], text: &str) -> (String, Vec<String>) {
        let paths: Vec<_> = paths.iter().map(|path| parse_path(path).unwrap()).collect();
        let paths: Vec<&[PathStep]> = paths.iter().map(Vec::as_slice).collect();
        let (mut out, mut marks) = (Vec::new(), Marks::default());
        assert_eq!(unquoted(text.as_bytes(), 0, &paths, &Marks::default(), &mut out, &mut marks), Ok(text.len()), "{text}");
        let out = String::from_utf8(out).unwrap();
        let strays = marks.strays.iter().map(|at| out[*at..].split('"').next().unwrap().to_owned()).collect();
        (out, strays)
    }

    #[test]
    fn texts_at_a_path_become_the_documents_in_them() {
        let of = |paths: &[&str], text: &str| written(paths, text).0;
        let text = r#"{"o":{"p":"{\"x\": \"\\u00e9\"}","q":"{}"},"l":[{"d":"[1]"},{"d":""},7]}"#;
        assert_eq!(of(&["o.p"], text), r#"{"o":{"p":{"x": "\u00e9"},"q":"{}"},"l":[{"d":"[1]"},{"d":""},7]}"#);
        let all = r#"{"o":{"p":{"x": "\u00e9"},"q":"{}"},"l":[{"d":[1]},{"d":null},7]}"#;
        assert_eq!(of(&["o.p", "l[*].d"], text), all);
        assert_eq!(of(&["o.p", "l.d"], text), all);
        assert_eq!(of(&["no", "o.p.x"], text), text);
        assert_eq!(of(&["l"], r#"{"l":["{}"," [ ] "]}"#), r#"{"l":[{},[ ]]}"#);
    }

    #[test]
    fn a_text_that_is_no_document_stays_and_is_marked() {
        let text = r#"{"o":{"p":"not json","q":"x"},"l":[{"o":1}]}"#;
        assert_eq!(written(&["o.p"], text), (text.to_owned(), vec!["not json".to_owned()]));
        assert_eq!(written(&["o"], r#"{"o":["5","{} x"]}"#).1, ["5", "{} x"]);
    }
}
