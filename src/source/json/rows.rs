//! The fields of a batch under construction.

use arrow_buffer::Buffer;

use super::super::parser::json::Room;
use super::super::parser::json::scan::{self, Kind, Member};
use super::super::parser::{Span, TWICE};
use super::super::{BadRecord, RawBatch};

/// The fields of a batch under construction.
pub(super) struct Rows {
    width: usize,
    most_spans: usize,
    spans: Vec<Span>,
    /// For each field, the last row that has it, counted from 1.
    last: Vec<usize>,
    count: usize,
}

impl Rows {
    pub(super) fn new(width: usize, block_bytes: usize) -> Self {
        // Records of few bytes and a thousand names must not make a batch of gigabytes.
        Self { width, most_spans: (block_bytes / 4).max(width), spans: Vec::new(), last: vec![0; width], count: 0 }
    }

    /// Begins a row of nulls; returns its start.
    pub(super) fn begin(&mut self) -> usize {
        let start = self.spans.len();
        self.spans.resize(start + self.width, Span::plain(0, 0));
        start
    }

    /// Sets a field. Returns false if the field was set already.
    pub(super) fn put(&mut self, start: usize, place: usize, member: &Member) -> bool {
        if self.last[place] == self.count + 1 {
            return false;
        }
        self.last[place] = self.count + 1;
        self.spans[start + place] = match member.value.kind {
            Kind::Null => Span::plain(0, 0),
            Kind::Text { escaped } => Span::quoted(member.value.start, member.value.end, escaped),
            _ => Span::plain(member.value.start, member.value.end),
        };
        true
    }

    /// Discards the row that was begun.
    pub(super) fn forget(&mut self) -> &'static str {
        self.spans.truncate(self.count * self.width);
        self.last.fill(0);
        TWICE
    }

    /// Ends the row.
    pub(super) fn end(&mut self) -> Room {
        self.count += 1;
        if self.spans.len() >= self.most_spans { Room::Full } else { Room::Left }
    }

    pub(super) fn batch(mut self, mut text: Vec<u8>, bad: Vec<BadRecord>) -> RawBatch {
        for span in &mut self.spans {
            span.unescape(&mut text, |text, _| scan::unescape(text));
        }
        RawBatch { text: Buffer::from_vec(text), spans: self.spans, width: self.width, rows: self.count, bad }
    }
}
