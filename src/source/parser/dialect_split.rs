//! Search for the end of one record and of its fields, in any dialect.

use memchr::{memchr, memchr2, memchr3};

use super::batch::Span;
use super::dialect::{Dialect, Escape, Sequences};
use super::fixed_width::FixedWidth;
use super::line_ends::LineEnds;
use super::split::{AFTER_QUOTE, Found};

/// Reason for a record with an escape of a byte that is no character.
const NOT_ASCII: &str = "an escape of a byte that is not ASCII";

/// End of a field.
enum End {
    /// A delimiter; the next field begins here.
    Delimiter(usize),
    /// The record's end; the next record begins here.
    Record(usize),
    /// Neither: the text ends, or a text follows a closing quote.
    Other(Found),
}

/// A file's dialect and line ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Splitter<'d> {
    pub(super) dialect: &'d Dialect,
    pub(super) lines: &'d LineEnds,
    /// True if nothing follows the text.
    pub(super) ended: bool,
}

impl Splitter<'_> {
    /// Splits the record that begins at `start`.
    pub(super) fn split(&self, text: &[u8], start: usize, spans: &mut Vec<Span>) -> Found {
        if let Some(layout) = &self.dialect.fixed_width {
            return self.split_line(text, start, layout, spans);
        }
        let mut at = start;
        loop {
            let field = if self.dialect.trim { self.after_blanks(text, at) } else { at };
            let is_quoted = self.dialect.quote.is_some_and(|quote| text.get(field) == Some(&quote));
            let end = if is_quoted { self.quoted(text, field, spans) } else { self.plain(text, field, spans) };
            match end {
                End::Delimiter(next) => at = next,
                End::Record(next) => return Found::Record { next },
                End::Other(found) => return found,
            }
        }
    }

    /// Splits the line that begins at `start` into fields at fixed positions.
    fn split_line(&self, text: &[u8], start: usize, layout: &FixedWidth, spans: &mut Vec<Span>) -> Found {
        let Some(next) = self.lines.line_end(text, start).or_else(|| self.ended.then_some(text.len())) else {
            return Found::Incomplete { quoted: None };
        };
        let end = start + self.lines.strip(&text[start..next]).len();
        let widths = self.dialect.widths;
        layout.split(text, (start, end, next), (widths.fill_short, widths.long), spans)
    }

    /// Splits off the field whose opening quote is at `field`.
    fn quoted(&self, text: &[u8], field: usize, spans: &mut Vec<Span>) -> End {
        let Some((close, escaped)) = self.closing_quote(text, field + 1) else {
            return End::Other(Found::Incomplete { quoted: Some(field) });
        };
        if escaped && self.has_bytes_beyond_ascii(&text[field + 1..close]) {
            return self.flawed(text, field, close, NOT_ASCII);
        }
        spans.push(Span::quoted(field + 1, close, escaped));
        let after = if self.dialect.trim { self.after_blanks(text, close + 1) } else { close + 1 };
        match self.end_at(text, after) {
            Some(End::Other(Found::Incomplete { .. })) => End::Other(Found::Incomplete { quoted: None }),
            Some(end) => end,
            None => self.flawed(text, field, after, AFTER_QUOTE),
        }
    }

    /// Splits off the field without quotes that begins at `field`.
    fn plain(&self, text: &[u8], field: usize, spans: &mut Vec<Span>) -> End {
        let escape = self.dialect.escape.as_ref().filter(|escape| escape.outside_quotes).map(|escape| escape.byte);
        let (delimiter, newline) = (self.dialect.delimiter[0], self.lines.first());
        let mut at = field;
        let mut escaped = false;
        let (end, found) = loop {
            let rest = text.get(at..).unwrap_or_default();
            let found = match escape {
                None => memchr2(delimiter, newline, rest),
                Some(escape) => memchr3(delimiter, newline, escape, rest),
            };
            let Some(length) = found else {
                if !self.ended {
                    return End::Other(Found::Incomplete { quoted: None });
                }
                break (text.len(), End::Record(text.len()));
            };
            at += length;
            if escape == Some(text[at]) {
                if at + 1 == text.len() && !self.ended {
                    return End::Other(Found::Incomplete { quoted: None });
                }
                escaped = true;
                at = (at + 2).min(text.len());
                continue;
            }
            match self.end_at(text, at) {
                Some(End::Other(found)) => return End::Other(found),
                Some(end) => break (at, end),
                None => at += 1,
            }
        };
        let end = if matches!(found, End::Record(_)) && *self.lines == LineEnds::Lf { without_cr(text, field, end) } else { end };
        let end = if self.dialect.trim { before_blanks(text, field, end) } else { end };
        if escaped && self.has_bytes_beyond_ascii(&text[field..end]) {
            return self.flawed(text, field, end, NOT_ASCII);
        }
        let means_null = |escape: &Escape| escape.nulls.iter().any(|null| *null == text[field..end]);
        match &self.dialect.escape {
            Some(escape) if escaped && means_null(escape) => spans.push(Span::null(field)),
            Some(_) if escaped => spans.push(Span::escaped(field, end)),
            _ => spans.push(Span::plain(field, end)),
        }
        found
    }

    /// Returns the end of a field that is at `at`; `None` if there is none.
    #[inline]
    fn end_at(&self, text: &[u8], at: usize) -> Option<End> {
        let rest = text.get(at..).unwrap_or_default();
        let delimiter = self.dialect.delimiter.as_slice();
        if rest.starts_with(delimiter) {
            return Some(End::Delimiter(at + delimiter.len()));
        }
        if let Some(length) = self.lines.starts(rest) {
            return Some(End::Record(at + length));
        }
        match rest {
            [] if self.ended => Some(End::Record(at)),
            b"\r" if self.ended && *self.lines == LineEnds::Lf => Some(End::Record(at + 1)),
            _ if !self.ended && (delimiter.starts_with(rest) || self.lines.may_start(rest)) => {
                Some(End::Other(Found::Incomplete { quoted: None }))
            }
            _ => None,
        }
    }

    /// Returns the place of the quote that closes a field, and true if quotes or escapes precede it. `None` if it is not there.
    fn closing_quote(&self, text: &[u8], mut from: usize) -> Option<(usize, bool)> {
        let quote = self.dialect.quote?;
        let escape = self.dialect.escape.as_ref().map(|escape| escape.byte);
        let mut escaped = false;
        loop {
            let rest = text.get(from..)?;
            let at = from
                + match escape {
                    Some(escape) => memchr2(quote, escape, rest)?,
                    None => memchr(quote, rest)?,
                };
            let is_escape = escape == Some(text[at]) && escape != Some(quote);
            match text.get(at + 1) {
                None if !self.ended => return None,
                None if is_escape => return None,
                Some(_) if is_escape => {
                    escaped = true;
                    from = at + 2;
                }
                Some(&next) if next == quote && self.dialect.doubled_quotes => {
                    escaped = true;
                    from = at + 2;
                }
                _ => return Some((at, escaped)),
            }
        }
    }

    /// Returns true if an escape stands for a byte beyond ASCII, which can be half a character.
    fn has_bytes_beyond_ascii(&self, field: &[u8]) -> bool {
        match &self.dialect.escape {
            Some(escape) if escape.sequences == Sequences::Postgres => {
                super::unescape::stands_for_beyond_ascii(field, escape.byte)
            }
            _ => false,
        }
    }

    /// Returns a flaw of the field that begins at `field`. The record ends with the line at `at`.
    fn flawed(&self, text: &[u8], field: usize, at: usize, reason: &'static str) -> End {
        End::Other(match self.lines.line_end(text, at) {
            Some(next) => Found::Flawed { next, reason, field },
            None if self.ended => Found::Flawed { next: text.len(), reason, field },
            None => Found::Incomplete { quoted: None },
        })
    }

    /// Returns the place after spaces and tabs, which are no delimiter.
    fn after_blanks(&self, text: &[u8], start: usize) -> usize {
        let rest = text.get(start..).unwrap_or_default();
        start + rest.iter().take_while(|byte| is_blank(**byte) && self.dialect.delimiter[0] != **byte).count()
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn before_blanks(text: &[u8], start: usize, end: usize) -> usize {
    end - text[start..end].iter().rev().take_while(|byte| is_blank(**byte)).count()
}

fn without_cr(text: &[u8], start: usize, end: usize) -> usize {
    if end > start && text[end - 1] == b'\r' { end - 1 } else { end }
}
