//! Records from the values of a document that hold them: below a path, with values around them, and without wrappers.

use super::marks::Marks;
use super::path::PathStep;
use super::scan::{self, Flaw, Kind, Value};
use super::unwrap::Unwrap;

const NO_RECORD: &str = "it has no record at the path of `records`";
const NOT_AN_OBJECT: &str = "its record is no object";
const TOO_MUCH: &str = "its records take too much memory with the values around them";
/// Maximum bytes of the records of one document: many records repeat the values around them.
const MOST_BYTES: usize = 256 << 20;

/// Form in which the records of a document stand in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reshape {
    /// Path from the document to its records. Empty: it is the record itself.
    pub path: Vec<PathStep>,
    /// Values of the document that each of its records gets, by name, with their paths.
    pub envelope: Vec<(String, Vec<String>)>,
    /// Notation of values with their types.
    pub unwrap: Option<Unwrap>,
    /// True if a document without a record at the path is none, rather than invalid.
    pub may_lack_records: bool,
}

/// A record in the reshaped text, and its place in the document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reshaped {
    pub(super) at: usize,
    pub(super) source: (usize, usize),
}

impl Reshape {
    /// Returns true if records are what they are.
    pub fn is_identity(&self) -> bool {
        self.path.is_empty() && self.envelope.is_empty() && self.unwrap.is_none()
    }

    /// Appends the records of the document that begins at `at` to `out`, in plain form.
    ///
    /// # Errors
    /// The document has no record, or something else where one should be; `out` is as before.
    pub(super) fn records(
        &self,
        text: &[u8],
        at: usize,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Reshaped>, &'static str> {
        let before = out.len();
        let Found { values: found, missing } = records_at(text, at, &self.path).map_err(|_| NO_RECORD)?;
        if missing && !self.may_lack_records {
            return Err(NO_RECORD);
        }
        if found.iter().any(|value| value.kind != Kind::Object) {
            return Err(NOT_AN_OBJECT);
        }
        let around = self.around(text, at);
        let mut records = Vec::with_capacity(found.len());
        for record in found {
            let from = out.len();
            if self.write(text, record, &around, out, marks).is_err() || out.len() - before > MOST_BYTES {
                out.truncate(before);
                return Err(TOO_MUCH);
            }
            records.push(Reshaped { at: from, source: (record.start, record.end) });
        }
        Ok(records)
    }

    /// Returns the values around the records as the beginning of an object's members.
    fn around(&self, text: &[u8], at: usize) -> Vec<u8> {
        let mut around = Vec::new();
        for (name, path) in &self.envelope {
            let steps: Vec<PathStep> = path.iter().cloned().map(PathStep::Member).collect();
            let mut found = Found::default();
            let value = find(text, at, &steps, &mut found).ok().and_then(|_| found.values.first().copied());
            let quote: &[u8] = if value.is_some_and(|value| matches!(value.kind, Kind::Text { .. })) { b"\"" } else { b"" };
            around.extend_from_slice(serde_json::Value::from(name.as_str()).to_string().as_bytes());
            around.push(b':');
            around.extend_from_slice(quote);
            around.extend_from_slice(value.map_or(b"null", |value| value.text(text)));
            around.extend_from_slice(quote);
            around.push(b',');
        }
        around
    }

    fn write(&self, text: &[u8], record: Value, around: &[u8], out: &mut Vec<u8>, marks: &mut Marks) -> Result<(), Flaw> {
        out.push(b'{');
        if let Some(unwrap) = self.unwrap {
            // What is around is wrapped too.
            let wrapped = [b"{".as_slice(), around.strip_suffix(b",").unwrap_or(around), b"}"].concat();
            unwrap.members(&wrapped, 0, out, marks)?;
        } else {
            out.extend_from_slice(around.strip_suffix(b",").unwrap_or(around));
        }
        let begun = out.len();
        if !around.is_empty() {
            out.push(b',');
        }
        let members = out.len();
        match self.unwrap {
            Some(unwrap) => unwrap.members(text, record.start, out, marks).map(drop)?,
            None => out.extend_from_slice(text.get(record.start + 1..record.end - 1).unwrap_or_default()),
        }
        if out.get(members..).is_some_and(|members| members.trim_ascii().is_empty()) {
            out.truncate(begun);
        }
        out.push(b'}');
        Ok(())
    }
}

/// Values at a path.
#[derive(Default)]
struct Found {
    values: Vec<Value>,
    /// True if the path leads nowhere at some place.
    missing: bool,
}

/// Finds the records: the objects at the path, and the items of the arrays there. Null is no record.
fn records_at(text: &[u8], at: usize, path: &[PathStep]) -> Result<Found, Flaw> {
    let mut found = Found::default();
    find(text, at, path, &mut found)?;
    let mut records = Found { values: Vec::new(), missing: found.missing };
    for value in found.values {
        match value.kind {
            Kind::Null => records.missing = true,
            Kind::Array => scan::array(text, value.start, &mut |item| records.values.push(item)).map(drop)?,
            _ => records.values.push(value),
        }
    }
    Ok(records)
}

/// Finds the values at the path. Returns the end of the value at `at`.
fn find(text: &[u8], at: usize, path: &[PathStep], found: &mut Found) -> Result<usize, Flaw> {
    match (path.split_first(), text.get(at)) {
        (None, _) => {
            let (value, end) = scan::value(text, at)?;
            found.values.push(value);
            Ok(end)
        }
        (Some((PathStep::Member(wanted), rest)), Some(b'{')) => {
            let mut has_member = false;
            let end = scan::members(text, at, &mut |name, at| {
                if is_named(text, name, wanted) {
                    has_member = true;
                    find(text, at, rest, found)
                } else {
                    scan::value(text, at).map(|(_, end)| end)
                }
            });
            found.missing |= !has_member;
            end
        }
        (Some((PathStep::Items, rest)), Some(b'[')) => scan::items(text, at, &mut |at| find(text, at, rest, found)),
        _ => {
            found.missing = true;
            scan::value(text, at).map(|(_, end)| end)
        }
    }
}

fn is_named(text: &[u8], name: Value, wanted: &str) -> bool {
    match name.kind {
        Kind::Text { escaped: true } => scan::meaning(name.text(text), true) == wanted,
        _ => name.text(text) == wanted.as_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::parse_path;
    use super::*;

    fn reshape(path: &str, envelope: &[(&str, &str)], unwrap: Option<Unwrap>) -> Reshape {
        Reshape {
            path: if path.is_empty() { Vec::new() } else { parse_path(path).unwrap() },
            envelope: envelope
                .iter()
                .map(|(name, path)| ((*name).to_owned(), path.split('.').map(str::to_owned).collect()))
                .collect(),
            unwrap,
            may_lack_records: false,
        }
    }

    fn records(reshape: &Reshape, text: &str) -> Result<Vec<String>, &'static str> {
        let (mut out, mut marks) = (b"x".to_vec(), Marks::default());
        let found = reshape.records(text.as_bytes(), 0, &mut out, &mut marks)?;
        let record = |record: &Reshaped| {
            let end = scan::object(&out, record.at, &mut |_| {}).unwrap();
            String::from_utf8(out[record.at..end].to_vec()).unwrap()
        };
        Ok(found.iter().map(record).collect())
    }

    #[test]
    fn records_stand_below_a_path() {
        let text = r#"{"Records":[{"d":{"NewImage":{"id":1}}},{"d":{"NewImage":{"id":2},"x":[]}}],"Records2":[]}"#;
        assert_eq!(records(&reshape("Records[*].d.NewImage", &[], None), text).unwrap(), [r#"{"id":1}"#, r#"{"id":2}"#]);
        assert_eq!(records(&reshape("a", &[], None), r#"{"a":[{"id":1},{}]}"#).unwrap(), [r#"{"id":1}"#, "{}"]);
        assert_eq!(
            records(&reshape("a[*].b[*]", &[], None), r#"{"a":[{"b":[{"x":1}]},{"b":[{"x":2},{"x":3}]}]}"#).unwrap().len(),
            3
        );
        assert_eq!(records(&reshape("a", &[], None), r#"{"a":[]}"#), Ok(vec![]));
        let lacks_one = r#"{"a":[{"b":{"id":1}},{"c":0}]}"#;
        assert_eq!(records(&reshape("a[*].b", &[], None), lacks_one), Err(NO_RECORD));
        for (text, reason) in [(r#"{"b":1}"#, NO_RECORD), (r#"{"a":null}"#, NO_RECORD), (r#"{"a":[1]}"#, NOT_AN_OBJECT)] {
            assert_eq!(records(&reshape("a", &[], None), text), Err(reason), "{text}");
        }
        let lenient = Reshape { may_lack_records: true, ..reshape("a", &[], None) };
        assert_eq!(records(&lenient, r#"{"b":1}"#), Ok(vec![]));
    }

    #[test]
    fn records_get_values_of_the_document_around_them() {
        let around = reshape("Records", &[("region", "region"), ("batch \"x\"", "meta.id"), ("none", "no.no")], None);
        let text = r#"{"Records":[{"id":1},{ }],"region":"e\u0075","meta":{"id":7}}"#;
        assert_eq!(
            records(&around, text).unwrap(),
            [r#"{"region":"e\u0075","batch \"x\"":7,"none":null,"id":1}"#, r#"{"region":"e\u0075","batch \"x\"":7,"none":null}"#]
        );
    }

    #[test]
    fn wrapped_values_become_plain() {
        let text = r#"{"at":{"N":"7"},"NewImage":{"S":{"S":"x"},"n":{"N":"1"}}}"#;
        let all = reshape("NewImage", &[("at", "at")], Some(Unwrap::Dynamodb));
        assert_eq!(records(&all, text).unwrap(), [r#"{"at":7,"S":"x","n":1}"#]);
        let mongo = reshape("", &[], Some(Unwrap::MongoExtended));
        assert_eq!(records(&mongo, r#"{"_id":{"$oid":"a"}}"#).unwrap(), [r#"{"_id":"a"}"#]);
        assert_eq!(records(&mongo, r#"{"$oid":"a"}"#).unwrap(), [r#"{"$oid":"a"}"#]);
    }
}
