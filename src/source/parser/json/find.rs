//! Values at a path of a document.

use super::path::PathStep;
use super::scan::{self, Flaw, Kind, Value};

/// Values at a path.
#[derive(Default)]
pub(super) struct Found {
    pub(super) values: Vec<Value>,
    /// True if the path leads nowhere at some place.
    pub(super) missing: bool,
}

/// Finds the records: the objects at the path, and the items of the arrays there. Null is no record.
pub(super) fn records_at(text: &[u8], at: usize, path: &[PathStep]) -> Result<Found, Flaw> {
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
pub(super) fn find(text: &[u8], at: usize, path: &[PathStep], found: &mut Found) -> Result<usize, Flaw> {
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

pub(super) fn is_named(text: &[u8], name: Value, wanted: &str) -> bool {
    match name.kind {
        Kind::Text { escaped: true } => name.meaning(text) == wanted,
        _ => name.text(text) == wanted.as_bytes(),
    }
}
