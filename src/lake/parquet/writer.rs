//! A table's frames as Parquet files in a run's own folder.

use std::io;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::Schema;
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use polars::prelude::DataFrame;

use crate::frame;
use crate::lake::{LakeError, RunFolder};
use crate::schema::{TableSchema, TimestampEncoding};
use crate::store::Upload;

use super::row_group::RowGroup;
use super::types::{arrow_schema, parquet_schema};

/// How files are written.
#[derive(Debug, Clone, Copy)]
pub struct FileSettings {
    /// How instants are written.
    pub timestamps: TimestampEncoding,
    /// About how many bytes a row group has. It is in memory until it is full.
    pub row_group_bytes: usize,
    /// About how many bytes a file has.
    pub file_bytes: usize,
}

impl FileSettings {
    /// Bytes of a page: the usual 1 MiB, less where the row group is small.
    fn page_bytes(&self) -> usize {
        (self.row_group_bytes / 64).clamp(64 << 10, 1 << 20)
    }
}

/// A finished file in the run's folder.
#[derive(Debug, Clone)]
pub struct WrittenFile {
    /// Its name.
    pub name: String,
    /// Its rows, by its footer.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// Writes frames of one schema into as many files as they need; at least one.
pub struct TableWriter<'a> {
    folder: &'a RunFolder<'a>,
    schema: TableSchema,
    arrow: Arc<Schema>,
    settings: FileSettings,
    current: Option<OpenFile>,
    finished: Vec<WrittenFile>,
}

struct OpenFile {
    name: String,
    writer: SerializedFileWriter<Upload>,
    factory: ArrowRowGroupWriterFactory,
    group: Option<RowGroup>,
    groups: usize,
}

impl<'a> TableWriter<'a> {
    /// A writer into `folder`, where the files are sent to while they are written.
    pub fn new(folder: &'a RunFolder<'a>, schema: &TableSchema, settings: FileSettings) -> Self {
        let arrow = Arc::new(arrow_schema(schema));
        Self { folder, schema: schema.clone(), arrow, settings, current: None, finished: Vec::new() }
    }

    /// Writes a frame whose columns are the schema's, in its order and types.
    pub fn write(&mut self, frame: &DataFrame) -> Result<(), LakeError> {
        let arrays = frame::to_arrow(frame)?;
        let mut file = match self.current.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let full = self.append(&mut file, frame.height(), &arrays).map_err(|error| failed(&file.name, error))?;
        if full {
            self.finish_file(file)
        } else {
            self.current = Some(file);
            Ok(())
        }
    }

    /// Ends the last file. Without any frame that is one file without rows, so that readers find the schema.
    pub fn finish(mut self) -> Result<Vec<WrittenFile>, LakeError> {
        match self.current.take() {
            Some(file) => self.finish_file(file)?,
            None if self.finished.is_empty() => {
                let file = self.open()?;
                self.finish_file(file)?;
            }
            None => {}
        }
        Ok(self.finished)
    }

    fn open(&self) -> Result<OpenFile, LakeError> {
        let name = format!("part-{:05}.parquet", self.finished.len());
        let start = || {
            let schema = parquet_schema(&self.schema, self.settings.timestamps)?;
            let writer = SerializedFileWriter::new(self.folder.begin(&name), schema, Arc::new(self.properties()?))?;
            let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(&self.arrow));
            Ok((writer, factory))
        };
        let (writer, factory) = start().map_err(|error| failed(&name, error))?;
        Ok(OpenFile { name, writer, factory, group: None, groups: 0 })
    }

    fn properties(&self) -> Result<WriterProperties, ParquetError> {
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("adg version ", env!("CARGO_PKG_VERSION")).to_owned())
            // Every column holds a page and a dictionary while a row group is made.
            .set_data_page_size_limit(self.settings.page_bytes())
            .set_dictionary_page_size_limit(self.settings.page_bytes())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .build();
        add_encoded_arrow_schema_to_metadata(&self.arrow, &mut properties);
        Ok(properties)
    }

    /// Whether the file is full afterwards.
    fn append(&self, file: &mut OpenFile, rows: usize, arrays: &[ArrayRef]) -> Result<bool, ParquetError> {
        let mut group = match file.group.take() {
            Some(group) => group,
            None => RowGroup::new(&file.factory, file.groups, &self.schema, &self.arrow, self.settings.timestamps)?,
        };
        group.write(rows, arrays)?;
        if group.bytes() < self.settings.row_group_bytes {
            file.group = Some(group);
            return Ok(false);
        }
        group.close(&mut file.writer)?;
        file.groups += 1;
        // Nearer to its size with this row group as the last than with another.
        Ok(file.writer.bytes_written() + self.settings.row_group_bytes / 2 >= self.settings.file_bytes)
    }

    fn finish_file(&mut self, file: OpenFile) -> Result<(), LakeError> {
        let OpenFile { name, mut writer, group, .. } = file;
        let finish = || {
            if let Some(group) = group.filter(|group| group.rows() > 0) {
                group.close(&mut writer)?;
            }
            writer.finish().map(|metadata| metadata.file_metadata().num_rows())
        };
        let rows = finish().map_err(|error| failed(&name, error))?;
        let bytes = writer.bytes_written();
        writer.inner_mut().finish()?;
        self.finished.push(WrittenFile { name, rows: u64::try_from(rows).unwrap_or_default(), bytes: bytes as u64 });
        Ok(())
    }
}

/// What the store said, where it is the store that failed.
fn failed(file: &str, error: ParquetError) -> LakeError {
    let parquet = |reason: String| LakeError::Parquet { file: file.to_owned(), reason };
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => error.downcast().map_or_else(|error| parquet(error.to_string()), LakeError::Store),
            Err(error) => parquet(error.to_string()),
        },
        error => parquet(error.to_string()),
    }
}
