//! The error of a file that the reader of its format refuses.

use std::error::Error;

use crate::identity::Causes;
use crate::source::SourceError;

/// Returns the error of a file that a reader refuses.
pub(super) fn unreadable(key: &str, format: &'static str, error: &(dyn Error + 'static)) -> SourceError {
    SourceError::NotReadable { key: key.to_owned(), format, reason: Causes(error).to_string() }
}
