//! Names in the first line of a file.

use arrow_buffer::Buffer;

use super::batch::{NOT_TEXT, RawBatch, Span};
use super::dialect::Dialect;
use super::unescape::unescape;

/// Reason for a record whose quote is not closed.
pub(super) const UNCLOSED: &str = "a quote is not closed";
/// Reason for a record with a line end that is not the file's.
pub(super) const OTHER_LINE_END: &str = "a line end of another kind than the file's stands outside quotes";
/// Reason for a record whose line may end within a value.
pub(super) const LONE_LF: &str =
    "a line ends with LF alone where others end with CRLF: it may be part of a value (`line_end: crlf` reads it so)";

/// Returns the names of a header.
///
/// # Errors
/// It is no text, or a quote that is not closed made one name of several lines.
pub(super) fn header_names(mut text: Vec<u8>, mut spans: Vec<Span>, dialect: &Dialect) -> Result<Vec<String>, String> {
    for span in &mut spans {
        span.unescape(&mut text, |text, quoted| unescape(text, quoted, dialect));
    }
    let batch = RawBatch { text: Buffer::from_vec(text), width: spans.len(), spans, rows: 1, bad: Vec::new() };
    let name = |i: usize| {
        let field = batch.field(0, i);
        let name = std::str::from_utf8(field.text).map_err(|_| NOT_TEXT.to_owned())?;
        match name {
            _ if name.contains('\0') => Err(format!("name {} has NUL characters, as UTF-16 read as UTF-8 has", i + 1)),
            _ if name.contains(['\r', '\n']) && !field.quoted => Err(OTHER_LINE_END.to_owned()),
            // A name may have a line end; a name that swallowed rows has more.
            _ if swallowed_rows(name, &dialect.delimiter) => Err(UNCLOSED.to_owned()),
            _ => Ok(name.to_owned()),
        }
    };
    (0..batch.width).map(name).collect()
}

fn swallowed_rows(name: &str, delimiter: &[u8]) -> bool {
    let lines = name.lines().count();
    let has_delimiter = || memchr::memmem::find(name.as_bytes(), delimiter).is_some();
    lines > 2 || (lines > 1 && has_delimiter())
}
