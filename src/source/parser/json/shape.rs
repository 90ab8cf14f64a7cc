//! Kinds of a JSON value and of the values in it.

use crate::schema::Shape;

use super::marks::Marks;
use super::scan::{self, Flaw, Kind, Value};
use crate::source::parser::rules::Nulls;

/// Takes the value that begins at `at` into account. A value with a flaw counts up to the flaw.
pub(in crate::source) fn see_shape(shape: &mut Shape, text: &[u8], at: usize, nulls: &Nulls) {
    see_marked(shape, text, at, &Marks::default(), nulls);
}

/// Takes the value that begins at `at` into account, with the types that the source tells of its values.
pub(in crate::source) fn see_marked(shape: &mut Shape, text: &[u8], at: usize, marks: &Marks, nulls: &Nulls) {
    // The reader has taken the value, or it is set aside anyway.
    let (is_marked, has_nulls) = (!marks.is_empty(), nulls.may_be_of_json());
    let _ = Seen { text, marks, nulls, is_marked, has_nulls }.value(shape, at);
}

/// A text whose values are seen.
struct Seen<'t> {
    text: &'t [u8],
    marks: &'t Marks,
    nulls: &'t Nulls,
    is_marked: bool,
    has_nulls: bool,
}

impl Seen<'_> {
    /// Returns the end of the value.
    fn value(&self, shape: &mut Shape, at: usize) -> Result<usize, Flaw> {
        let text = self.text;
        match text.get(at) {
            Some(b'[') => {
                let items = shape.see_array();
                scan::items(text, at, &mut |at| self.value(items, at))
            }
            Some(b'{') => {
                let mut members = shape.see_object();
                scan::members(text, at, &mut |name, at| {
                    let bytes = name.text(text);
                    match name.kind {
                        Kind::Text { escaped: false } if let Ok(name) = std::str::from_utf8(bytes) => {
                            self.value(members.member(name), at)
                        }
                        _ => self.value(members.member(&name.meaning(text)), at),
                    }
                })
            }
            _ => {
                let (value, end) = scan::value(text, at)?;
                if !self.has_nulls || !self.nulls.is_null_value(text, value) {
                    self.scalar(shape, value);
                }
                Ok(end)
            }
        }
    }

    fn scalar(&self, shape: &mut Shape, value: Value) {
        match value.kind {
            Kind::Boolean => shape.see_boolean(),
            Kind::Number if self.is_marked && self.marks.is_decimal(value.start) => shape.see_decimal(value.text(self.text)),
            Kind::Number => shape.see_number(value.text(self.text)),
            Kind::Text { .. } if self.is_marked && self.marks.is_instant(value.start) => shape.see_instant(),
            Kind::Text { .. } if self.is_marked && self.marks.is_stray(value.start) => shape.see_stray(),
            Kind::Text { .. } => shape.see_text(),
            Kind::Null | Kind::Array | Kind::Object => {}
        }
    }
}
