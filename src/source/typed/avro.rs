//! Avro object container files.

use std::io::{BufReader, Read};

use arrow_avro::reader::{Reader, ReaderBuilder};
use arrow_schema::SchemaRef;

use super::unreadable::unreadable;
use crate::source::SourceError;

pub(super) type AvroReader = Reader<BufReader<Box<dyn Read + Send>>>;

/// Opens a file: its schema and its batches.
pub(super) fn open(key: &str, bytes: Box<dyn Read + Send>, rows: usize) -> Result<(SchemaRef, AvroReader), SourceError> {
    let builder = ReaderBuilder::new().with_batch_size(rows);
    let reader = builder.build(BufReader::new(bytes)).map_err(|error| unreadable(key, "Avro", &error))?;
    Ok((reader.schema(), reader))
}
