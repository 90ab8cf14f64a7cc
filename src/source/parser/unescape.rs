//! Texts of fields without their quotes' and escapes' notation.

use memchr::memchr;

use super::dialect::{Dialect, Escape, Sequences};

/// Turns each doubled quote into one, piece by piece, in place. Returns the new length.
pub(super) fn undouble(text: &mut [u8], quote: u8) -> usize {
    let quote_from = |text: &[u8], from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        memchr(quote, rest).map_or(text.len(), |at| from + at)
    };
    let mut from = quote_from(text, 0);
    let mut to = from;
    while from < text.len() {
        // The second of two quotes stays, with what follows it.
        let next = quote_from(text, from + 2);
        let piece = (from + 1).min(next)..next;
        let length = piece.len();
        text.copy_within(piece, to);
        (from, to) = (next, to + length);
    }
    to
}

/// Turns a field's notation into its text, in place, since it only gets shorter. Returns the new length. `quoted`: the field was
/// quoted.
pub(super) fn unescape(text: &mut [u8], quoted: bool, dialect: &Dialect) -> usize {
    let Some(escape) = &dialect.escape else { return undouble(text, dialect.quote.unwrap_or(b'"')) };
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        let next = text.get(from + 1).copied();
        let is_doubled = quoted && dialect.doubled_quotes && dialect.quote == Some(text[from]) && next == dialect.quote;
        if text[from] == escape.byte && next.is_some() {
            let (bytes, taken) = meaning(&text[from + 1..], escape, dialect);
            for byte in bytes.into_iter().flatten() {
                text[to] = byte;
                to += 1;
            }
            from += 1 + taken;
        } else {
            text[to] = text[from];
            to += 1;
            from += if is_doubled { 2 } else { 1 };
        }
    }
    to
}

/// Returns the bytes that an escape stands for, at most two, and the number of bytes after the escape character that it takes.
/// `after` is not empty.
fn meaning(after: &[u8], escape: &Escape, dialect: &Dialect) -> ([Option<u8>; 2], usize) {
    let next = after[0];
    let one = |byte: u8| ([Some(byte), None], 1);
    match (escape.sequences, next) {
        (Sequences::Literal, _) => {
            let stands_for_itself = next == escape.byte
                || dialect.quote == Some(next)
                || escape.quote == Some(next)
                || dialect.delimiter.first() == Some(&next) && escape.outside_quotes
                || matches!(next, b'\n' | b'\r') && escape.outside_quotes;
            if stands_for_itself { one(next) } else { ([Some(escape.byte), Some(next)], 1) }
        }
        (Sequences::Mysql, b'0') => one(0),
        (Sequences::Mysql, b'Z') => one(0x1A),
        (Sequences::Postgres, b'f') => one(0x0C),
        (Sequences::Postgres, b'v') => one(0x0B),
        (_, b'b') => one(0x08),
        (_, b'n') => one(b'\n'),
        (_, b'r') => one(b'\r'),
        (_, b't') => one(b'\t'),
        (Sequences::Postgres, b'0'..=b'7' | b'x') => match number(after) {
            Some((value, taken)) => ([u8::try_from(value).ok(), None], taken),
            None => one(next),
        },
        _ => one(next),
    }
}

/// Returns the number that `nnn` (octal) or `xnn` stands for, and its length; `None` for an `x` without digits.
fn number(after: &[u8]) -> Option<(u32, usize)> {
    let (skipped, radix, longest) = if after.first() == Some(&b'x') { (1, 16, 2) } else { (0, 8, 3) };
    let digits = after.iter().skip(skipped).take(longest).map_while(|byte| char::from(*byte).to_digit(radix));
    let (value, count) = digits.fold((0, 0), |(value, count), digit| (value * radix + digit, count + 1));
    (count > 0).then_some((value & 0xFF, skipped + count))
}

/// Returns true if a field as PostgreSQL's `COPY` writes it has an escape of a byte beyond ASCII.
pub(super) fn stands_for_beyond_ascii(field: &[u8], escape: u8) -> bool {
    let mut from = 0;
    while let Some(length) = memchr(escape, field.get(from..).unwrap_or_default()) {
        let after = &field[from + length + 1..];
        if matches!(after.first(), Some(b'0'..=b'7' | b'x')) && number(after).is_some_and(|(value, _)| value > 0x7F) {
            return true;
        }
        from += length + 2;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, sequences: Sequences, outside_quotes: bool) -> String {
        let escape = Escape { byte: b'\\', outside_quotes, sequences, quote: None, nulls: Vec::new() };
        let dialect = Dialect { escape: Some(escape), ..Dialect::default() };
        let mut text = text.as_bytes().to_vec();
        let length = unescape(&mut text, !outside_quotes, &dialect);
        String::from_utf8(text[..length].to_vec()).unwrap()
    }

    #[test]
    fn doubled_quotes_are_one() {
        for (text, expected) in [("", ""), ("a", "a"), (r#"a""b"#, r#"a"b"#), (r#""""""#, r#""""#), (r#"""x"""#, r#""x""#)] {
            let mut bytes = text.as_bytes().to_vec();
            let length = undouble(&mut bytes, b'"');
            assert_eq!(std::str::from_utf8(&bytes[..length]).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn literal_escapes_are_text_unless_they_escape_something() {
        for (text, quoted, plain) in [
            (r#"24\" wide"#, r#"24" wide"#, r#"24" wide"#),
            (r"C:\dir\\x\", r"C:\dir\x\", r"C:\dir\x\"),
            (r"a\,b", r"a\,b", "a,b"),
            ("a\\\nb", "a\\\nb", "a\nb"),
            (r#"both "" and \""#, r#"both " and ""#, r#"both "" and ""#),
            ("\\é", "\\é", "\\é"),
        ] {
            assert_eq!(read(text, Sequences::Literal, false), quoted, "{text}");
            assert_eq!(read(text, Sequences::Literal, true), plain, "{text}");
        }
    }

    #[test]
    fn databases_write_control_characters() {
        for (text, expected) in [(r"a\tb\nc\\d\0\Z\N\e", "a\tb\nc\\d\0\x1ANe"), (r"\r\b\,\'", "\r\x08,'"), ("\\é\\\n", "é\n")] {
            assert_eq!(read(text, Sequences::Mysql, true), expected, "{text}");
        }
        for (text, expected) in [(r"a\tb\nc\\d\v\f\N", "a\tb\nc\\d\x0B\x0CN"), (r"\101\x42\x4Az\7\xyz", "ABJz\x07xyz")] {
            assert_eq!(read(text, Sequences::Postgres, true), expected, "{text}");
        }
        assert!(stands_for_beyond_ascii(br"a\303\251", b'\\') && stands_for_beyond_ascii(br"\xe9", b'\\'));
        assert!(!stands_for_beyond_ascii(br"\\303\101\xz", b'\\'));
    }
}
