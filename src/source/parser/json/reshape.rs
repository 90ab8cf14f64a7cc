//! Records from the values of a document that hold them: below a path, with values around them, and without wrappers.

use super::around::{Around, append};
use super::documents::Documents;
use super::find::{Found, Lack, is_named, records_at};
use super::marks::Marks;
use super::path::PathStep;
use super::scan::{self, Flaw, Kind, Member, Value};
use super::unwrap::Unwrap;
use super::without::{copied, without};
use crate::source::parser::batch::TWICE;
use crate::source::parser::rules::Nulls;

const NO_RECORD: &str = "it has no record at the path of `records`";
const NOT_AN_OBJECT: &str = "its record is no object";
const WITHOUT_KEY: &str = "it lacks a key that the items of its array are to have";
/// Reason for a record that has a name of its own which it also gets from around it.
pub const GIVEN_TWICE: &str = "it has a member with the name of a key, of the position or of a value of the envelope";
const NO_DOCUMENT: &str = "the text at the path of its array is no JSON document";
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
    /// True if a document, or an item of its arrays, without a record at the path is skipped, rather than invalid.
    pub may_lack_records: bool,
    /// Paths in a record to texts that hold documents, which take the place of the texts.
    pub documents: Vec<Vec<PathStep>>,
    /// Texts that mean null in values that records get from around them.
    pub nulls: Nulls,
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
    /// Start of the record, or the reason for a bad one.
    pub(super) record: Result<usize, &'static str>,
    pub(super) source: (usize, usize),
}

impl Reshaped {
    fn bad(source: (usize, usize), reason: &'static str) -> Self {
        Self { record: Err(reason), source }
    }
}

impl Reshape {
    /// Returns true if records are what they are.
    pub fn is_identity(&self) -> bool {
        self.path.is_empty()
            && self.envelope.is_empty()
            && self.unwrap.is_none()
            && self.documents.is_empty()
            && self.part == Part::Whole
    }

    /// Returns the names that records get from around them.
    fn given(&self) -> Vec<&str> {
        match &self.part {
            Part::Items(items) if matches!(items.reshape.part, Part::Items(_)) => items.reshape.given(),
            Part::Items(items) => {
                let keys = items.reshape.envelope.iter().map(|(name, _)| name.as_str());
                keys.chain(items.position.as_deref()).collect()
            }
            Part::Whole | Part::Without(_) => self.envelope.iter().map(|(name, _)| name.as_str()).collect(),
        }
    }

    /// Returns the reason for which a record with these members is bad, as precisely as it can be told.
    pub(super) fn reason(&self, reason: &'static str, text: &[u8], members: &[Member]) -> &'static str {
        if reason == TWICE && is_given_twice(&self.given(), text, members) { GIVEN_TWICE } else { reason }
    }

    /// Appends the records of the document that begins at `at` to `out`, in plain form. An item of its arrays that has no record
    /// at the path is bad, and leaves the others alone.
    ///
    /// # Errors
    /// The whole document is bad; `out` is as before.
    pub(super) fn records(
        &self,
        text: &[u8],
        at: usize,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Reshaped>, &'static str> {
        self.parts(None, out, marks, |out, marks| {
            let found = records_at(text, at, &self.path).map_err(|_| NO_RECORD)?;
            let around = Around::of((&self.envelope, &self.nulls), text, at, &Marks::default())?;
            let records = found.into_iter().filter_map(|found| match found {
                Found::Value { value, .. } if value.kind == Kind::Object => Some(Ok((value, around.clone()))),
                Found::Value { value, .. } => Some(Err(Reshaped::bad((value.start, value.end), NOT_AN_OBJECT))),
                Found::Lacking { lack: Lack::Missing, .. } if self.may_lack_records => None,
                Found::Lacking { start, end, lack } => {
                    let reason = if let Lack::Other(reason) = lack { reason } else { NO_RECORD };
                    Some(Err(Reshaped::bad((start, end), reason)))
                }
            });
            self.written(text, &Marks::default(), records, out, marks)
        })
    }

    /// Appends the items of the array at the path in the record that begins at `at`, with the values around them. `from` has the
    /// marks of the text. Items that are no objects are records with one `value`.
    ///
    /// # Errors
    /// The record lacks a value that its items are to get, or has a name twice on the way; `out` is as before.
    fn items(
        &self,
        text: &[u8],
        at: usize,
        from: &Marks,
        position_name: Option<&str>,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Reshaped>, &'static str> {
        self.parts(position_name, out, marks, |out, marks| {
            let found = records_at(text, at, &self.path).map_err(|_| NO_RECORD)?;
            if found.iter().any(|found| matches!(found, Found::Lacking { lack: Lack::Other(TWICE), .. })) {
                return Err(TWICE);
            }
            // What is no such array stays in the table of the record.
            let values = found.into_iter().filter_map(|found| match found {
                Found::Value { value, position } => Some((value, position)),
                Found::Lacking { .. } => None,
            });
            let mut values = values.peekable();
            let keys = Around::of((&self.envelope, &self.nulls), text, at, from)?;
            if keys.lacks_one && values.peek().is_some() {
                return Err(WITHOUT_KEY);
            }
            let items = values.map(|(item, position)| {
                if from.is_stray(item.start) {
                    return Err(Reshaped::bad((item.start, item.end), NO_DOCUMENT));
                }
                let mut around = keys.clone();
                if let Some(name) = position_name {
                    around.add(name, position);
                }
                Ok((item, around))
            });
            self.written(text, from, items, out, marks)
        })
    }

    /// Appends the wanted part of the records that `plain` appends, with the documents in their texts. `position`: name of the
    /// member with the position of each of these records, if they have one.
    fn parts(
        &self,
        position: Option<&str>,
        out: &mut Vec<u8>,
        marks: &mut Marks,
        plain: impl FnOnce(&mut Vec<u8>, &mut Marks) -> Result<Vec<Reshaped>, &'static str>,
    ) -> Result<Vec<Reshaped>, &'static str> {
        let before = out.len();
        let found = if self.part == Part::Whole && self.documents.is_empty() {
            plain(out, marks)
        } else {
            let (mut text, mut from) = (Vec::new(), Marks::default());
            plain(&mut text, &mut from).and_then(|records| {
                let records = self.unquoted(&mut text, &mut from, records)?;
                let mut parts = Vec::with_capacity(records.len());
                for record in &records {
                    let before = parts.len();
                    self.part.take(&text, record, &from, (out, marks), &mut parts);
                    let bad = parts[before..].iter_mut().filter(|part| part.record == Err(TWICE));
                    bad.for_each(|part| part.record = Err(self.reason_for_twice(&text, record, position)));
                }
                Ok(parts)
            })
        };
        found.inspect_err(|_| {
            out.truncate(before);
            marks.forget(before);
        })
    }

    /// Returns the reason for which a record whose part has a name twice is bad.
    #[cold]
    fn reason_for_twice(&self, text: &[u8], record: &Reshaped, position: Option<&str>) -> &'static str {
        let given: Vec<&str> = self.envelope.iter().map(|(name, _)| name.as_str()).chain(position).collect();
        let mut members = Vec::new();
        let scanned = record.record.map(|at| scan::object(text, at, &mut |member| members.push(member)));
        if scanned.is_ok() && is_given_twice(&given, text, &members) { GIVEN_TWICE } else { TWICE }
    }

    /// Puts the documents in texts at the paths of `documents` in the place of those texts.
    fn unquoted(&self, text: &mut Vec<u8>, marks: &mut Marks, records: Vec<Reshaped>) -> Result<Vec<Reshaped>, &'static str> {
        if self.documents.is_empty() {
            return Ok(records);
        }
        let paths: Vec<&[PathStep]> = self.documents.iter().map(Vec::as_slice).collect();
        let (mut out, mut to) = (Vec::with_capacity(text.len()), Marks::default());
        let mut moved = Vec::with_capacity(records.len());
        for Reshaped { record, source } in records {
            let start = out.len();
            if let Ok(at) = record {
                let documents = Documents { text, marks, unwrap: self.unwrap };
                documents.unquoted(at, &paths, &mut out, &mut to).map_err(|_| BROKEN)?;
            }
            moved.push(Reshaped { record: record.map(|_| start), source });
        }
        (*text, *marks) = (out, to);
        Ok(moved)
    }

    /// Appends records, each with the values around it.
    fn written(
        &self,
        text: &[u8],
        from: &Marks,
        records: impl Iterator<Item = Result<(Value, Around), Reshaped>>,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Reshaped>, &'static str> {
        let before = out.len();
        let mut written = Vec::new();
        for found in records {
            let (record, around) = match found {
                Ok(record) => record,
                Err(bad) => {
                    written.push(bad);
                    continue;
                }
            };
            let at = out.len();
            if self.write(text, record, from, &around, out, marks).is_err() || out.len() - before > MOST_BYTES {
                return Err(TOO_MUCH);
            }
            written.push(Reshaped { record: Ok(at), source: (record.start, record.end) });
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
    /// Appends this part of a record in plain form to `out`, and its records to `parts`. `from` has the marks of its text.
    fn take(
        &self,
        text: &[u8],
        record: &Reshaped,
        from: &Marks,
        (out, marks): (&mut Vec<u8>, &mut Marks),
        parts: &mut Vec<Reshaped>,
    ) {
        let (before, source) = (out.len(), record.source);
        match record.record.and_then(|at| self.of(text, at, from, out, marks)) {
            Ok(found) => parts.extend(found.into_iter().map(|record| Reshaped { record, source })),
            Err(reason) => {
                out.truncate(before);
                marks.forget(before);
                parts.push(Reshaped::bad(source, reason));
            }
        }
    }

    /// Appends this part of the record at `at`. Returns its records.
    ///
    /// # Errors
    /// An item is without a key, or a name stands twice.
    fn of(
        &self,
        text: &[u8],
        record: usize,
        from: &Marks,
        out: &mut Vec<u8>,
        marks: &mut Marks,
    ) -> Result<Vec<Result<usize, &'static str>>, &'static str> {
        let at = out.len();
        match self {
            Self::Whole => {
                copied(text, record, from, out, marks).map_err(|_| BROKEN)?;
                Ok(vec![Ok(at)])
            }
            Self::Without(paths) => {
                let paths: Vec<&[PathStep]> = paths.iter().map(Vec::as_slice).collect();
                without(text, record, &paths, from, out, marks).map_err(|flaw| match flaw {
                    Flaw::Broken(reason) => reason,
                    Flaw::Incomplete => BROKEN,
                })?;
                Ok(vec![Ok(at)])
            }
            Self::Items(items) => {
                let found = items.reshape.items(text, record, from, items.position.as_deref(), out, marks)?;
                Ok(found.into_iter().map(|item| item.record).collect())
            }
        }
    }
}

/// Returns true if one of the names that a record got from around it stands twice in it.
fn is_given_twice(given: &[&str], text: &[u8], members: &[Member]) -> bool {
    let count = |name: &str| members.iter().filter(|member| is_named(text, member.name, name)).count();
    given.iter().any(|name| count(name) > 1)
}

#[cfg(test)]
mod tests;
