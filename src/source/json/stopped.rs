//! Errors that stop the reading of a file.

use super::super::SourceError;
use super::super::parser::ReadSizes;
use super::super::parser::json::{DocumentFlaw, JsonError};

/// Returns the error of the file `key`, of which so many bytes were read.
pub(super) fn stopped(key: &str, sizes: ReadSizes, bytes: u64, error: JsonError) -> SourceError {
    let key = key.to_owned();
    match error {
        JsonError::Io(source) => SourceError::Read { key, bytes, source },
        JsonError::Document { flaw: DocumentFlaw::Empty, .. } => SourceError::Empty { key },
        JsonError::Document { flaw, offset } => SourceError::Document { key, flaw, offset },
        JsonError::TooLong { offset } => SourceError::ItemTooLong { key, offset, limit: sizes.record_bytes },
    }
}
