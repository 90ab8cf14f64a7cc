//! Records that need a closer look: they have bytes that are no text, or line ends of another kind than the file's. Where lines
//! end with CRLF, LF alone may cut a value in two.

use std::io::Read;
use std::ops::Range;

use super::super::batch::{NOT_TEXT, Span};
use super::super::header_line::{LONE_LF, OTHER_LINE_END};
use super::super::line_ends::{LineEnds, has_lone};
use super::super::split::Found;
use super::super::widths::{LongRecords, Widths};
use super::{RecordError, RecordReader};

/// Records after the first that are looked at to tell how lines end: a header may be written by another tool, or missing.
const RECORDS: usize = 8;
/// Bytes in which they are.
const BYTES: usize = 4096;
/// Most lines of a record that is set aside, where all of them may be parts of it.
const LINES: usize = 100;

/// Ends of the text of a block whose records need no closer look.
pub(super) struct Plain {
    /// The text before is valid UTF-8 with line ends of the file's kind only.
    pub(super) until: usize,
    /// No line before ends with LF alone where others end with CRLF.
    pub(super) lines: usize,
}

/// Lines after a record.
enum Rest {
    /// They are none of its value.
    Others,
    /// Those before this end may be part of its value.
    Until(usize),
    /// They are not there yet.
    Unknown,
}

impl<R: Read> RecordReader<R> {
    /// Returns true if the first record ends with CRLF, or most of the next do.
    #[cold]
    pub(super) fn ends_with_crlf(&mut self, text: &mut Vec<u8>, first: usize) -> Result<bool, RecordError> {
        if self.lines != LineEnds::Lf || text[..first].ends_with(b"\r\n") {
            return Ok(self.lines == LineEnds::Lf);
        }
        while text.len() < first + BYTES && !self.input.ended {
            self.input.fill(text)?;
        }
        let text = &text[..text.len().min(first + BYTES)];
        let (mut at, mut spans) = (first, Vec::new());
        let (mut pairs, mut lone) = (0, 0);
        while pairs + lone < RECORDS {
            while let Some(length) = self.no_record(&text[at..], 0) {
                at += length;
            }
            let next = match self.split(text, at, &mut spans) {
                Found::Record { next } | Found::Flawed { next, .. } if next > at => next,
                _ => break,
            };
            pairs += usize::from(text[at..next].ends_with(b"\r\n"));
            lone += usize::from(ends_with_lone_lf(&text[at..next]));
            at = next;
            if !text[..at].ends_with(b"\n") {
                break;
            }
        }
        Ok(pairs > 0 && pairs >= lone)
    }

    /// Returns the ends of the text whose records need no closer look.
    pub(super) fn plain_until(&self, text: &[u8]) -> Plain {
        // Of what is handed out with this block: what waits behind it would be looked at with every one.
        let text = &text[..text.len().min(self.input.sizes.block_bytes)];
        let has_lone = self.is_crlf && has_lone(text);
        if (has_lone || !self.is_crlf) && self.lines.has_other(text) {
            return Plain { until: 0, lines: 0 };
        }
        let until = match simdutf8::compat::from_utf8(text) {
            Ok(_) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        Plain { until, lines: if has_lone { 0 } else { until } }
    }

    /// Returns the flaw of a record with the right number of fields, if it has one.
    #[cold]
    pub(super) fn flaw(&self, text: &[u8], record: Range<usize>, spans: &[Span]) -> Option<String> {
        let has_other_line_end = |other: u8| spans.iter().any(|span| span.is_plain_with(other, text));
        let reason = if std::str::from_utf8(&text[record]).is_err() {
            NOT_TEXT
        } else if self.lines.other().is_some_and(has_other_line_end) {
            OTHER_LINE_END
        } else {
            return None;
        };
        Some(reason.to_owned())
    }

    /// Looks at a record in a text that is not plain. `plain`: the end of the text that is valid and has the file's line ends.
    /// `flaw`: its flaw so far. Returns the end of the record and its flaw; `None` if more text must tell.
    #[cold]
    pub(super) fn closer_look(
        &self,
        text: &[u8],
        record: Range<usize>,
        spans: &[Span],
        width: usize,
        (plain, flaw): (usize, Option<String>),
    ) -> Option<(usize, Option<String>)> {
        if self.is_crlf && ends_with_lone_lf(&text[record.clone()]) {
            match self.rest_of_value(text, record.clone(), width) {
                Rest::Others => {}
                Rest::Until(end) => return Some((end, Some(LONE_LF.to_owned()))),
                Rest::Unknown => return None,
            }
        }
        let end = record.end;
        Some((end, flaw.or_else(|| if end > plain { self.flaw(text, record, spans) } else { None })))
    }

    /// Finds the lines that may be the rest of the last value of a record that ends with LF alone: those up to CRLF that are no
    /// records themselves. In a file of one column any line may be one, and so may a record after a single value.
    fn rest_of_value(&self, text: &[u8], record: Range<usize>, width: usize) -> Rest {
        let (mut at, mut found, mut lines) = (record.end, Rest::Others, 0);
        let is_long = text.len() - record.start >= self.input.sizes.record_bytes;
        let mut spans = Vec::new();
        self.split(text, record.start, &mut spans);
        let mut fields = spans.len();
        loop {
            if at == text.len() {
                return if self.input.ended || is_long { found } else { Rest::Unknown };
            }
            if let Some(length) = self.no_record(&text[at..], width) {
                match &text[at..at + length] {
                    // The value ended with LF.
                    b"\r\n" => return Rest::Until(at + length),
                    b"\n" => at += length,
                    _ => return found,
                }
                continue;
            }
            if self.trailer(&text[at..]).is_some() {
                return found;
            }
            spans.clear();
            let (next, more) = match self.split(text, at, &mut spans) {
                Found::Record { next } => (next, spans.len()),
                Found::Flawed { next, .. } => (next, 0),
                Found::Incomplete { .. } if self.input.ended || is_long => return Rest::Until(self.line_end(text, at)),
                Found::Incomplete { .. } => return Rest::Unknown,
            };
            let is_last = !ends_with_lone_lf(&text[at..next]);
            if more > 0 && fields > 1 && self.is_record(&mut spans, width, next) || lines >= LINES && !is_last {
                return found;
            }
            (at, lines, found) = (next, lines + 1, Rest::Until(next));
            fields += more.saturating_sub(1);
            if is_last {
                return found;
            }
        }
    }

    /// Returns true if a line has the fields of a record, and can't be the rest of a value.
    fn is_record(&self, spans: &mut Vec<Span>, width: usize, end: usize) -> bool {
        let widths = Widths { fill_short: false, ..self.dialect.widths };
        let names = width - usize::from(widths.long == LongRecords::KeepExtra);
        names > 1 && widths.fit(spans, 0, width, end).is_none()
    }
}

fn ends_with_lone_lf(record: &[u8]) -> bool {
    record.ends_with(b"\n") && !record.ends_with(b"\r\n")
}
