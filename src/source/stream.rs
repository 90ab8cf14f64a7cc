//! The bytes of a file, as a stream.

use std::io::{self, Chain, Cursor, Read};

use super::SourceError;

/// The bytes of a file.
pub(super) type Bytes = Box<dyn Read + Send>;
/// A stream whose first bytes were looked at and are still in it.
pub(super) type Peeked = Chain<Cursor<Vec<u8>>, Bytes>;

/// Returns the error of a stream that failed before any text was read.
pub(super) fn failed(key: &str, source: io::Error) -> SourceError {
    SourceError::Read { key: key.to_owned(), bytes: 0, source }
}

/// Returns the first bytes of a stream, and the stream with them still in it.
pub(super) fn peek(mut bytes: Bytes, count: u64) -> io::Result<(Vec<u8>, Peeked)> {
    let mut first = Vec::new();
    bytes.by_ref().take(count).read_to_end(&mut first)?;
    Ok((first.clone(), Cursor::new(first).chain(bytes)))
}
