//! Texts as values: the white space around them, and their length.

/// Returns `text` without the ASCII white space around it.
#[inline]
pub fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// Returns true if `text` has at most `limit` characters. Text of more than `limit` bytes that is not UTF-8 does not fit.
#[inline]
pub fn within_characters(text: &[u8], limit: u32) -> bool {
    // A character is at least one byte, so that the count is needed only for longer text.
    let limit = limit as usize;
    text.len() <= limit || std::str::from_utf8(text).is_ok_and(|text| text.chars().nth(limit).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_characters() {
        assert!(within_characters("ééé".as_bytes(), 3) && !within_characters("éééé".as_bytes(), 3));
        assert!(within_characters(b"abc", 3) && !within_characters(b"abcd", 3));
        assert!(!within_characters(b"\xFF\xFF", 1));
        assert_eq!(trim(b" \ta b\r\n"), b"a b");
    }
}
