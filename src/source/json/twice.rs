//! Names that stand twice in a record.

use super::super::parser::json::scan::Value;

/// Returns true if two of the names are equal after unescaping.
pub(super) fn any_twice(text: &[u8], names: &[Value]) -> bool {
    let mut names: Vec<String> = names.iter().map(|name| name.meaning(text)).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}
