//! Records from the values of a document that hold them: below a path, with values around them, and without wrappers.

use super::around::{Around, append};
use super::find::{Found, records_at};
use super::marks::Marks;
use super::path::PathStep;
use super::scan::{Flaw, Kind, Value};
use super::unwrap::Unwrap;
use super::without::{copied, without};

const NO_RECORD: &str = "it has no record at the path of `records`";
const NOT_AN_OBJECT: &str = "its record is no object";
const WITHOUT_KEY: &str = "it lacks a key that the items of its array are to have";
const BROKEN: &str = "its values can't be unwrapped";
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
    /// The part of each record that the table has.
    pub part: Part,
}

/// The part of a record that a table has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// All but the values at these paths.
    Without(Vec<Vec<PathStep>>),
    /// The items of an array in it.
    Items(Box<Items>),
}

/// The items of an array in a record, as records of another table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items {
    /// Path to the array, and the values of the record around it that each item gets: its keys. An item without one of them can't
    /// be joined with its record, and is bad.
    pub reshape: Reshape,
    /// Name of the member with the item's position, counted from 1; `None` if it gets none.
    pub position: Option<String>,
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
        self.path.is_empty() && self.envelope.is_empty() && self.unwrap.is_none() && self.part == Part::Whole
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
        self.parts(out, marks, |out, marks| {
            let Found { values: found, missing } = records_at(text, at, &self.path).map_err(|_| NO_RECORD)?;
            if missing && !self.may_lack_records {
                return Err(NO_RECORD);
            }
            if found.iter().any(|value| value.kind != Kind::Object) {
                return Err(NOT_AN_OBJECT);
            }
            let around = Around::of(&self.envelope, text, at, &Marks::default());
            self.written(text, &Marks::default(), found.into_iter().map(|record| (record, around.clone())), out, marks)
        })
    }

    /// Appends the items of the array at the path in the record that begins at `at`, with the values around them. `from` has the
    /// marks of the text. Items that are no objects are records with one `value`.
    ///
    /// # Errors
    /// The record lacks a value that its items are to get; `out` is as before.
    fn items(
        &self,
        text: &[u8],
        at: usize,
        from: &Marks,
        position: Option<&str>,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Reshaped>, &'static str> {
        self.parts(out, marks, |out, marks| {
            let found = records_at(text, at, &self.path).map_err(|_| NO_RECORD)?.values;
            let keys = Around::of(&self.envelope, text, at, from);
            if keys.lacks_one && !found.is_empty() {
                return Err(WITHOUT_KEY);
            }
            let items = found.into_iter().enumerate().map(|(i, item)| {
                let mut around = keys.clone();
                if let Some(name) = position {
                    around.add(name, i + 1);
                }
                (item, around)
            });
            self.written(text, from, items, out, marks)
        })
    }

    /// Appends the wanted part of the records that `plain` appends.
    fn parts(
        &self,
        out: &mut Vec<u8>,
        marks: &mut Marks,
        plain: impl FnOnce(&mut Vec<u8>, &mut Marks) -> Result<Vec<Reshaped>, &'static str>,
    ) -> Result<Vec<Reshaped>, &'static str> {
        let before = out.len();
        let found = if self.part == Part::Whole {
            plain(out, marks)
        } else {
            let (mut text, mut from) = (Vec::new(), Marks::default());
            plain(&mut text, &mut from).and_then(|records| {
                let mut parts = Vec::with_capacity(records.len());
                for record in &records {
                    parts.extend(self.part.of(&text, record, &from, out, marks)?);
                }
                Ok(parts)
            })
        };
        found.inspect_err(|_| {
            out.truncate(before);
            marks.forget(before);
        })
    }

    /// Appends records, each with the values around it.
    fn written(
        &self,
        text: &[u8],
        from: &Marks,
        records: impl Iterator<Item = (Value, Around)>,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Reshaped>, &'static str> {
        let before = out.len();
        let mut written = Vec::new();
        for (record, around) in records {
            let at = out.len();
            if self.write(text, record, from, &around, out, marks).is_err() || out.len() - before > MOST_BYTES {
                return Err(TOO_MUCH);
            }
            written.push(Reshaped { at, source: (record.start, record.end) });
        }
        Ok(written)
    }

    fn write(
        &self,
        text: &[u8],
        record: Value,
        from: &Marks,
        around: &Around,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<(), Flaw> {
        out.push(b'{');
        let before = around.text.strip_suffix(b",").unwrap_or(&around.text);
        if let Some(unwrap) = self.unwrap {
            // What is around is wrapped too.
            let wrapped = [b"{", before, b"}"].concat();
            unwrap.members(&wrapped, 0, out, marks)?;
        } else {
            around.marks.copy(0..before.len(), out.len(), marks);
            out.extend_from_slice(before);
        }
        let begun = out.len();
        if !before.is_empty() {
            out.push(b',');
        }
        let members = out.len();
        match self.unwrap {
            _ if record.kind != Kind::Object => {
                out.extend_from_slice(b"\"value\":");
                append(text, record, from, out, marks);
            }
            Some(unwrap) => unwrap.members(text, record.start, out, marks).map(drop)?,
            None => {
                from.copy(record.start + 1..record.end - 1, out.len(), marks);
                out.extend_from_slice(text.get(record.start + 1..record.end - 1).unwrap_or_default());
            }
        }
        if out.get(members..).is_some_and(|members| members.trim_ascii().is_empty()) {
            out.truncate(begun);
        }
        out.push(b'}');
        Ok(())
    }
}

impl Part {
    /// Appends this part of a record in plain form to `out`. `from` has the marks of its text.
    ///
    /// # Errors
    /// An item is without a key.
    fn of(
        &self,
        text: &[u8],
        record: &Reshaped,
        from: &Marks,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Reshaped>, &'static str> {
        let at = out.len();
        let source = record.source;
        match self {
            Self::Whole => {
                copied(text, record.at, from, out, marks).map_err(|_| BROKEN)?;
                Ok(vec![Reshaped { at, source }])
            }
            Self::Without(paths) => {
                let paths: Vec<&[PathStep]> = paths.iter().map(Vec::as_slice).collect();
                without(text, record.at, &paths, from, out, marks).map_err(|_| BROKEN)?;
                Ok(vec![Reshaped { at, source }])
            }
            Self::Items(items) => {
                let found = items.reshape.items(text, record.at, from, items.position.as_deref(), out, marks)?;
                Ok(found.into_iter().map(|item| Reshaped { source, ..item }).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::path::parse_path;
    use super::super::scan;
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
            part: Part::Whole,
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

    /// Returns the reshaping of the items of an array, with their keys.
    fn items(path: &str, keys: &[(&str, &str)], unwrap: Option<Unwrap>) -> Reshape {
        let items = Items { reshape: reshape(path, keys, None), position: Some("n".to_owned()) };
        Reshape { part: Part::Items(Box::new(items)), ..reshape("", &[], unwrap) }
    }

    #[test]
    fn items_of_arrays_are_records_of_their_own() {
        let text = r#"{"id":7,"o":{"items":[{"sku":"a\"b"},{},5,"x",null]},"e":[]}"#;
        let of = |path: &str, keys: &[(&str, &str)]| records(&items(path, keys, None), text);
        assert_eq!(
            of("o.items", &[("order_id", "id")]).unwrap(),
            [
                r#"{"order_id":7,"n":1,"sku":"a\"b"}"#,
                r#"{"order_id":7,"n":2}"#,
                r#"{"order_id":7,"n":3,"value":5}"#,
                r#"{"order_id":7,"n":4,"value":"x"}"#,
                r#"{"order_id":7,"n":5,"value":null}"#
            ]
        );
        assert_eq!(of("o.items", &[("k", "no")]), Err(WITHOUT_KEY));
        for none in ["e", "no", "o.no", "id.items"] {
            assert_eq!(of(none, &[("k", "no")]).map(|found| found.len()), Ok(0), "{none}");
        }
        let dynamo = r#"{"id":{"N":"7"},"items":{"L":[{"M":{"sku":{"S":"a"}}}]}}"#;
        let found = records(&items("items", &[("id", "id")], Some(Unwrap::Dynamodb)), dynamo);
        assert_eq!(found.unwrap(), [r#"{"id":7,"n":1,"sku":"a"}"#]);
    }

    #[test]
    fn records_are_left_without_the_arrays_of_other_tables() {
        let of = |paths: &[&str], text: &str| {
            let paths = paths.iter().map(|path| parse_path(path).unwrap()).collect();
            records(&Reshape { part: Part::Without(paths), ..reshape("", &[], None) }, text).unwrap()
        };
        let text = r#"{"id":1, "items":[{"x":[1],"y":2},3], "o":{"items":[0],"b\"":"c"}}"#;
        assert_eq!(of(&["items"], text), [r#"{"id":1,"o":{"items":[0],"b\"":"c"}}"#]);
        assert_eq!(of(&["items[*].x", "o.items"], text), [r#"{"id":1,"items":[{"y":2},3],"o":{"b\"":"c"}}"#]);
        assert_eq!(of(&["no", "id.x"], text), [r#"{"id":1,"items":[{"x":[1],"y":2},3],"o":{"items":[0],"b\"":"c"}}"#]);
        assert_eq!(of(&["id", "items", "o"], text), ["{}"]);
    }

    #[test]
    fn marks_go_with_their_values() {
        let mongo = r#"{"at":{"$date":"2024-05-01T10:00:00Z"},"items":[{"on":{"$date":"2024-05-02T10:00:00Z"}}]}"#;
        let all = items("items", &[("at", "at")], Some(Unwrap::MongoExtended));
        let (mut out, mut marks) = (b"x".to_vec(), Marks::default());
        all.records(mongo.as_bytes(), 0, &mut out, &mut marks).unwrap();
        let text = String::from_utf8(out).unwrap();
        for date in ["2024-05-01", "2024-05-02"] {
            assert!(marks.is_instant(text.find(date).unwrap()), "{date} in {text}");
        }
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
