//! Names that stand twice in a record.

use super::super::parser::json::scan::{self, Kind, Value};

/// A duplicate name in one record: readers differ in which of its values they keep.
pub(super) const TWICE: &str = "a name stands twice";

/// Returns true if two of the names are equal after unescaping.
pub(super) fn any_twice(text: &[u8], names: &[Value]) -> bool {
    let mut names: Vec<String> = names.iter().map(|name| meaning(text, *name)).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Returns a name without its escapes.
pub(super) fn meaning(text: &[u8], name: Value) -> String {
    scan::meaning(name.text(text), name.kind == Kind::Text { escaped: true })
}
