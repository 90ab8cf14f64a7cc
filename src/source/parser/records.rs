//! Splitting text into records.

use std::io::{self, Read};

use arrow_buffer::Buffer;

use super::ReadSizes;
use super::batch::{BadRecord, Place, RawBatch, Span};
use super::dialect::Dialect;
use super::dialect_split::Splitter;
use super::header_line::{UNCLOSED, header_names};
use super::input::Input;
use super::line_ends::LineEnds;
use super::sep_line::told_delimiter;
use super::split::{Found, empty_line, split};
use super::trailer::TrailerLine;
use super::unescape::unescape;
use super::widths::LongRecords;

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
    /// The trailer is missing, is not at the end, or tells another number of records.
    Trailer(TrailerFlaw),
}

/// Problem with a file's trailer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrailerFlaw {
    /// There is none.
    Missing,
    /// A record follows it.
    Followed {
        /// Line of that record.
        line: u64,
    },
    /// It tells another number of records.
    OtherCount {
        /// Number in the trailer.
        told: u64,
        /// Number of records in the file.
        found: u64,
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
    /// The delimiter, if fields are written by RFC 4180.
    plain: Option<u8>,
    lines: LineEnds,
    /// True if the lines end with CRLF as far as is known, so that LF alone may be part of a value.
    is_crlf: bool,
    /// Line of the next record.
    line: u64,
    /// Records so far, good ones and bad ones.
    count: u64,
    /// The header as it is written, if it has several names.
    header: Vec<u8>,
    /// The trailer, once it was read.
    trailer: Option<TrailerLine>,
}

/// The first record of a file.
#[derive(Debug)]
struct FirstRecord {
    /// Text of the file so far.
    text: Vec<u8>,
    /// Its fields, or the problem with it.
    fields: Result<Vec<Span>, String>,
    /// Its first byte.
    start: usize,
    /// End of the record.
    end: usize,
}

impl<R: Read> RecordReader<R> {
    /// Creates a reader with these block sizes.
    pub(crate) fn new(source: R, dialect: Dialect, sizes: ReadSizes) -> Self {
        let lines = dialect.line_ends.clone().unwrap_or(LineEnds::Lf);
        Self {
            input: Input::new(source, sizes),
            plain: dialect.rfc4180_delimiter(),
            dialect,
            lines,
            is_crlf: false,
            line: 1,
            count: 0,
            header: Vec::new(),
            trailer: None,
        }
    }

    /// Returns the bytes of text read so far.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.input.bytes
    }

    /// Returns the fields of the first record that is not an empty line, and does not read them as a row; `None` if there is
    /// none. The inner error is the problem with that record. Call it before [`next_batch`](Self::next_batch).
    pub(crate) fn header(&mut self) -> Result<Option<Result<Vec<String>, String>>, RecordError> {
        let Some(FirstRecord { mut text, fields, start, end }) = self.first_record()? else { return Ok(None) };
        if fields.as_ref().is_ok_and(|spans| spans.len() > 1) {
            self.header = text[start..end].to_vec();
        }
        self.line += self.lines.count(&text[..end]);
        self.input.rest = text.split_off(end);
        Ok(Some(fields.and_then(|spans| header_names(text, spans, &self.dialect))))
    }

    /// Returns the names that the first record has as a header, and leaves it where it is; `None` if there is no record, or it
    /// can't be one. Call it before [`next_batch`](Self::next_batch).
    pub(crate) fn names(&mut self) -> Result<Option<Vec<String>>, RecordError> {
        let Some(FirstRecord { text, fields, end, .. }) = self.first_record()? else { return Ok(None) };
        let found = fields.and_then(|spans| header_names(text[..end].to_vec(), spans, &self.dialect));
        self.input.rest = text;
        Ok(found.ok())
    }

    /// Returns the number of fields of the first record that is not an empty line; `None` if there is none. It is a row. The
    /// inner error is the problem with that record. Call it before [`next_batch`](Self::next_batch).
    pub(crate) fn width(&mut self) -> Result<Option<Result<usize, String>>, RecordError> {
        let Some(FirstRecord { text, fields, .. }) = self.first_record()? else { return Ok(None) };
        self.input.rest = text;
        Ok(Some(fields.map(|spans| spans.len())))
    }

    /// Finds the first record, after the lines that precede it.
    fn first_record(&mut self) -> Result<Option<FirstRecord>, RecordError> {
        let mut text = std::mem::take(&mut self.input.rest);
        self.skip_lines(&mut text)?;
        let mut wants_more = text.is_empty();
        loop {
            if wants_more {
                self.input.fill(&mut text)?;
            }
            wants_more = true;
            if self.dialect.line_ends.is_none() {
                let is_all = self.input.ended || text.len() >= self.input.sizes.record_bytes;
                match LineEnds::detect(&text, self.dialect.quote) {
                    Some(found) => self.lines = found,
                    None if is_all => self.lines = LineEnds::Lf,
                    None => continue,
                }
                self.dialect.line_ends = Some(self.lines.clone());
            }
            self.take_sep_line(&mut text);
            let mut at = 0;
            while let Some(length) = self.no_record(&text[at..], 0) {
                at += length;
            }
            if at == text.len() && self.input.ended {
                return Ok(None);
            }
            let mut spans = Vec::new();
            let found = self.split(&text, at, &mut spans);
            let (fields, end) = match found {
                Found::Record { next } => (Ok(spans), next),
                Found::Flawed { reason, next, .. } => (Err(reason.to_owned()), next),
                Found::Incomplete { quoted: Some(_) } if self.input.ended => (Err(UNCLOSED.to_owned()), text.len()),
                Found::Incomplete { .. } if text.len() >= self.input.sizes.record_bytes => {
                    return Err(RecordError::TooLong { line: self.line });
                }
                Found::Incomplete { .. } => continue,
            };
            self.is_crlf = self.ends_with_crlf(&mut text, end)?;
            return Ok(Some(FirstRecord { text, fields, start: at, end }));
        }
    }

    /// Drops the lines before the header.
    fn skip_lines(&mut self, text: &mut Vec<u8>) -> Result<(), RecordError> {
        let mut left = std::mem::take(&mut self.dialect.skip_lines);
        while left > 0 {
            self.input.fill(text)?;
            if self.dialect.line_ends.is_none() {
                // Quotes of a title mean nothing.
                self.lines = LineEnds::detect(text, None).unwrap_or(LineEnds::Lf);
            }
            match self.lines.line_end(text, 0) {
                Some(end) => {
                    text.drain(..end);
                    self.line += 1;
                    left -= 1;
                }
                None if self.input.ended => {
                    text.clear();
                    left = 0;
                }
                None if text.len() >= self.input.sizes.record_bytes => return Err(RecordError::TooLong { line: self.line }),
                None => {}
            }
        }
        Ok(())
    }

    /// Takes the delimiter from a first line such as `sep=;`, as Excel does.
    fn take_sep_line(&mut self, text: &mut Vec<u8>) {
        if !self.dialect.sep_line {
            return;
        }
        // Of a line that is not there yet, nothing is known.
        let Some(end) = self.lines.line_end(text, 0) else { return };
        self.dialect.sep_line = false;
        if let Some(delimiter) = told_delimiter(self.lines.strip(&text[..end])) {
            self.dialect.delimiter = delimiter;
            self.plain = self.dialect.rfc4180_delimiter();
            text.drain(..end);
            self.line += 1;
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
                return self.check_trailer().map(|()| None);
            }
            let split = self.split_block(&text, width);
            self.take_trailer(&split, &text)?;
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
            self.count += batch.bad.len() as u64 + batch.rows() as u64;
            if batch.rows() == 0 && batch.bad.is_empty() {
                // Nothing but lines that are no records.
                text = std::mem::take(&mut self.input.rest);
                wants_more = text.len() < self.input.sizes.block_bytes;
                continue;
            }
            return Ok(Some(batch));
        }
    }

    /// Notes the trailer of a block. A record after it is a mistake, of the file or of the pattern.
    fn take_trailer(&mut self, split: &Split, text: &[u8]) -> Result<(), RecordError> {
        if self.trailer.is_some() && (!split.spans.is_empty() || !split.flawed.is_empty()) {
            return Err(RecordError::Trailer(TrailerFlaw::Followed { line: self.line }));
        }
        if let Some((told, start, is_followed)) = split.trailer {
            if is_followed {
                let line = self.line + self.lines.count(&text[..start]) + 1;
                return Err(RecordError::Trailer(TrailerFlaw::Followed { line }));
            }
            self.trailer = Some(told);
        }
        Ok(())
    }

    /// Compares the number of records with the trailer at the end of the file.
    fn check_trailer(&self) -> Result<(), RecordError> {
        let flaw = match (&self.dialect.trailer, self.trailer) {
            (Some(_), None) => TrailerFlaw::Missing,
            (Some(_), Some(TrailerLine { records: Some(told) })) if told != self.count => {
                TrailerFlaw::OtherCount { told, found: self.count }
            }
            _ => return Ok(()),
        };
        Err(RecordError::Trailer(flaw))
    }

    /// Returns the trailer that `text` begins with, and its length.
    fn trailer(&self, text: &[u8]) -> Option<(TrailerLine, usize)> {
        let trailer = self.dialect.trailer.as_ref().filter(|trailer| trailer.may_begin(text))?;
        let end = self.lines.line_end(text, 0).or_else(|| self.input.ended.then_some(text.len()))?;
        Some((trailer.read(self.lines.strip(&text[..end]))?, end))
    }

    fn line_end(&self, text: &[u8], start: usize) -> usize {
        self.lines.line_end(text, start).unwrap_or(text.len())
    }

    /// Returns the length of the line that `text` begins with, if it is no record: it is empty, or a comment.
    #[inline]
    fn no_record(&self, text: &[u8], width: usize) -> Option<usize> {
        match self.plain {
            Some(_) if self.dialect.comment.is_none() => empty_line(text, self.lines.first()),
            _ => self.no_record_of_dialect(text, width),
        }
    }

    fn no_record_of_dialect(&self, text: &[u8], width: usize) -> Option<usize> {
        let first = *text.first()?;
        let is_blank = matches!(first, b' ' | b'\t');
        let may_be = first == self.lines.first()
            || first == b'\r'
            || (self.dialect.trim || self.dialect.blank_lines) && is_blank
            || self.dialect.end_marker && first == b'\\'
            || self.dialect.comment.as_ref().is_some_and(|comment| comment.first() == Some(&first));
        if may_be { self.line_without_record(text, width) } else { None }
    }

    #[cold]
    fn line_without_record(&self, text: &[u8], width: usize) -> Option<usize> {
        let end = self.lines.line_end(text, 0).or_else(|| self.input.ended.then_some(text.len()))?;
        let line = self.lines.strip(&text[..end]);
        let is_comment = self.dialect.comment.as_ref().is_some_and(|comment| line.starts_with(comment));
        let has_blanks = self.dialect.trim || self.dialect.blank_lines;
        let is_empty = line.is_empty() || has_blanks && line.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        let is_end = self.dialect.end_marker && line == b"\\.";
        let is_record = is_empty && self.dialect.empty_lines && width == 1;
        ((is_comment || is_empty || is_end) && !is_record).then_some(end)
    }

    /// Splits the record that begins at `start`.
    #[inline]
    fn split(&self, text: &[u8], start: usize, spans: &mut Vec<Span>) -> Found {
        match self.plain {
            Some(delimiter) => split(text, start, self.input.ended, delimiter, self.lines.first(), spans),
            None => {
                let splitter = Splitter { dialect: &self.dialect, lines: &self.lines, ended: self.input.ended };
                splitter.split(text, start, spans)
            }
        }
    }

    fn split_block(&self, text: &[u8], width: usize) -> Split {
        let mut split_so_far = Split { spans: Vec::with_capacity(text.len() / 12), ..Split::default() };
        let Split { spans, flawed, consumed, trailer } = &mut split_so_far;
        let plain = self.plain_until(text);
        let keeps_extra = self.dialect.widths.long == LongRecords::KeepExtra;
        // More than a block waits where a record was long: it is handed out in blocks all the same.
        while *consumed < text.len() && *consumed + flawed.len() * BadRecord::HELD < self.input.sizes.block_bytes {
            let start = *consumed;
            if let Some(length) = self.no_record(&text[start..], width) {
                *consumed += length;
                continue;
            }
            if let Some((told, length)) = self.trailer(&text[start..]) {
                // A second one stands among the records.
                *consumed += length;
                *trailer = Some((told, start, trailer.is_some()));
                continue;
            }
            if let Some((_, _, is_followed)) = trailer {
                *is_followed = true;
            }
            let before = spans.len();
            let (next, reason) = match self.split(text, start, spans) {
                Found::Record { next } => {
                    let reason = if spans.len() - before == width && !keeps_extra {
                        None
                    } else {
                        let end = start + self.lines.strip(&text[start..next]).len();
                        self.dialect.widths.fit(spans, before, width, end)
                    };
                    if next > plain.lines {
                        match self.closer_look(text, start..next, &spans[before..], width, (plain.until, reason)) {
                            Some(found) => found,
                            None => {
                                spans.truncate(before);
                                break;
                            }
                        }
                    } else {
                        (next, reason)
                    }
                }
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
            let repeats_header = next - start == self.header.len() && text[start..next] == self.header;
            if let Some(reason) = reason.or_else(|| repeats_header.then(|| REPEATED.to_owned())) {
                spans.truncate(before);
                flawed.push((start, next, reason, before));
            }
            *consumed = next;
        }
        split_so_far
    }

    /// Sets records aside and unescapes the others.
    fn finish(&mut self, mut text: Vec<u8>, split: Split, width: usize) -> RawBatch {
        let Split { mut spans, flawed, .. } = split;
        let mut bad = Vec::with_capacity(flawed.len());
        let (mut line, mut counted) = (self.line, 0);
        for (start, end, reason, spans_before) in flawed {
            line += self.lines.count(&text[counted..start]);
            counted = start;
            let record = self.lines.strip(&text[start..end]);
            let lines = self.lines.count(record) + 1;
            let rows_before = spans_before.checked_div(width).unwrap_or(0);
            bad.push(BadRecord::new(Place::Line { line, lines }, lines, reason, rows_before, record));
        }
        self.line = line + self.lines.count(&text[counted..]);
        for span in &mut spans {
            span.unescape(&mut text, |text, quoted| unescape(text, quoted, &self.dialect));
        }
        let rows = spans.len().checked_div(width).unwrap_or(0);
        RawBatch { text: Buffer::from_vec(text), spans, width, rows, bad }
    }
}

/// Reason for which the header is no record: files were joined, each with its own.
const REPEATED: &str = "it repeats the header";

#[derive(Default)]
struct Split {
    spans: Vec<Span>,
    /// Start, end and reason of each bad record, and the number of spans before it.
    flawed: Vec<(usize, usize, String, usize)>,
    consumed: usize,
    /// A trailer, its place, and true if a record follows it.
    trailer: Option<(TrailerLine, usize, bool)>,
}

mod closer;
mod sampled;

pub(crate) use sampled::SampledRecord;

#[cfg(test)]
mod tests;
