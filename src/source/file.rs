//! A source file of any format: what it has, and its records.

use std::io::Read;

use crate::schema::{ColumnName, Naming, TableSchema};

use super::bytes::peek;
use super::csv::CsvBatches;
use super::json::{self, JsonBatches};
use super::known;
use super::{Format, Header, RawBatch, ReadSizes, Sample, SourceError, Survey};

/// Settings for reading source files.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// Format of the files.
    pub format: &'a Format,
    /// Limits on the text held in memory at once.
    pub sizes: ReadSizes,
    /// Rule that turns names into columns.
    pub naming: Naming<'a>,
    /// Names that only adg may use.
    pub reserved: &'a [ColumnName],
}

/// The records of an open file.
pub enum Batches {
    /// Records of a CSV file.
    Csv(CsvBatches),
    /// Records of a JSON file.
    Json(Box<JsonBatches>),
}

impl Batches {
    /// Returns the next records; `None` at the end of the file.
    ///
    /// # Errors
    /// The file is damaged, has a record without an end, or changed since its header was read; the store fails.
    /// [`SourceError::SchemaDrift`] if it has names that its beginning did not have.
    pub fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
        match self {
            Self::Csv(file) => file.next_batch(),
            Self::Json(file) => file.next_batch(),
        }
    }
}

type Bytes = Box<dyn Read + Send>;

/// Bytes read at a time to find a header.
const HEADER_BYTES: usize = 64 << 10;

impl Reading<'_> {
    /// Reads a file's header; `existing` is the current table. For JSON it also answers `survey`, as far as `look` reads.
    ///
    /// # Errors
    /// The file is empty, damaged, or of another format, compression or encoding; its names can't be columns; the store fails.
    /// [`SourceError::SchemaDrift`] if the beginning that `sample` reads lacks the list of fields.
    pub fn header(
        &self,
        key: &str,
        bytes: Bytes,
        existing: &TableSchema,
        sample: Sample,
        survey: &mut Survey<'_>,
    ) -> Result<Header, SourceError> {
        let text = self.format.text(key, bytes)?;
        match self.format {
            Format::Csv(format) => {
                // A header is short, and what is read beyond it is read again.
                let sizes = ReadSizes { block_bytes: self.sizes.block_bytes.min(HEADER_BYTES), ..self.sizes };
                let (first, text) =
                    peek(text, 200).map_err(|source| SourceError::Read { key: key.to_owned(), bytes: 0, source })?;
                let opened = CsvBatches::open(key, Box::new(text), format, sizes, self.naming, existing, self.reserved);
                opened.map(|(header, _)| header).map_err(|error| known::explained(error, &first))
            }
            Format::Json(format) => {
                json::look(key, text, format, self.sizes, (self.naming, existing, self.reserved), sample, survey)
            }
        }
    }

    /// Returns true if the survey needs another reading of the files: CSV headers hold no values.
    pub fn needs_another_reading(&self, headers: &[Header], survey: &Survey<'_>) -> bool {
        match self.format {
            Format::Csv(_) => headers.iter().any(|header| survey.asks(&header.columns)),
            Format::Json(_) => false,
        }
    }

    /// Opens the records of a file with that header.
    ///
    /// # Errors
    /// The file has another header by now, or another compression or encoding; its beginning is damaged; the store fails.
    pub fn records(&self, header: &Header, bytes: Bytes, existing: &TableSchema) -> Result<Batches, SourceError> {
        let text = self.format.text(&header.key, bytes)?;
        match self.format {
            Format::Csv(format) => {
                let (now, file) = CsvBatches::open(&header.key, text, format, self.sizes, self.naming, existing, self.reserved)?;
                if now.names != header.names {
                    return Err(SourceError::Changed { key: header.key.clone() });
                }
                Ok(Batches::Csv(file))
            }
            Format::Json(format) => Ok(Batches::Json(Box::new(JsonBatches::open(header, text, format, self.sizes)))),
        }
    }
}
