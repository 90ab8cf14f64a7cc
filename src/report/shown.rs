//! Escaping and shortening of external text for terminals, logs and the ledger.

/// Maximum number of characters of a message. A source may have written most of it, and an item of DynamoDB holds 400 KB.
const LONGEST: usize = 10_000;

/// Returns true if a character controls a terminal or changes the direction of writing. Line ends count too.
pub fn is_harmful(c: char) -> bool {
    let turns = matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

/// Escapes control characters and those that change the direction of writing: names from a source and texts from a service may
/// be crafted to move the cursor or to look like another line. Line ends stay, as messages may have several lines.
pub fn shown(text: &str) -> String {
    spelled_out(text, |c| c != '\n' && is_harmful(c))
}

/// Escapes the same characters and line ends, so that the text is one line.
pub fn shown_in_a_line(text: &str) -> String {
    spelled_out(text, is_harmful)
}

fn spelled_out(text: &str, harmful: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if harmful(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Cuts the middle out of a message that is too long.
pub fn shortened(text: String) -> String {
    let count = text.chars().count();
    if count <= LONGEST {
        return text;
    }
    let part = |skipped: usize| text.chars().skip(skipped).take(LONGEST / 2).collect::<String>();
    format!("{} … {} more characters … {}", part(0), count - LONGEST, part(count - LONGEST / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(shown("a\u{1b}[2Jb\rc\u{7}\u{9b}d"), "a\\u{1b}[2Jb\\u{d}c\\u{7}\\u{9b}d");
        assert_eq!(shown("ab\u{202e}cd"), "ab\\u{202e}cd");
        assert_eq!(shown("Zürich, 東京\nline"), "Zürich, 東京\nline");
        assert_eq!(shown_in_a_line("東京\nline"), "東京\\u{a}line");
    }

    #[test]
    fn a_message_is_no_longer_than_can_be_read() {
        let long = format!("é{}ü", "x".repeat(10_000));
        let short = shortened(long);
        assert!(short.starts_with("éxx") && short.ends_with("xxü") && short.contains(" … 2 more characters … "), "{short}");
        let whole = "é".repeat(10_000);
        assert_eq!(shortened(whole.clone()), whole);
    }
}
