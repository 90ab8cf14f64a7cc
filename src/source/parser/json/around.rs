//! Values around a record, which it gets as members.

use super::find::{Lack, value_at};
use super::marks::Marks;
use super::path::PathStep;
use super::scan::{Kind, Value};
use crate::source::parser::batch::TWICE;
use crate::source::parser::rules::Nulls;

/// Values that a record gets from around it: the beginning of an object's members, with a comma after each.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    pub(super) text: Vec<u8>,
    pub(super) marks: Marks,
    /// True if one of them is not there, or null, or means null.
    pub(super) lacks_one: bool,
}

impl Around {
    /// Returns the values at the paths in the document, or the record, that begins at `at`. `from` has the marks of the text, and
    /// `nulls` the texts that mean null.
    ///
    /// # Errors
    /// A name on a path stands twice.
    pub(super) fn of(
        (envelope, nulls): (&[(String, Vec<String>)], &Nulls),
        text: &[u8],
        at: usize,
        from: &Marks,
    ) -> Result<Self, &'static str> {
        let mut around = Self::default();
        for (name, path) in envelope {
            let steps: Vec<PathStep> = path.iter().cloned().map(PathStep::Member).collect();
            let value = match value_at(text, at, &steps) {
                Err(Lack::Other(TWICE)) => return Err(TWICE),
                found => found.ok(),
            };
            around.name(name);
            match value.filter(|value| value.kind != Kind::Null && !nulls.is_null_value(text, *value)) {
                Some(value) => append(text, value, from, &mut around.text, &mut around.marks),
                None => {
                    around.lacks_one = true;
                    around.text.extend_from_slice(b"null");
                }
            }
            around.text.push(b',');
        }
        Ok(around)
    }

    /// Adds a number.
    pub(super) fn add(&mut self, name: &str, number: usize) {
        self.name(name);
        self.text.extend_from_slice(format!("{number},").as_bytes());
    }

    fn name(&mut self, name: &str) {
        self.text.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
        self.text.push(b':');
    }
}

/// Appends a value as it is written, with its marks.
pub(super) fn append(text: &[u8], value: Value, from: &Marks, out: &mut Vec<u8>, marks: &mut Marks) {
    let is_text = matches!(value.kind, Kind::Text { .. });
    if is_text {
        out.push(b'"');
    }
    from.copy(value.start..value.end, out.len(), marks);
    out.extend_from_slice(value.text(text));
    if is_text {
        out.push(b'"');
    }
}
