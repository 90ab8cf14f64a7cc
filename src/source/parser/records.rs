//! Splitting text into records by RFC 4180.

use std::io::{self, Read};
use std::ops::Range;

use arrow_buffer::Buffer;
use memchr::{memchr, memchr_iter, memchr3};

use super::ReadSizes;
use super::batch::{BadRecord, NOT_TEXT, Place, RawBatch, Span};
use super::input::Input;
use super::split::{Found, empty_line, split};

const QUOTE: u8 = b'"';

/// Field separation of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Field delimiter; one ASCII character.
    pub delimiter: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',' }
    }
}

/// Error that stopped reading.
#[derive(Debug)]
pub(crate) enum RecordError {
    /// The stream failed.
    Io(io::Error),
    /// A record has no end within the limit.
    TooLong {
        /// First line of the record.
        line: u64,
    },
}

impl From<io::Error> for RecordError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Splits a stream of UTF-8 text into batches of records.
///
/// Lines end with LF or CRLF; a file whose first line ends with a lone CR is taken to end all its lines so. Quoted fields
/// may hold anything. An empty line is no record, as in Spark. A record with bad quoting costs the line on which it begins: the
/// text that a stray quote would swallow is read as separate records.
#[derive(Debug)]
pub(crate) struct RecordReader<R> {
    input: Input<R>,
    dialect: Dialect,
    newline: u8,
    line: u64,
}

impl<R: Read> RecordReader<R> {
    /// Creates a reader with these block sizes.
    pub(crate) fn new(source: R, dialect: Dialect, sizes: ReadSizes) -> Self {
        Self { input: Input::new(source, sizes), dialect, newline: b'\n', line: 1 }
    }

    /// Returns the bytes of text read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.input.bytes
    }

    /// Returns the fields of the first record that is not an empty line; `None` if there is none. The inner error is the problem
    /// with that record. Call it before [`next_batch`](Self::next_batch).
    pub(crate) fn header(&mut self) -> Result<Option<Result<Vec<String>, String>>, RecordError> {
        let mut text = std::mem::take(&mut self.input.rest);
        loop {
            self.input.fill(&mut text)?;
            self.detect_newline(&text);
            let mut at = 0;
            while let Some(length) = empty_line(&text[at..], self.newline) {
                at += length;
            }
            let mut spans = Vec::new();
            match split(&text, at, self.input.ended, self.dialect.delimiter, self.newline, &mut spans) {
                _ if at == text.len() && self.input.ended => return Ok(None),
                Found::Record { next } => {
                    self.line += count_lines(&text[..next], self.newline);
                    self.input.rest = text.split_off(next);
                    return Ok(Some(header_names(&mut text, spans, self.dialect.delimiter)));
                }
                Found::Flawed { reason, .. } => return Ok(Some(Err(reason.to_owned()))),
                Found::Incomplete { quoted: Some(_) } if self.input.ended => return Ok(Some(Err(UNCLOSED.to_owned()))),
                Found::Incomplete { .. } if text.len() >= self.input.sizes.record_bytes => {
                    return Err(RecordError::TooLong { line: self.line });
                }
                Found::Incomplete { .. } => {}
            }
        }
    }

    /// Returns the next records, each of `width` fields; other records are set aside. `None` at the end.
    pub(crate) fn next_batch(&mut self, width: usize) -> Result<Option<RawBatch>, RecordError> {
        let mut text = std::mem::take(&mut self.input.rest);
        let mut wants_more = text.len() < self.input.sizes.block_bytes;
        loop {
            if wants_more {
                self.input.fill(&mut text)?;
            }
            if text.is_empty() {
                return Ok(None);
            }
            let split = self.split_block(&text, width);
            if split.consumed == 0 {
                if text.len() >= self.input.sizes.record_bytes {
                    return Err(RecordError::TooLong { line: self.line });
                }
                wants_more = true;
                continue;
            }
            self.input.rest = text[split.consumed..].to_vec();
            text.truncate(split.consumed);
            let batch = self.finish(text, split, width);
            if batch.rows() == 0 && batch.bad.is_empty() {
                // Nothing but empty lines.
                text = std::mem::take(&mut self.input.rest);
                wants_more = text.len() < self.input.sizes.block_bytes;
                continue;
            }
            return Ok(Some(batch));
        }
    }

    /// Detects the line end of the file from the first one outside quotes.
    fn detect_newline(&mut self, text: &[u8]) {
        let (mut at, mut quoted) = (0, false);
        while let Some(length) = memchr3(QUOTE, b'\r', b'\n', &text[at..]) {
            at += length + 1;
            match text[at - 1] {
                QUOTE => quoted = !quoted,
                b'\r' if !quoted && text.get(at).is_some_and(|next| *next != b'\n') => {
                    self.newline = b'\r';
                    return;
                }
                _ if !quoted => return,
                _ => {}
            }
        }
    }

    fn line_end(&self, text: &[u8], start: usize) -> usize {
        memchr(self.newline, &text[start..]).map_or(text.len(), |at| start + at + 1)
    }

    fn split_block(&self, text: &[u8], width: usize) -> Split {
        let mut split_so_far = Split { spans: Vec::with_capacity(text.len() / 12), ..Split::default() };
        let Split { spans, flawed, consumed } = &mut split_so_far;
        let plain = self.plain_until(text);
        // More than a block waits where a record was long: it is handed out in blocks all the same.
        while *consumed < text.len() && *consumed + flawed.len() * BadRecord::HELD < self.input.sizes.block_bytes {
            let start = *consumed;
            if let Some(length) = empty_line(&text[start..], self.newline) {
                *consumed += length;
                continue;
            }
            let before = spans.len();
            let (next, reason) = match split(text, start, self.input.ended, self.dialect.delimiter, self.newline, spans) {
                Found::Record { next } if spans.len() - before != width => (next, Some(wrong_width(spans.len() - before, width))),
                Found::Record { next } if next <= plain => (next, None),
                Found::Record { next } => (next, self.flaw(text, start..next, &spans[before..])),
                Found::Flawed { next, reason, field } => match self.line_end(text, field) {
                    // A quote that "closes" lines later was never meant to be closed there.
                    end if end < next => (end, Some(UNCLOSED.to_owned())),
                    _ => (next, Some(reason.to_owned())),
                },
                Found::Incomplete { quoted: Some(field) } if self.input.ended => {
                    (self.line_end(text, field), Some(UNCLOSED.to_owned()))
                }
                Found::Incomplete { quoted } if text.len() - start >= self.input.sizes.record_bytes => {
                    match self.line_end(text, quoted.unwrap_or(start)) {
                        // Not even a line ends within the limit.
                        end if end == text.len() => break,
                        end => (end, Some(UNCLOSED.to_owned())),
                    }
                }
                Found::Incomplete { .. } => {
                    spans.truncate(before);
                    break;
                }
            };
            if let Some(reason) = reason {
                spans.truncate(before);
                flawed.push((start, next, reason));
            }
            *consumed = next;
        }
        split_so_far
    }

    /// Returns the end of the text whose records need no closer look: it is valid UTF-8 with line ends of the file's kind only.
    fn plain_until(&self, text: &[u8]) -> usize {
        // Of what is handed out with this block: what waits behind it would be looked at with every one.
        let text = &text[..text.len().min(self.input.sizes.block_bytes)];
        if has_other_line_ends(text, self.newline) {
            return 0;
        }
        match simdutf8::compat::from_utf8(text) {
            Ok(_) => text.len(),
            Err(error) => error.valid_up_to(),
        }
    }

    /// Returns the flaw of a record with the right number of fields, if it has one.
    #[cold]
    fn flaw(&self, text: &[u8], record: Range<usize>, spans: &[Span]) -> Option<String> {
        let reason = if std::str::from_utf8(&text[record]).is_err() {
            NOT_TEXT
        } else if spans.iter().any(|span| span.is_plain_with(other_line_end(self.newline), text)) {
            OTHER_LINE_END
        } else {
            return None;
        };
        Some(reason.to_owned())
    }

    /// Sets records aside and unescapes the others.
    fn finish(&mut self, mut text: Vec<u8>, split: Split, width: usize) -> RawBatch {
        let Split { mut spans, flawed, .. } = split;
        let mut bad = Vec::with_capacity(flawed.len());
        let (mut line, mut counted) = (self.line, 0);
        for (start, end, reason) in flawed {
            line += count_lines(&text[counted..start], self.newline);
            counted = start;
            let record = without_newline(&text[start..end]);
            let lines = count_lines(record, self.newline) + 1;
            bad.push(BadRecord::new(Place::Line { line, lines }, lines, reason, record));
        }
        self.line = line + count_lines(&text[counted..], self.newline);
        for span in &mut spans {
            span.unescape(&mut text, unescape);
        }
        let rows = spans.len().checked_div(width).unwrap_or(0);
        RawBatch { text: Buffer::from_vec(text), spans, width, rows, bad }
    }
}

/// Turns `""` into `"`, piece by piece. Returns the new length.
fn unescape(text: &mut [u8]) -> usize {
    let quote_from = |text: &[u8], from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        memchr(QUOTE, rest).map_or(text.len(), |at| from + at)
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

#[derive(Default)]
struct Split {
    spans: Vec<Span>,
    /// Start, end and reason of each bad record.
    flawed: Vec<(usize, usize, String)>,
    consumed: usize,
}

const UNCLOSED: &str = "a quote is not closed";

fn wrong_width(found: usize, width: usize) -> String {
    let plural = if found == 1 { "" } else { "s" };
    format!("{found} field{plural}, where the header has {width}")
}

fn count_lines(text: &[u8], newline: u8) -> u64 {
    memchr_iter(newline, text).count() as u64
}

/// Returns true if the text has a line end of the other kind: an LF if lines end with CR, a CR without a following LF if they end
/// with LF. That is rare, and then worth a closer look.
fn has_other_line_ends(text: &[u8], newline: u8) -> bool {
    match newline {
        b'\r' => memchr(b'\n', text).is_some(),
        _ => memchr_iter(b'\r', text).any(|at| text.get(at + 1).is_some_and(|next| *next != b'\n')),
    }
}

fn without_newline(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

fn other_line_end(newline: u8) -> u8 {
    if newline == b'\r' { b'\n' } else { b'\r' }
}

fn swallowed_rows(name: &str, delimiter: u8) -> bool {
    let lines = name.lines().count();
    lines > 2 || (lines > 1 && name.contains(char::from(delimiter)))
}

fn header_names(text: &mut [u8], spans: Vec<Span>, delimiter: u8) -> Result<Vec<String>, String> {
    let mut spans = spans;
    for span in &mut spans {
        span.unescape(text, unescape);
    }
    let batch = RawBatch { text: Buffer::from_vec(text.to_vec()), width: spans.len(), spans, rows: 1, bad: Vec::new() };
    let name = |i: usize| {
        let field = batch.field(0, i);
        let name = std::str::from_utf8(field.text).map_err(|_| NOT_TEXT.to_owned())?;
        match name {
            _ if name.contains('\0') => Err(format!("name {} has NUL characters, as UTF-16 read as UTF-8 has", i + 1)),
            _ if name.contains(['\r', '\n']) && !field.quoted => Err(OTHER_LINE_END.to_owned()),
            // A name may have a line end; a name that swallowed rows has more.
            _ if swallowed_rows(name, delimiter) => Err(UNCLOSED.to_owned()),
            _ => Ok(name.to_owned()),
        }
    };
    (0..batch.width).map(name).collect()
}

const OTHER_LINE_END: &str = "a line end of another kind than the file's stands outside quotes";

#[cfg(test)]
mod tests;
