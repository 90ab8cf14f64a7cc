//! A table's batches as Parquet files in one folder.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use crate::batch::arrow_schema;
use crate::lake::{LakeError, RunFolder};
use crate::schema::{TableSchema, TimestampEncoding};
use crate::sink::Extent;
use crate::store::Upload;
use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_schema::{FieldRef, Schema};
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescriptor, TypePtr};

use super::dictionary;
use super::file_writer::FileWriter;
use super::row_group::RowGroup;
use super::types::parquet_schema;

/// Settings of the Parquet writer.
#[derive(Debug, Clone, Copy)]
pub struct FileSettings {
    /// Encoding of timestamps.
    pub timestamps: TimestampEncoding,
    /// Approximate size of a row group in bytes. It is kept in memory until it is full.
    pub row_group_bytes: usize,
    /// Approximate size of a file in bytes.
    pub file_bytes: usize,
}

impl FileSettings {
    /// Returns the page size in bytes for a number of columns: the usual 1 MiB, less if the row group is small or has many
    /// columns. Each column holds a page and a dictionary of that size while the row group is built.
    fn page_bytes(&self, columns: usize) -> usize {
        (self.row_group_bytes / (4 * columns.max(16))).clamp(8 << 10, 1 << 20)
    }
}

/// A finished file in the run's folder.
#[derive(Debug, Clone)]
pub struct WrittenFile {
    /// Its path in the run's folder.
    pub name: String,
    /// Its rows, by its footer.
    pub rows: u64,
    /// Its bytes.
    pub bytes: u64,
}

impl WrittenFile {
    /// Returns its extent.
    pub fn extent(&self) -> Extent {
        Extent { files: 1, bytes: self.bytes, rows: self.rows }
    }
}

/// Writes batches of one table into as many files in one folder as they need.
pub(in crate::lake) struct FolderWriter<'a> {
    folder: RunFolder<'a>,
    /// Path of the files' folder in the run's folder, with a slash at its end; or nothing.
    below: String,
    /// Number of the first file.
    first: usize,
    schema: TableSchema,
    arrow: Arc<Schema>,
    settings: FileSettings,
    current: Option<OpenFile>,
    finished: Vec<WrittenFile>,
}

struct OpenFile {
    name: String,
    writer: FileWriter<Upload>,
    factory: ArrowRowGroupWriterFactory,
    group: Option<RowGroup>,
    groups: usize,
    /// Approximate size of the row groups before it in bytes.
    bytes: usize,
}

impl<'a> FolderWriter<'a> {
    /// A writer into `folder`, where the files are sent to while they are written.
    pub(in crate::lake) fn new(folder: &RunFolder<'a>, schema: &TableSchema, settings: FileSettings) -> Self {
        let arrow = Arc::new(arrow_schema(schema));
        let (folder, schema) = (folder.clone(), schema.clone());
        Self { folder, below: String::new(), first: 0, schema, arrow, settings, current: None, finished: Vec::new() }
    }

    /// Writes into a folder of that name in the run's folder, in which there are `first` files already.
    pub(super) fn below(self, name: &str, first: usize) -> Self {
        self.at(&format!("{name}/"), first)
    }

    /// Writes behind that path in the run's folder, which is nothing or ends in a slash, and behind which there are `first` files
    /// already.
    pub(in crate::lake) fn at(self, path: &str, first: usize) -> Self {
        Self { below: path.to_owned(), first, ..self }
    }

    /// Writes a batch. Its columns have the table's types, in any order; missing columns are null.
    ///
    /// # Errors
    /// The store refuses the file, or the Parquet writer fails. The file's rows are lost: nothing more may be written.
    pub(in crate::lake) fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let arrays = self.columns_of(batch);
        let mut file = match self.current.take() {
            Some(file) => file,
            None => self.open(&arrays)?,
        };
        let full = self.append(&mut file, batch.num_rows(), &arrays).map_err(|error| failed(&file.name, error))?;
        if full {
            self.finish_file(file)
        } else {
            self.current = Some(file);
            Ok(())
        }
    }

    /// Returns the batch's columns in the table's order.
    fn columns_of(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        let schema = batch.schema_ref();
        let by_name: HashMap<&str, &ArrayRef> =
            schema.fields().iter().zip(batch.columns()).map(|(field, array)| (field.name().as_str(), array)).collect();
        let column = |field: &FieldRef| match by_name.get(field.name().as_str()) {
            Some(array) => Arc::clone(array),
            None => new_null_array(field.data_type(), batch.num_rows()),
        };
        self.arrow.fields().iter().map(column).collect()
    }

    /// Finishes the last file, if one was begun.
    ///
    /// # Errors
    /// The store refuses the file, or the Parquet writer fails.
    pub(in crate::lake) fn finish_if_begun(mut self) -> Result<Vec<WrittenFile>, LakeError> {
        if let Some(file) = self.current.take() {
            self.finish_file(file)?;
        }
        Ok(self.finished)
    }

    /// Finishes the last file. Without any batch this writes one file without rows, so that readers find the schema.
    ///
    /// # Errors
    /// The store refuses the file, or the Parquet writer fails.
    pub(super) fn finish(mut self) -> Result<Vec<WrittenFile>, LakeError> {
        match self.current.take() {
            Some(file) => self.finish_file(file)?,
            None if self.finished.is_empty() => {
                let file = self.open(&[])?;
                self.finish_file(file)?;
            }
            None => {}
        }
        Ok(self.finished)
    }

    /// Begins a file; `first` are the first values of its columns.
    fn open(&self, first: &[ArrayRef]) -> Result<OpenFile, LakeError> {
        let name = format!("{}part-{:05}.parquet", self.below, self.first + self.finished.len());
        let start = || {
            let schema = parquet_schema(&self.schema, self.settings.timestamps)?;
            let writer = SerializedFileWriter::new(
                self.folder.begin(&name),
                Arc::clone(&schema),
                Arc::new(self.properties(schema, first)?),
            )?;
            let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(&self.arrow));
            Ok((writer, factory))
        };
        let (writer, factory) = start().map_err(|error| failed(&name, error))?;
        Ok(OpenFile { name, writer: FileWriter::new(writer), factory, group: None, groups: 0, bytes: 0 })
    }

    fn properties(&self, schema: TypePtr, first: &[ArrayRef]) -> Result<WriterProperties, ParquetError> {
        let paths = SchemaDescriptor::new(schema);
        let page_bytes = self.settings.page_bytes(paths.num_columns());
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("adg version ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_data_page_size_limit(page_bytes)
            .set_dictionary_page_size_limit(page_bytes)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?));
        for (path, leaf) in paths.columns().iter().zip(first.iter().flat_map(dictionary::leaves)) {
            if !dictionary::is_worth(&leaf, page_bytes) {
                properties = properties.set_column_dictionary_enabled(path.path().clone(), false);
            }
        }
        let mut properties = properties.build();
        add_encoded_arrow_schema_to_metadata(&self.arrow, &mut properties);
        Ok(properties)
    }

    /// Appends rows to a file. Returns true if the file is full afterwards.
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
        file.groups += 1;
        file.bytes += group.bytes();
        file.writer.append(group)?;
        // Nearer to its size with this row group as the last than with another.
        Ok(file.bytes + self.settings.row_group_bytes / 2 >= self.settings.file_bytes)
    }

    fn finish_file(&mut self, file: OpenFile) -> Result<(), LakeError> {
        let OpenFile { name, mut writer, group, .. } = file;
        let finish = || {
            if let Some(group) = group.filter(|group| group.rows() > 0) {
                writer.append(group)?;
            }
            let mut writer = writer.end()?;
            let rows = writer.finish()?.file_metadata().num_rows();
            Ok((rows, writer))
        };
        let (rows, mut writer) = finish().map_err(|error| failed(&name, error))?;
        let bytes = writer.bytes_written();
        writer.inner_mut().finish()?;
        self.finished.push(WrittenFile { name, rows: u64::try_from(rows).unwrap_or_default(), bytes: bytes as u64 });
        Ok(())
    }
}

/// Converts a Parquet error: returns the store's own error if the store failed.
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
