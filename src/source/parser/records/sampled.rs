//! The records of a short text whose form is not known: each with its lines, whatever its width.

use std::io::Read;
use std::ops::Range;

use arrow_buffer::Buffer;

use super::super::batch::RawBatch;
use super::super::header_line::UNCLOSED;
use super::super::split::Found;
use super::super::unescape::unescape;
use super::{FirstRecord, RecordError, RecordReader};

/// A record of a text, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SampledRecord {
    /// Line on which it begins, counted from 1.
    pub(crate) line: u64,
    /// Its fields, or the problem with it.
    pub(crate) fields: Result<Vec<String>, String>,
    /// Places of fields that are empty texts in quotes.
    pub(crate) quoted_empty: Vec<usize>,
}

impl<R: Read> RecordReader<R> {
    /// Returns the first records of a text, at most `most`, as [`next_batch`](Self::next_batch) finds them, but of any width.
    /// `is_whole`: the text does not end in the middle of a record. Call it before any other function.
    pub(crate) fn sample(&mut self, most: usize, is_whole: bool) -> Result<Vec<SampledRecord>, RecordError> {
        let Some(FirstRecord { mut text, .. }) = self.first_record()? else { return Ok(Vec::new()) };
        while !self.input.ended {
            self.input.fill(&mut text)?;
        }
        let (mut found, mut spans) = (Vec::new(), Vec::new());
        let (mut at, mut line) = (0, self.line);
        while at < text.len() && found.len() < most {
            let (next, fields) = match self.no_record(&text[at..], 0) {
                Some(length) => (at + length, None),
                None => {
                    let before = spans.len();
                    let (next, reason) = match self.split(&text, at, &mut spans) {
                        Found::Incomplete { .. } if !is_whole => break,
                        Found::Incomplete { quoted } => (self.line_end(&text, quoted.unwrap_or(at)), Some(UNCLOSED.to_owned())),
                        Found::Flawed { next, reason, field } => match self.line_end(&text, field) {
                            end if end < next => (end, Some(UNCLOSED.to_owned())),
                            _ => (next, Some(reason.to_owned())),
                        },
                        Found::Record { next } => (next, self.flaw(&text, at..next, &spans[before..])),
                    };
                    if reason.is_some() {
                        spans.truncate(before);
                    }
                    (next, Some(reason.map_or_else(|| Ok(before..spans.len()), Err)))
                }
            };
            found.extend(fields.map(|fields: Result<Range<usize>, String>| (line, fields)));
            line += self.lines.count(&text[at..next]);
            at = next;
        }
        for span in &mut spans {
            span.unescape(&mut text, |text, quoted| unescape(text, quoted, &self.dialect));
        }
        let all = RawBatch { text: Buffer::from_vec(text), width: spans.len(), spans, rows: 1, bad: Vec::new() };
        let field = |place: usize| String::from_utf8_lossy(all.field(0, place).text).into_owned();
        let is_quoted_empty = |place: usize| all.field(0, place).quoted && all.field(0, place).text.is_empty();
        let record = |(line, fields): (u64, Result<Range<usize>, String>)| SampledRecord {
            line,
            quoted_empty: fields
                .iter()
                .cloned()
                .flatten()
                .enumerate()
                .filter(|(_, place)| is_quoted_empty(*place))
                .map(|(field, _)| field)
                .collect(),
            fields: fields.map(|places| places.map(field).collect()),
        };
        Ok(found.into_iter().map(record).collect())
    }
}
