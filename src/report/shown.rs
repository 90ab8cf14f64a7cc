//! Text of others, as a terminal may have it.

/// `text` with its control characters, and those that turn the direction of writing, spelled out: a source's names and a service's
/// words may be made to move the cursor, or to read as another line. Line ends stay, as messages may have several lines.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if (c.is_control() && c != '\n') || turns {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(shown("a\u{1b}[2Jb\rc\u{7}\u{9b}d"), "a\\u{1b}[2Jb\\u{d}c\\u{7}\\u{9b}d");
        assert_eq!(shown("ab\u{202e}cd"), "ab\\u{202e}cd");
        assert_eq!(shown("Zürich, 東京\nline"), "Zürich, 東京\nline");
    }
}
