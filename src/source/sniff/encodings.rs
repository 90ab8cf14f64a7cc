//! The encoding of a text, from its bytes.

use encoding_rs::WINDOWS_1252;

/// Returns the name of the encoding of a text, and a doubt about it. `is_whole`: the text does not end in the middle.
pub(super) fn encoding(bytes: &[u8], is_whole: bool) -> (&'static str, Option<String>) {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return ("utf-16", None);
    }
    let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    if bytes.len() >= 8 && zeros(1) * 10 > bytes.len() * 4 {
        return ("utf-16le", None);
    }
    if bytes.len() >= 8 && zeros(0) * 10 > bytes.len() * 4 {
        return ("utf-16be", None);
    }
    // Escape sequences of ISO 2022 for Japanese letters: all its bytes are ASCII.
    if bytes.is_ascii() && bytes.windows(3).any(|window| matches!(window, b"\x1B$B" | b"\x1B$@" | b"\x1B(J" | b"\x1B(I")) {
        return ("iso-2022-jp", None);
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => ("utf-8", None),
        Err(error) if error.error_len().is_none() && !is_whole => ("utf-8", None),
        Err(error) => {
            let around = error.valid_up_to();
            let sample = bytes.get(around.saturating_sub(10)..(around + 10).min(bytes.len())).unwrap_or_default();
            let (text, ..) = WINDOWS_1252.decode(sample);
            let doubt = format!("the text is not UTF-8; as windows-1252 it reads `{}`: is that right?", text.escape_debug());
            ("windows-1252", Some(doubt))
        }
    }
}

/// Returns a text as UTF-8. Bytes that are none become replacement characters.
pub(super) fn decoded(bytes: &[u8], name: &str) -> String {
    let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    encoding.decode(bytes).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_by_their_bytes() {
        for (bytes, name) in [
            (&b"id,name\n"[..], "utf-8"),
            ("größe".as_bytes(), "utf-8"),
            (b"gr\xF6\xDFe,x", "windows-1252"),
            (b"id,\x1B$BL>A0\x1B(B\n", "iso-2022-jp"),
            (b"\xFF\xFEi\0d\0", "utf-16"),
            (b"i\0d\0,\0a\0", "utf-16le"),
            (b"\0i\0d\0,\0a", "utf-16be"),
        ] {
            assert_eq!(encoding(bytes, true).0, name, "{bytes:?}");
        }
        let cut = &"größe".as_bytes()[..3];
        assert_eq!((encoding(cut, false).0, encoding(cut, true).0), ("utf-8", "windows-1252"));
    }
}
