//! Search for the end of one record and of its fields.

use memchr::{memchr, memchr2};

use super::batch::Span;

const QUOTE: u8 = b'"';
pub(super) const AFTER_QUOTE: &str = "text follows a closing quote";

/// Record or line found at one place of the text.
pub(super) enum Found {
    /// A record up to `next`; its spans were pushed.
    Record { next: usize },
    /// A record up to `next` that can't be split, because of the quoted field that begins at `field`.
    Flawed { next: usize, reason: &'static str, field: usize },
    /// The text ends before the record does; `quoted` is the start of the quoted field in which it ends.
    Incomplete { quoted: Option<usize> },
}

/// Splits the record that begins at `start`. `ended` says that nothing follows `text`.
#[inline]
pub(super) fn split(text: &[u8], start: usize, ended: bool, delimiter: u8, newline: u8, spans: &mut Vec<Span>) -> Found {
    let mut at = start;
    loop {
        if text.get(at) == Some(&QUOTE) {
            let Some((close, escaped)) = closing_quote(text, at + 1, ended) else {
                return Found::Incomplete { quoted: Some(at) };
            };
            spans.push(Span::quoted(at + 1, close, escaped));
            let field = at;
            at = close + 1;
            match (text.get(at), text.get(at + 1)) {
                (None, _) => return Found::Record { next: at },
                (Some(&next), _) if next == delimiter => at += 1,
                (Some(&next), _) if next == newline => return Found::Record { next: at + 1 },
                (Some(b'\r'), Some(b'\n')) => return Found::Record { next: at + 2 },
                (Some(b'\r'), None) if ended => return Found::Record { next: at + 1 },
                (Some(b'\r'), None) => return Found::Incomplete { quoted: None },
                _ => return flawed_to_line_end(text, at, ended, newline, field),
            }
        } else {
            match memchr2(delimiter, newline, &text[at..]) {
                Some(length) if text[at + length] == delimiter => {
                    spans.push(Span::plain(at, at + length));
                    at += length + 1;
                }
                Some(length) => {
                    spans.push(Span::plain(at, without_cr(text, at, at + length)));
                    return Found::Record { next: at + length + 1 };
                }
                None if ended => {
                    spans.push(Span::plain(at, without_cr(text, at, text.len())));
                    return Found::Record { next: text.len() };
                }
                None => return Found::Incomplete { quoted: None },
            }
        }
    }
}

/// Returns the place of the quote that closes a field, and true if doubled quotes precede it.
#[inline]
fn closing_quote(text: &[u8], mut from: usize, ended: bool) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        let at = from + memchr(QUOTE, &text[from..])?;
        match text.get(at + 1) {
            Some(&QUOTE) => {
                escaped = true;
                from = at + 2;
            }
            // Whether the quote is doubled is in the next block.
            None if !ended => return None,
            _ => return Some((at, escaped)),
        }
    }
}

fn flawed_to_line_end(text: &[u8], at: usize, ended: bool, newline: u8, field: usize) -> Found {
    match memchr(newline, &text[at..]) {
        Some(length) => Found::Flawed { next: at + length + 1, reason: AFTER_QUOTE, field },
        None if ended => Found::Flawed { next: text.len(), reason: AFTER_QUOTE, field },
        None => Found::Incomplete { quoted: None },
    }
}

#[inline]
fn without_cr(text: &[u8], start: usize, end: usize) -> usize {
    if end > start && text[end - 1] == b'\r' { end - 1 } else { end }
}

/// Returns the length of the empty line that `text` begins with.
pub(super) fn empty_line(text: &[u8], newline: u8) -> Option<usize> {
    match text {
        [b'\r', b'\n', ..] => Some(2),
        [first, ..] if *first == newline => Some(1),
        _ => None,
    }
}
