//! ORC files.

use std::io::Read;

use arrow_schema::SchemaRef;
use orc_rust::{ArrowReader, ArrowReaderBuilder};

use super::spool::spool;
use super::unreadable::unreadable;
use crate::source::SourceError;

/// Opens a file: its schema and its batches.
pub(super) fn open(
    key: &str,
    bytes: Box<dyn Read + Send>,
    rows: usize,
) -> Result<(SchemaRef, ArrowReader<std::fs::File>), SourceError> {
    let file = spool(key, bytes)?;
    let builder = ArrowReaderBuilder::try_new(file).map_err(|error| unreadable(key, "ORC", &error))?;
    let builder = builder.with_batch_size(rows);
    Ok((builder.schema(), builder.build()))
}
