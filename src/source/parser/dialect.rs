//! The dialect of delimited text: the bytes that separate, quote and escape, and rules for lines and widths.

use super::fixed_width::FixedWidth;
use super::line_ends::LineEnds;
use super::trailer::Trailer;
use super::widths::Widths;

/// Notation of fields and records in delimited text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Text between two fields, in UTF-8; not empty.
    pub delimiter: Vec<u8>,
    /// ASCII character around a field that holds delimiters or line ends.
    pub quote: Option<u8>,
    /// True if a doubled quote in a quoted field stands for a quote.
    pub doubled_quotes: bool,
    /// Escape character, and the place and meaning of escapes.
    pub escape: Option<Escape>,
    /// True if white space around fields, quoted or not, is not part of them.
    pub trim: bool,
    /// Line ends; `None` if they are detected.
    pub line_ends: Option<LineEnds>,
    /// True if a line of white space is no record.
    pub blank_lines: bool,
    /// True if an empty line is a record in a file of one column.
    pub empty_lines: bool,
    /// Beginning of lines that are no records.
    pub comment: Option<Vec<u8>>,
    /// Number of lines before the header.
    pub skip_lines: u64,
    /// True if a first line such as `sep=;` sets the delimiter.
    pub sep_line: bool,
    /// True if a line `\.` is no record: the end of data of PostgreSQL's COPY.
    pub end_marker: bool,
    /// Line after the records, which tells their number.
    pub trailer: Option<Trailer>,
    /// Number of lines at the end of a file that are no records.
    pub footer_lines: usize,
    /// Handling of records of another width than the header.
    pub widths: Widths,
    /// Positions of the fields, if they are not delimited.
    pub fixed_width: Option<FixedWidth>,
}

/// An escape character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escape {
    /// The character, an ASCII one.
    pub byte: u8,
    /// True if it has a meaning outside quotes too.
    pub outside_quotes: bool,
    /// Meaning of the sequences.
    pub sequences: Sequences,
    /// Quote that is escaped although fields have none, as Python writes it.
    pub quote: Option<u8>,
    /// Fields that mean null as they are written, such as `\N`. Their escapes mean nothing else.
    pub nulls: Vec<Vec<u8>>,
}

/// Meaning of the character after an escape character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequences {
    /// A quote, a delimiter, a line end or another escape character stands for itself. Before any other character the escape
    /// character is text.
    Literal,
    /// As MySQL and MariaDB write with `INTO OUTFILE`: `\0 \b \n \r \t \Z`; any other character stands for itself.
    Mysql,
    /// As PostgreSQL writes with `COPY`: `\b \f \n \r \t \v`, `\nnn` (octal), `\xnn`; any other character stands for itself.
    Postgres,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            delimiter: vec![b','],
            quote: Some(b'"'),
            doubled_quotes: true,
            escape: None,
            trim: false,
            line_ends: None,
            blank_lines: false,
            empty_lines: false,
            comment: None,
            skip_lines: 0,
            sep_line: false,
            end_marker: false,
            trailer: None,
            footer_lines: 0,
            widths: Widths::default(),
            fixed_width: None,
        }
    }
}

impl Dialect {
    /// Returns the same dialect for lines whose fields have positions: no delimiter, quote or escape has a meaning in them.
    #[must_use]
    pub fn with_fixed_width(self, layout: FixedWidth) -> Self {
        Self { fixed_width: Some(layout), quote: None, escape: None, trim: true, sep_line: false, ..self }
    }

    /// Returns the delimiter if fields are written by RFC 4180: quotes are `"` and doubled, the delimiter is one byte. Such
    /// text has a shorter way.
    pub fn rfc4180_delimiter(&self) -> Option<u8> {
        let is_plain = self.quote == Some(b'"')
            && self.doubled_quotes
            && self.escape.is_none()
            && !self.trim
            && self.fixed_width.is_none()
            && !matches!(self.line_ends, Some(LineEnds::Exactly(_)));
        match self.delimiter.as_slice() {
            [delimiter] if is_plain => Some(*delimiter),
            _ => None,
        }
    }
}
