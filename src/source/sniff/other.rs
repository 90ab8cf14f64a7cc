//! Texts and bytes that have no records.

use super::super::foreign;
use super::super::packing::foreign_content;

/// Bytes that are searched for what no text has.
const FIRST: usize = 4096;
/// Maximum number of NUL bytes that a short text has.
const MOST_FLAWS: usize = 3;

/// Returns the name of what is no text. `sample`: the first bytes, unpacked.
pub(super) fn of_bytes(sample: &[u8]) -> Option<&'static str> {
    if let Some(found) = foreign_content(sample) {
        return Some(found);
    }
    let first = &sample[..sample.len().min(FIRST)];
    // UTF-16 has them too: every other byte.
    let zeros = |odd: usize| first.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let is_utf16 = first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF]);
    let is_text = zeros(0) + zeros(1) == 0 || is_utf16 || zeros(0) * 10 > first.len() * 4 || zeros(1) * 10 > first.len() * 4;
    // A few of them are flaws of single values.
    (!is_text && zeros(0) + zeros(1) > MOST_FLAWS && (zeros(0) + zeros(1)) * 20 > first.len())
        .then_some("binary data of an unknown format")
}

/// Returns the name of a text that has no records.
pub(super) fn of_text(text: &str) -> Option<&'static str> {
    let is_blank = text.trim_start_matches('\u{FEFF}').trim().is_empty();
    if is_blank { Some("a file of blank lines") } else { foreign::of_text(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_records_has_a_name() {
        let mut binary = b"\x01\0\0\0\x07\0\0\0\xFF\0\0".repeat(10);
        binary.extend(b"abcdefgh".repeat(20));
        for (bytes, name) in [
            (&[0x1F, 0x8B, 8, 0][..], Some("an archive in an archive")),
            (&[0; 100], Some("a file of NUL bytes")),
            (&binary, Some("binary data of an unknown format")),
            (b"i\0d\0,\0a\0", None),
            (b"id,name\n1,Ann\n", None),
            (b"id\n\0\n", None),
        ] {
            assert_eq!(of_bytes(bytes), name, "{bytes:?}");
        }
        for (text, name) in [(" \r\n\n", Some("a file of blank lines")), ("<html>", Some("an HTML page")), ("<id>,name", None)] {
            assert_eq!(of_text(text), name, "{text}");
        }
    }
}
