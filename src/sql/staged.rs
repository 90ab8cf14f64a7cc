//! Rows kept in scratch, as Parquet files that statements read.

use std::fs::File;
use std::io::{Read, Write};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::ChunkReader;

use crate::batch::arrow_schema;
use crate::schema::TableSchema;
use crate::store::{ScratchFile, ScratchFolder};

use super::SqlError;

/// Approximate size of a file in bytes. An encrypted one is held in memory while it is read.
const FILE_BYTES: usize = 8 << 20;
/// Bytes of a page. Each column holds one while a row group is made.
const PAGE_BYTES: usize = 128 << 10;
/// Rows of a batch that is read back.
const BATCH_ROWS: usize = 8192;

/// Rows in scratch.
#[derive(Debug)]
pub struct StagedTable {
    schema: TableSchema,
    files: Vec<ScratchFile>,
    rows: u64,
    bytes: u64,
}

/// Writes rows into scratch.
pub struct StagedWriter<'f> {
    folder: &'f ScratchFolder,
    /// Beginning of the files' names.
    name: String,
    schema: Arc<Schema>,
    row_group_bytes: usize,
    open: Option<ArrowWriter<Box<dyn Write + Send>>>,
    files: Vec<ScratchFile>,
    rows: u64,
    bytes: u64,
}

fn scratch<E: ToString>(action: &'static str) -> impl Fn(E) -> SqlError {
    move |error| SqlError::Scratch { action, reason: error.to_string() }
}

const KEEP: &str = "keep";
const READ: &str = "read";

impl<'f> StagedWriter<'f> {
    /// Returns a writer of files whose names begin with `name`, which no other writer of the folder has. It holds row groups of
    /// about so many bytes in memory.
    pub fn new(folder: &'f ScratchFolder, name: &str, schema: &TableSchema, row_group_bytes: usize) -> Self {
        let schema = Arc::new(arrow_schema(schema));
        Self { folder, name: name.to_owned(), schema, row_group_bytes, open: None, files: Vec::new(), rows: 0, bytes: 0 }
    }

    /// Writes a batch, whose columns are those of the table, in the same order.
    ///
    /// # Errors
    /// The disk is full, or refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SqlError> {
        let mut writer = match self.open.take() {
            Some(writer) => writer,
            None => self.begin()?,
        };
        writer.write(batch).map_err(scratch(KEEP))?;
        if writer.in_progress_size() >= self.row_group_bytes {
            writer.flush().map_err(scratch(KEEP))?;
        }
        self.rows += batch.num_rows() as u64;
        if writer.bytes_written() < FILE_BYTES {
            self.open = Some(writer);
            return Ok(());
        }
        self.end(writer)
    }

    fn begin(&mut self) -> Result<ArrowWriter<Box<dyn Write + Send>>, SqlError> {
        let file = self.folder.file(&format!("{}-{}.parquet", self.name, self.files.len())).map_err(scratch(KEEP))?;
        // Read once and soon: what makes files small or quick to search costs more than it saves.
        let properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .set_dictionary_enabled(false)
            .set_data_page_size_limit(PAGE_BYTES)
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        let sink = file.create().map_err(scratch(KEEP))?;
        self.files.push(file);
        ArrowWriter::try_new(sink, Arc::clone(&self.schema), Some(properties)).map_err(scratch(KEEP))
    }

    fn end(&mut self, mut writer: ArrowWriter<Box<dyn Write + Send>>) -> Result<(), SqlError> {
        let finish = |writer: &mut ArrowWriter<Box<dyn Write + Send>>| {
            writer.finish()?;
            writer.inner_mut().flush().map_err(ParquetError::from)
        };
        finish(&mut writer).map_err(scratch(KEEP))?;
        self.bytes += writer.bytes_written() as u64;
        Ok(())
    }

    /// Ends the last file. Returns the rows of all these writers, which have the same columns.
    ///
    /// # Errors
    /// The disk is full, or refuses.
    pub fn finish(schema: &TableSchema, writers: impl IntoIterator<Item = Self>) -> Result<StagedTable, SqlError> {
        let mut table = StagedTable { schema: schema.clone(), files: Vec::new(), rows: 0, bytes: 0 };
        for mut writer in writers {
            if let Some(open) = writer.open.take() {
                writer.end(open)?;
            }
            table.files.extend(writer.files);
            table.rows += writer.rows;
            table.bytes += writer.bytes;
        }
        Ok(table)
    }
}

impl StagedTable {
    /// Returns the columns.
    pub fn schema(&self) -> &TableSchema {
        &self.schema
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the size of the files in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns true if the files are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.files.first().is_some_and(ScratchFile::is_encrypted)
    }

    /// Returns the files.
    pub(super) fn files(&self) -> &[ScratchFile] {
        &self.files
    }

    /// Returns the rows in batches.
    pub fn batches(&self) -> impl Iterator<Item = Result<RecordBatch, SqlError>> {
        self.files.iter().flat_map(|file| -> Box<dyn Iterator<Item = Result<RecordBatch, SqlError>>> {
            match opened(file) {
                Ok(reader) => Box::new(reader.map(|batch| batch.map_err(scratch(READ)))),
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        })
    }
}

fn opened(file: &ScratchFile) -> Result<ParquetRecordBatchReader, SqlError> {
    if file.is_encrypted() { reader(content(file)?) } else { reader(File::open(file.path()).map_err(scratch(READ))?) }
}

fn reader(file: impl ChunkReader + 'static) -> Result<ParquetRecordBatchReader, SqlError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(scratch(READ))?;
    builder.with_batch_size(BATCH_ROWS).build().map_err(scratch(READ))
}

/// Returns the decrypted bytes of a file.
pub(super) fn content(file: &ScratchFile) -> Result<Bytes, SqlError> {
    let read = || {
        // One byte more, lest the end be looked for in twice the space.
        let size = usize::try_from(std::fs::metadata(file.path())?.len()).unwrap_or_default();
        let mut bytes = Vec::with_capacity(size + 1);
        file.open()?.read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(bytes.into())
    };
    read().map_err(scratch(READ))
}
