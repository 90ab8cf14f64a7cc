//! Documents in texts, in the place of the texts.

use super::find::is_named;
use super::marks::Marks;
use super::path::PathStep;
use super::scan::{self, Kind, Value};
use super::unwrap::Unwrap;
use super::without::{Written, below, comma, copied};

/// A text of records, with documents in texts in it.
pub(super) struct Documents<'t> {
    pub(super) text: &'t [u8],
    pub(super) marks: &'t Marks,
    /// Notation of values in the records, from which they are free already. Documents of `MongoDB` have it too.
    pub(super) unwrap: Option<Unwrap>,
}

impl Documents<'_> {
    /// Appends the value at `at` with the documents in the texts at the paths in place of those texts. A path goes through
    /// arrays. An empty text becomes null; another text that is no object and no array stays, and is marked. Returns the end of
    /// the value.
    pub(super) fn unquoted(&self, at: usize, paths: &[&[PathStep]], out: &mut Vec<u8>, marks: &mut Marks) -> Written {
        let text = self.text;
        let ends_here = paths.iter().any(|path| path.is_empty());
        match text.get(at) {
            Some(b'"') if ends_here => {
                let (value, end) = scan::value(text, at)?;
                if self.document(&value.meaning(text), out, marks).is_none() {
                    copied(text, at, self.marks, out, marks)?;
                    marks.strays.push(out.len() - (end - at) + 1);
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
                    self.unquoted(at, &rest, out, marks)
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
                    self.unquoted(at, &rest, out, marks)
                })?;
                out.push(b'}');
                Ok(end)
            }
            _ => copied(text, at, self.marks, out, marks),
        }
    }

    /// Appends the document that a text is; `None` if it is something else.
    fn document(&self, text: &str, out: &mut Vec<u8>, marks: &mut Marks) -> Option<()> {
        let document = document(text)?;
        let Some(unwrap @ Unwrap::MongoExtended) = self.unwrap else {
            out.extend_from_slice(document.as_bytes());
            return Some(());
        };
        let before = out.len();
        let written = unwrap.plain(document.as_bytes(), 0, out, marks);
        written.map(drop).ok().or_else(|| {
            out.truncate(before);
            marks.forget(before);
            None
        })
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
        written_by(None, paths, text)
    }

    fn written_by(unwrap: Option<Unwrap>, paths: &[&str], text: &str) -> (String, Vec<String>) {
        let paths: Vec<_> = paths.iter().map(|path| parse_path(path).unwrap()).collect();
        let paths: Vec<&[PathStep]> = paths.iter().map(Vec::as_slice).collect();
        let (mut out, mut marks) = (Vec::new(), Marks::default());
        let documents = Documents { text: text.as_bytes(), marks: &Marks::default(), unwrap };
        assert_eq!(documents.unquoted(0, &paths, &mut out, &mut marks), Ok(text.len()), "{text}");
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
    #[test]
    fn documents_of_mongodb_have_plain_values() {
        let text = r#"{"after":"{\"_id\":{\"$oid\":\"64a\"},\"n\":{\"$numberLong\":\"5\"}}","bad":"x"}"#;
        let plain = r#"{"after":{"_id":"64a","n":5},"bad":"x"}"#;
        assert_eq!(written_by(Some(Unwrap::MongoExtended), &["after", "bad"], text), (plain.to_owned(), vec!["x".to_owned()]));
        // Texts of DynamoDB are those of applications.
        let own = r#"{"a":"{\"S\":\"x\"}"}"#;
        assert_eq!(written_by(Some(Unwrap::Dynamodb), &["a"], own).0, r#"{"a":{"S":"x"}}"#);
    }
}
