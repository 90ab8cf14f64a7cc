//! Files that have no records, or none that adg reads.

use super::super::packing::Packing;

/// Place of the mark of a tar archive.
const TAR: std::ops::Range<usize> = 257..262;
/// Bytes that are searched for what no text has.
const FIRST: usize = 4096;

/// Returns the name of what is no text: an archive in an archive, or other data. `sample`: the first bytes, unpacked.
pub(super) fn of_bytes(sample: &[u8]) -> Option<&'static str> {
    if sample.get(TAR) == Some(b"ustar") {
        return Some("a tar archive");
    }
    match Packing::of("", sample) {
        Ok(Packing::None) => {}
        Ok(_) => return Some("an archive in an archive"),
        Err(_) => return Some("an archive of a file that is no text"),
    }
    let first = &sample[..sample.len().min(FIRST)];
    if first.iter().all(|byte| *byte == 0) {
        return Some("a file of NUL bytes");
    }
    // UTF-16 has them too: every other byte.
    let zeros = |odd: usize| first.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let is_utf16 = first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF]);
    let is_text = zeros(0) + zeros(1) == 0 || is_utf16 || zeros(0) * 10 > first.len() * 4 || zeros(1) * 10 > first.len() * 4;
    // A lone NUL is a flaw of one value.
    (!is_text && (zeros(0) + zeros(1)) * 20 > first.len()).then_some("binary data of an unknown format")
}

/// Returns the name of a text that has no records.
pub(super) fn of_text(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    let begins = |beginning: &str| text.get(..beginning.len()).is_some_and(|first| first.eq_ignore_ascii_case(beginning));
    match () {
        () if text.is_empty() => Some("a file of blank lines"),
        () if begins("<!doctype html") || begins("<html") => Some("an HTML page"),
        () if begins("<?xml") => Some("an XML document"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_records_has_a_name() {
        let mut tar = vec![b'a'; 512];
        tar[TAR].copy_from_slice(b"ustar");
        let mut binary = b"\x01\0\0\0\x07\0\0\0\xFF\0\0".repeat(10);
        binary.extend(b"abcdefgh".repeat(20));
        for (bytes, name) in [
            (tar.as_slice(), Some("a tar archive")),
            (&[0x1F, 0x8B, 8, 0][..], Some("an archive in an archive")),
            (b"7z\xBC\xAF\x27\x1C", Some("an archive of a file that is no text")),
            (&[0; 100], Some("a file of NUL bytes")),
            (&binary, Some("binary data of an unknown format")),
            (b"i\0d\0,\0a\0", None),
            (b"id,name\n1,Ann\n", None),
        ] {
            assert_eq!(of_bytes(bytes), name, "{bytes:?}");
        }
        for (text, name) in [
            (" \r\n\n", Some("a file of blank lines")),
            ("<!DOCTYPE html><html>", Some("an HTML page")),
            ("\u{FEFF}<?xml version=\"1.0\"?><a/>", Some("an XML document")),
            ("<id>,name", None),
        ] {
            assert_eq!(of_text(text), name, "{text}");
        }
    }
}
