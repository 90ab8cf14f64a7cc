//! Parquet files.

use std::io::Read;

use arrow_schema::SchemaRef;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::spool::spool;
use super::unreadable::unreadable;
use crate::source::SourceError;

/// Opens a file: its schema and its batches.
pub(super) fn open(
    key: &str,
    bytes: Box<dyn Read + Send>,
    rows: usize,
) -> Result<(SchemaRef, ParquetRecordBatchReader), SourceError> {
    let file = spool(key, bytes)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(key, "Parquet", &error))?;
    let schema = builder.schema().clone();
    let reader = builder.with_batch_size(rows).build().map_err(|error| unreadable(key, "Parquet", &error))?;
    Ok((schema, reader))
}
