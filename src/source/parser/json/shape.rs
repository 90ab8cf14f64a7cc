//! Kinds of a JSON value and of the values in it.

use crate::schema::Shape;

use super::scan::{self, Flaw, Kind};

/// Takes the value that begins at `at` into account. A value with a flaw counts up to the flaw.
pub(in crate::source) fn see_shape(shape: &mut Shape, text: &[u8], at: usize) {
    // The reader has taken the value, or it is set aside anyway.
    let _ = see_value(shape, text, at);
}

/// Returns the end of the value.
fn see_value(shape: &mut Shape, text: &[u8], at: usize) -> Result<usize, Flaw> {
    match text.get(at) {
        Some(b'[') => {
            let items = shape.see_array();
            scan::items(text, at, &mut |at| see_value(items, text, at))
        }
        Some(b'{') => {
            let mut members = shape.see_object();
            scan::members(text, at, &mut |name, at| {
                let bytes = name.text(text);
                match name.kind {
                    Kind::Text { escaped: false } if let Ok(name) = std::str::from_utf8(bytes) => {
                        see_value(members.member(name), text, at)
                    }
                    _ => see_value(members.member(&scan::meaning(bytes, true)), text, at),
                }
            })
        }
        _ => {
            let (value, end) = scan::value(text, at)?;
            see_scalar(shape, value.kind, value.text(text));
            Ok(end)
        }
    }
}

fn see_scalar(shape: &mut Shape, kind: Kind, text: &[u8]) {
    match kind {
        Kind::Boolean => shape.see_boolean(),
        Kind::Number => shape.see_number(text),
        Kind::Text { .. } => shape.see_text(),
        Kind::Null | Kind::Array | Kind::Object => {}
    }
}
