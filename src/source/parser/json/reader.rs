//! A stream of JSON as blocks of records.

use std::io::{self, Read};

use super::document::{Document, DocumentFlaw, Layout, Step};
use super::marks::Marks;
use super::reshape::Reshape;
use super::scan::{self, Member};
use crate::source::parser::ReadSizes;
use crate::source::parser::batch::{BadRecord, NOT_TEXT, Place};
use crate::source::parser::input::Input;

/// Error that stopped reading.
#[derive(Debug)]
pub(in crate::source) enum JsonError {
    /// The stream failed.
    Io(io::Error),
    /// The document is invalid.
    Document { flaw: DocumentFlaw, offset: u64 },
    /// A record has no end within the limit.
    TooLong { offset: u64 },
}

impl From<io::Error> for JsonError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Some records, and the bad records among them.
#[derive(Debug)]
pub(in crate::source) struct Block {
    /// Text that the places of members refer to.
    pub(in crate::source) text: Vec<u8>,
    pub(in crate::source) bad: Vec<BadRecord>,
}

/// Room of the block after a good record, or the reason for a bad one.
pub(in crate::source) type Verdict = Result<Room, &'static str>;

/// Room in a block for more records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Room {
    Left,
    Full,
}

/// Reads a document as blocks of records.
#[derive(Debug)]
pub(in crate::source) struct JsonReader<R> {
    input: Input<R>,
    document: Document,
    /// Form of the records in the document; `None` if they are what they are.
    reshape: Option<Reshape>,
    /// Offset of the rest in the text, in bytes.
    offset: u64,
    /// Good records so far, and their bytes.
    records: u64,
    bytes: u64,
}

/// Records found in a block so far.
#[derive(Default)]
struct Found {
    at: usize,
    any: bool,
    rows: usize,
    /// Text of reshaped records.
    reshaped: Vec<u8>,
    marks: Marks,
    /// Start, end and reason of each bad record, and the number of rows before it.
    bad: Vec<(usize, usize, &'static str, usize)>,
}

impl<R: Read> JsonReader<R> {
    pub(in crate::source) fn new(source: R, layout: Layout, reshape: Reshape, sizes: ReadSizes) -> Self {
        let reshape = Some(reshape).filter(|reshape| !reshape.is_identity());
        Self { input: Input::new(source, sizes), document: Document::new(layout), reshape, offset: 0, records: 0, bytes: 0 }
    }

    /// Returns the bytes of text read so far.
    pub(in crate::source) fn bytes_read(&self) -> u64 {
        self.input.bytes
    }

    /// Returns the value at [`Layout::kept`], once it was passed.
    pub(in crate::source) fn kept(&self) -> Option<&[u8]> {
        self.document.kept.as_deref()
    }

    /// Returns the next records; `each` receives the members of every valid JSON record. `None` at the end.
    pub(in crate::source) fn next_block(
        &mut self,
        each: &mut impl FnMut(&[u8], &[Member], &Marks) -> Verdict,
    ) -> Result<Option<Block>, JsonError> {
        let mut text = std::mem::take(&mut self.input.rest);
        let (mut members, mut found) = (Vec::new(), Found::default());
        let mut wants_more = text.len() < self.input.sizes.block_bytes;
        let mut is_text = is_utf8(&text);
        loop {
            if wants_more {
                self.input.fill(&mut text)?;
                (wants_more, is_text) = (false, is_utf8(&text));
            }
            let step = self.document.step(&text, found.at, self.input.ended, &mut members);
            let room = match step.map_err(|flaw| JsonError::Document { flaw, offset: self.offset + found.at as u64 })? {
                Step::Record { start, end } => {
                    let is_text = is_text || std::str::from_utf8(&text[start..end]).is_ok();
                    match &self.reshape {
                        _ if !is_text => self.take(&mut found, start, end, Err(NOT_TEXT)),
                        None => {
                            let verdict = each(&text, &members, &found.marks);
                            self.take(&mut found, start, end, verdict)
                        }
                        Some(_) => self.take_reshaped(&mut found, &text, (start, end), each),
                    }
                }
                Step::Bad { start, end, reason } => self.take(&mut found, start, end, Err(reason)),
                Step::Passed { end } => {
                    found.at = end;
                    continue;
                }
                Step::Ended | Step::Incomplete if found.any => Room::Full,
                Step::Ended => return Ok(None),
                Step::Incomplete => {
                    // What was passed is not looked at again.
                    text.drain(..found.at);
                    self.offset += std::mem::take(&mut found.at) as u64;
                    if text.len() >= self.input.sizes.record_bytes {
                        return Err(JsonError::TooLong { offset: self.offset });
                    }
                    wants_more = true;
                    continue;
                }
            };
            if room == Room::Full || found.at + found.bad.len() * BadRecord::HELD >= self.input.sizes.block_bytes {
                return Ok(Some(self.block(text, found)));
            }
        }
    }

    /// Takes the records of a document.
    fn take_reshaped(
        &mut self,
        found: &mut Found,
        text: &[u8],
        (start, end): (usize, usize),
        each: &mut impl FnMut(&[u8], &[Member], &Marks) -> Verdict,
    ) -> Room {
        let Some(reshape) = &self.reshape else { return Room::Left };
        let records = match reshape.records(text, start, &mut found.reshaped, &mut found.marks) {
            Ok(records) => records,
            Err(reason) => return self.take(found, start, end, Err(reason)),
        };
        let (mut members, mut room) = (Vec::new(), Room::Left);
        for record in records {
            members.clear();
            let reshape = self.reshape.as_ref();
            let verdict = record.record.and_then(|at| {
                let scanned = scan::object(&found.reshaped, at, &mut |member| members.push(member));
                scanned.map_err(|_| "its values can't be unwrapped")?;
                let verdict = each(&found.reshaped, &members, &found.marks);
                verdict.map_err(|reason| reshape.map_or(reason, |reshape| reshape.reason(reason, &found.reshaped, &members)))
            });
            if self.take(found, record.source.0, record.source.1, verdict) == Room::Full {
                room = Room::Full;
            }
        }
        (found.at, found.any) = (end, true);
        if found.reshaped.len() >= self.input.sizes.block_bytes { Room::Full } else { room }
    }

    fn take(&mut self, found: &mut Found, start: usize, end: usize, verdict: Verdict) -> Room {
        (found.at, found.any) = (end, true);
        match verdict {
            Ok(room) => {
                found.rows += 1;
                self.records += 1;
                self.bytes += (end - start) as u64;
                room
            }
            Err(reason) => {
                found.bad.push((start, end, reason, found.rows));
                Room::Left
            }
        }
    }

    fn block(&mut self, mut text: Vec<u8>, found: Found) -> Block {
        let (bad, reshaped) = (found.bad, found.reshaped);
        let bad = bad.into_iter().map(|(start, end, reason, rows)| {
            let place = Place::Byte { offset: self.offset + start as u64 };
            BadRecord::new(place, self.stands_for(end - start), reason.to_owned(), rows, &text[start..end])
        });
        let bad = bad.collect();
        self.input.rest = text[found.at..].to_vec();
        text.truncate(found.at);
        self.offset += found.at as u64;
        let text = if self.reshape.is_some() { reshaped } else { text };
        Block { text, bad }
    }

    /// Estimates how many records a broken one stands for, as it may have swallowed others: as many as have its length.
    fn stands_for(&self, bytes: usize) -> u64 {
        let usual = self.bytes.checked_div(self.records).unwrap_or(bytes as u64).max(1);
        (bytes as u64 / usual).max(1)
    }
}

/// Returns true if all bytes are valid UTF-8; a character cut off at the end is allowed, as its rest may follow.
fn is_utf8(text: &[u8]) -> bool {
    match simdutf8::compat::from_utf8(text) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}
