//! Rows of published files, in the types of their table.

use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::batch::arrow_schema;
use crate::lake::LakeError;
use crate::schema::TableSchema;
use crate::store::{ObjectInfo, Store};

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;
/// Bytes that are fetched at a time where pages are read one after the other.
const AHEAD: usize = 4 << 20;

/// Rows of one file, as batches of some of its table's columns. Columns that the file does not have are null.
pub(in crate::lake) struct FileRows {
    reader: ParquetRecordBatchReader,
    schema: Arc<Schema>,
    key: String,
}

impl FileRows {
    /// Opens a file, for these columns of its table.
    ///
    /// # Errors
    /// The store can't be read, or the file is damaged.
    pub(in crate::lake) fn open(store: &Store, file: &ObjectInfo, columns: &TableSchema) -> Result<Self, LakeError> {
        let unreadable = |error: ParquetError| unreadable(&file.key, error);
        let schema = Arc::new(arrow_schema(columns));
        let stored = || StoredFile { store: store.clone(), file: file.clone() };
        let found = ParquetRecordBatchReaderBuilder::try_new(stored()).map_err(unreadable)?;
        let hints = Schema::new(found.schema().fields().iter().map(in_microseconds).collect::<Vec<_>>());
        let options = ArrowReaderOptions::new().with_schema(Arc::new(hints));
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(stored(), options).map_err(unreadable)?;
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let roots = builder.schema().fields().iter().enumerate().filter(|(_, field)| names.contains(&field.name().as_str()));
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots.map(|(place, _)| place).collect::<Vec<_>>());
        let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(unreadable)?;
        Ok(Self { reader, schema, key: file.key.clone() })
    }

    fn conformed(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let column = |field: &FieldRef| match batch.column_by_name(field.name()) {
            Some(array) => in_type(array, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        };
        let columns = self.schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

impl Iterator for FileRows {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(batch.and_then(|batch| self.conformed(&batch)).map_err(|error| unreadable(&self.key, error)))
    }
}

fn unreadable(key: &str, error: impl ToString) -> LakeError {
    LakeError::Damaged { key: key.to_owned(), reason: error.to_string() }
}

/// Returns a column in the type of its table, which holds all values of the file's; a value that it does not hold is an error.
fn in_type(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == ty {
        return Ok(Arc::clone(array));
    }
    cast_with_options(array, ty, &CastOptions { safe: false, ..CastOptions::default() })
}

/// Returns a column as it is to be read: times of other tools without their nanoseconds, which end in 2262.
fn in_microseconds(field: &FieldRef) -> Field {
    match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            field.as_ref().clone().with_data_type(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
        }
        _ => field.as_ref().clone(),
    }
}

/// A file of a store that the Parquet reader reads in parts.
struct StoredFile {
    store: Store,
    file: ObjectInfo,
}

impl StoredFile {
    fn range(&self, range: Range<u64>) -> io::Result<Bytes> {
        self.store.range(&self.file.key, range).map_err(io::Error::other)
    }
}

impl Length for StoredFile {
    fn len(&self) -> u64 {
        self.file.size
    }
}

impl ChunkReader for StoredFile {
    type T = BufReader<Rest>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let file = Self { store: self.store.clone(), file: self.file.clone() };
        Ok(BufReader::with_capacity(AHEAD, Rest { file, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        Ok(self.range(start..start + length as u64)?)
    }
}

/// A file from some place on.
struct Rest {
    file: StoredFile,
    at: u64,
}

impl Read for Rest {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let end = self.file.len().min(self.at + into.len() as u64);
        if end <= self.at {
            return Ok(0);
        }
        let read = self.file.range(self.at..end)?;
        into[..read.len()].copy_from_slice(&read);
        self.at = end;
        Ok(read.len())
    }
}
