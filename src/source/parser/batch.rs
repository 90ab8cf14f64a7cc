//! Records and their fields, as ranges of the text that they were read from.

use arrow_buffer::Buffer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

const QUOTED: u32 = 1 << 31;
const ESCAPED: u32 = 1 << 30;
/// Bits of a field that has a type of its own: it has no quotes, and no escapes that need a bit.
const TYPED: u32 = ESCAPED;
const LENGTH: u32 = ESCAPED - 1;
/// Start of a field that its record does not have; no batch is so long.
const NOWHERE: u32 = u32::MAX;
/// Length of a field that means null as it is written; no field is so long.
const NULL: u32 = LENGTH;

/// A field's range in its batch's text. Lengths are below 1 GiB, which leaves two bits to note quotes and escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// A field that its record does not have. It is null.
    pub(super) const MISSING: Self = Self { start: NOWHERE, length: 0 };

    /// Creates the span of a field that means null as it is written, such as `\N`.
    #[allow(clippy::cast_possible_truncation)] // As for `plain`.
    pub(super) fn null(start: usize) -> Self {
        Self { start: start as u32, length: NULL }
    }

    #[allow(clippy::cast_possible_truncation)] // Batches are kept below 1 GiB by `RecordReader`.
    pub(in crate::source) fn plain(start: usize, end: usize) -> Self {
        Self { start: start as u32, length: (end - start) as u32 & LENGTH }
    }

    pub(in crate::source) fn quoted(start: usize, end: usize, escaped: bool) -> Self {
        let mut span = Self::plain(start, end);
        span.length |= QUOTED | if escaped { ESCAPED } else { 0 };
        span
    }

    /// Creates the span of a field without quotes whose text has escapes. Unescaped, it is meant as it is, as a quoted one.
    pub(super) fn escaped(start: usize, end: usize) -> Self {
        let mut span = Self::plain(start, end);
        span.length |= ESCAPED;
        span
    }

    /// Creates the span of a field that has a type of its own, such as a number or a date in the cell of a workbook.
    #[cfg(any(feature = "excel", test))]
    pub(in crate::source) fn typed(start: usize, end: usize) -> Self {
        let mut span = Self::plain(start, end);
        span.length |= TYPED;
        span
    }

    /// Returns the start of the field as it is written, with its quote.
    pub(super) fn written_start(self) -> usize {
        self.start().saturating_sub(usize::from(self.length & QUOTED != 0))
    }

    /// Returns true if the field is empty and not quoted.
    pub(super) fn is_blank(self) -> bool {
        self.length == 0
    }

    fn start(self) -> usize {
        self.start as usize
    }

    pub(super) fn end(self) -> usize {
        self.start() + (self.length & LENGTH) as usize
    }

    /// Returns true if the field was written without quotes and has that byte.
    pub(super) fn is_plain_with(self, byte: u8, text: &[u8]) -> bool {
        self.length & QUOTED == 0 && text.get(self.start()..self.end()).is_some_and(|text| text.contains(&byte))
    }

    /// Unescapes an escaped text in place, since it only gets shorter. `meaning` gets the text and whether it was quoted, and
    /// returns its new length.
    pub(in crate::source) fn unescape(&mut self, text: &mut [u8], meaning: impl Fn(&mut [u8], bool) -> usize) {
        if self.length & ESCAPED == 0 {
            return;
        }
        let quoted = self.length & QUOTED != 0;
        let length = text.get_mut(self.start()..self.end()).map_or(0, |text| meaning(text, quoted));
        *self = Self::quoted(self.start(), self.start() + length, false);
    }
}

/// Reason for a record with a duplicate name: readers differ in which of its values they keep.
pub(in crate::source) const TWICE: &str = "a name stands twice";
/// Reason for a record with bytes that are invalid in its encoding.
pub(super) const NOT_TEXT: &str = "bytes that are not text in the source's encoding";

/// Start of a record in its file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// Place in a file of lines.
    Line {
        /// Counted from 1.
        line: u64,
        /// Number of lines of the record.
        lines: u64,
    },
    /// Place in any other file.
    Byte {
        /// Counted from 0, in the decompressed and decrypted text.
        offset: u64,
    },
    /// Place in a file of typed fields.
    Row {
        /// Counted from 1.
        row: u64,
    },
    /// Not known: a cluster read the file, and counts no lines.
    Unknown {},
}

/// A record that can't be a row, with its text and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadRecord {
    /// File in an archive of several files; its lines are counted in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// Start of the record.
    #[serde(flatten)]
    pub place: Place,
    /// Number of records that it stands for, including those that it may have swallowed.
    #[serde(skip)]
    pub stands_for: u64,
    /// Number of good records of its batch that precede it.
    #[serde(skip)]
    pub rows_before: usize,
    /// Reason. It contains nothing of the record itself.
    pub reason: String,
    /// Its text; bytes that are not text are shown as replacement characters.
    pub text: String,
    /// Its exact bytes, if they are not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

impl BadRecord {
    /// Bytes that it takes in memory beside its text, some more than fewer: records of two bytes must not fill it.
    pub(super) const HELD: usize = 256;

    pub(in crate::source) fn new(place: Place, stands_for: u64, reason: String, rows_before: usize, bytes: &[u8]) -> Self {
        let base64 = std::str::from_utf8(bytes).is_err().then(|| STANDARD.encode(bytes));
        let text = String::from_utf8_lossy(bytes).into_owned();
        Self { member: None, place, stands_for, rows_before, reason, text, base64 }
    }
}

/// A field's text, and whether it was quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The text, unescaped.
    pub text: &'a [u8],
    /// True if the field was quoted.
    pub quoted: bool,
    /// True if the record does not have the field, or if it means null as it is written.
    pub missing: bool,
}

/// Some thousands of good records, and the bad ones found among them.
#[derive(Debug)]
pub struct RawBatch {
    /// The text that the fields lie in; valid UTF-8 wherever a field is.
    pub(in crate::source) text: Buffer,
    /// The fields, record after record.
    pub(in crate::source) spans: Vec<Span>,
    /// Fields in a record.
    pub(in crate::source) width: usize,
    /// Number of good records.
    pub(in crate::source) rows: usize,
    /// Records set aside, in order.
    pub bad: Vec<BadRecord>,
}

impl RawBatch {
    /// Returns the number of good records.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns a field of a good record. An index beyond the batch gives an empty field.
    #[inline]
    pub fn field(&self, row: usize, column: usize) -> Field<'_> {
        let Some(span) = self.spans.get(row * self.width + column) else {
            return Field { text: b"", quoted: false, missing: true };
        };
        let text = self.text.get(span.start()..span.end()).unwrap_or_default();
        Field { text, quoted: span.length & QUOTED != 0, missing: span.start == NOWHERE || span.length & LENGTH == NULL }
    }

    /// Returns true if a field has a type of its own: it is written as programs write it. Fields with escapes are unescaped.
    pub(in crate::source) fn is_typed(&self, row: usize, column: usize) -> bool {
        self.spans.get(row * self.width + column).is_some_and(|span| span.length & (QUOTED | TYPED) == TYPED)
    }

    /// Returns a field's offset and length in [`text`](Self::text).
    #[inline]
    pub(super) fn place(&self, row: usize, column: usize) -> (u32, u32) {
        self.spans.get(row * self.width + column).map_or((0, 0), |span| (span.start, span.length & LENGTH))
    }

    /// Returns the bytes of text that it holds.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}
