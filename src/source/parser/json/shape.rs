//! Kinds of a JSON value and of the values in it.

use crate::schema::Shape;

use super::marks::Marks;
use super::scan::{self, Flaw, Kind, Value};

/// Takes the value that begins at `at` into account. A value with a flaw counts up to the flaw.
pub(in crate::source) fn see_shape(shape: &mut Shape, text: &[u8], at: usize) {
    see_marked(shape, text, at, &Marks::default());
}

/// Takes the value that begins at `at` into account, with the types that the source tells of its values.
pub(in crate::source) fn see_marked(shape: &mut Shape, text: &[u8], at: usize, marks: &Marks) {
    // The reader has taken the value, or it is set aside anyway.
    let _ = see_value(shape, text, at, marks);
}

/// Returns the end of the value.
fn see_value(shape: &mut Shape, text: &[u8], at: usize, marks: &Marks) -> Result<usize, Flaw> {
    match text.get(at) {
        Some(b'[') => {
            let items = shape.see_array();
            scan::items(text, at, &mut |at| see_value(items, text, at, marks))
        }
        Some(b'{') => {
            let mut members = shape.see_object();
            scan::members(text, at, &mut |name, at| {
                let bytes = name.text(text);
                match name.kind {
                    Kind::Text { escaped: false } if let Ok(name) = std::str::from_utf8(bytes) => {
                        see_value(members.member(name), text, at, marks)
                    }
                    _ => see_value(members.member(&name.meaning(text)), text, at, marks),
                }
            })
        }
        _ => {
            let (value, end) = scan::value(text, at)?;
            see_scalar(shape, value, text, marks);
            Ok(end)
        }
    }
}

fn see_scalar(shape: &mut Shape, value: Value, text: &[u8], marks: &Marks) {
    match value.kind {
        Kind::Boolean => shape.see_boolean(),
        Kind::Number if marks.is_decimal(value.start) => shape.see_decimal(value.text(text)),
        Kind::Number => shape.see_number(value.text(text)),
        Kind::Text { .. } if marks.is_instant(value.start) => shape.see_instant(),
        Kind::Text { .. } => shape.see_text(),
        Kind::Null | Kind::Array | Kind::Object => {}
    }
}
