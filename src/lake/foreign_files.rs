//! Files that another engine wrote into a run's folder.

use std::io::{self, Read};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use crate::batch::{arrow_schema, arrow_type};
use crate::schema::{Column, TableSchema, TimestampEncoding};
use crate::store::Store;

use super::parquet::{metadata, parquet_schema};
use super::{LakeError, RunFolder, TableWriter, WrittenFile};

/// Parquet files that another engine found in a run's folder.
pub struct ForeignFiles {
    /// Parquet files.
    pub files: Vec<WrittenFile>,
    /// Features in them that not every supported reader can read: column shapes, encodings of decimals and timestamps.
    pub unreadable: Vec<String>,
}

impl ForeignFiles {
    /// Returns the number of rows, by the files' footers.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Returns true if every reader can read the files.
    pub fn is_readable(&self) -> bool {
        self.unreadable.is_empty()
    }

    /// If not every reader can read the files, rewrites all rows into the writer, which is for the same folder, and deletes the
    /// files. Returns the files that stay as they are.
    ///
    /// # Errors
    /// A file can't be read, or its values can't be cast to the table's columns; the store or the Parquet writer fails. No file
    /// is deleted before all rows are rewritten.
    pub fn rewritten(
        self,
        folder: &RunFolder<'_>,
        table: &TableSchema,
        writer: &mut TableWriter<'_>,
    ) -> Result<Vec<WrittenFile>, LakeError> {
        if self.is_readable() {
            return Ok(self.files);
        }
        for file in &self.files {
            let key = folder.key(&file.name);
            let failed = |reason: String| LakeError::ForeignFile { key: key.clone(), reason };
            let remote = Remote { store: folder.store().clone(), key: key.clone(), bytes: file.bytes };
            let batches = ParquetRecordBatchReaderBuilder::try_new(remote).and_then(ParquetRecordBatchReaderBuilder::build);
            for batch in batches.map_err(|error| failed(error.to_string()))? {
                let batch = batch.map_err(|error| failed(error.to_string()))?;
                writer.write(&as_written(&batch, table).map_err(|error| failed(error.to_string()))?)?;
            }
        }
        folder.store().delete(&self.files.iter().map(|file| folder.key(&file.name)).collect::<Vec<_>>())?;
        Ok(Vec::new())
    }
}

/// Casts a batch to the table's columns.
fn as_written(batch: &RecordBatch, table: &TableSchema) -> Result<RecordBatch, ArrowError> {
    let column = |column: &Column| {
        let found = batch.column_by_name(column.name.as_str());
        let found = found.ok_or_else(|| ArrowError::SchemaError(format!("there is no column {}", column.name)))?;
        arrow_cast::cast(found, &arrow_type(&column.ty))
    };
    let columns = table.columns().iter().map(column).collect::<Result<_, _>>()?;
    RecordBatch::try_new(Arc::new(arrow_schema(table)), columns)
}

impl RunFolder<'_> {
    /// Lists the files that another engine wrote here, and deletes those without rows: success markers, checksums.
    ///
    /// # Errors
    /// A file is not Parquet, or lacks a column of the table; the store can't be listed or read, or refuses to delete.
    pub fn foreign_files(&self, table: &TableSchema, timestamps: TimestampEncoding) -> Result<ForeignFiles, LakeError> {
        let prefix = self.key("");
        let mut foreign = ForeignFiles { files: Vec::new(), unreadable: Vec::new() };
        let mut marks = Vec::new();
        for object in self.store().list(prefix.trim_end_matches('/'))? {
            let name = object.key.strip_prefix(&prefix).unwrap_or(&object.key).to_owned();
            if name.starts_with(['_', '.']) {
                marks.push(object.key);
                continue;
            }
            let failed = |reason: String| LakeError::ForeignFile { key: object.key.clone(), reason };
            let found = metadata(self.store(), &object)?.map_err(failed)?;
            let rows = u64::try_from(found.file_metadata().num_rows()).unwrap_or_default();
            foreign.unreadable.extend(unreadable(&found, table, timestamps).map_err(|error| failed(error.to_string()))?);
            foreign.files.push(WrittenFile { name, rows, bytes: object.size });
        }
        foreign.unreadable.sort();
        foreign.unreadable.dedup();
        if !marks.is_empty() {
            self.store().delete(&marks)?;
        }
        Ok(foreign)
    }
}

/// Returns the columns whose values are stored differently from adg's. Lists are not checked: every reader reads those of every
/// engine.
fn unreadable(found: &ParquetMetaData, table: &TableSchema, timestamps: TimestampEncoding) -> Result<Vec<String>, ParquetError> {
    let wanted = parquet_schema(table, timestamps)?;
    let found = found.file_metadata().schema();
    let mut unreadable = Vec::new();
    for column in wanted.get_fields() {
        let theirs = found.get_fields().iter().find(|theirs| theirs.name() == column.name());
        let Some(theirs) = theirs else { return Err(ParquetError::General(format!("there is no column {}", column.name()))) };
        if theirs.is_primitive() != column.is_primitive() {
            unreadable.push(format!("`{}` of another shape", column.name()));
        } else if column.is_primitive() && theirs.get_physical_type() != column.get_physical_type() {
            let what = if column.get_physical_type() == Physical::FIXED_LEN_BYTE_ARRAY { "decimals" } else { "timestamps" };
            unreadable.push(format!("{what} as {}", theirs.get_physical_type()));
        }
    }
    Ok(unreadable)
}

/// Bytes to read at once from a file if the length of the read is unknown.
const BLOCK: u64 = 256 << 10;

/// A file in a store, read in pieces.
#[derive(Clone)]
struct Remote {
    store: Store,
    key: String,
    bytes: u64,
}

impl Length for Remote {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Remote {
    type T = Pieces;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Pieces> {
        Ok(Pieces { file: self.clone(), at: start, piece: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let piece = self.store.range(&self.key, start..start + length as u64);
        piece.map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// A sequential reader of a file from an offset.
struct Pieces {
    file: Remote,
    at: u64,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            let end = (self.at + BLOCK).min(self.file.bytes);
            if self.at >= end {
                return Ok(0);
            }
            self.piece = self.file.store.range(&self.file.key, self.at..end).map_err(io::Error::other)?;
            self.at = end;
        }
        let count = self.piece.len().min(buffer.len());
        self.piece.split_to(count).copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
