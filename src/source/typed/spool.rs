//! A file on disk for formats whose beginning is at their end.

use std::fs::File;
use std::io::{self, Read, Seek};

use super::super::stream::failed;
use crate::source::SourceError;

/// Copies a stream into a file that no other program can open, and that is gone when it is closed.
pub(super) fn spool(key: &str, mut bytes: Box<dyn Read + Send>) -> Result<File, SourceError> {
    let mut copy = || {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut bytes, &mut file)?;
        file.rewind()?;
        Ok(file)
    };
    copy().map_err(|source| failed(key, source))
}
