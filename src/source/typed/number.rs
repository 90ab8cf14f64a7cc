//! A value that displays itself, as text.

use std::io::Write;

/// Appends a value.
pub(super) fn number(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write!(out, "{value}");
}
