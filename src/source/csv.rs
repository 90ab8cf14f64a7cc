//! A CSV file as a stream of batches.

use std::io::Read;

use crate::schema::{ColumnName, Naming, TableSchema, headers_to_columns};

use super::parser::{Dialect, ReadSizes, RecordReader};
use super::{Encoding, Header, RawBatch, SourceError, ValueRules};

/// CSV format of a module's files.
#[derive(Debug, Clone)]
pub struct CsvFormat {
    /// Field delimiter; one ASCII character.
    pub delimiter: u8,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Rules of the values.
    pub values: ValueRules,
}

/// An open file: its header, then its records.
pub struct CsvBatches {
    key: String,
    width: usize,
    sizes: ReadSizes,
    records: RecordReader<Box<dyn Read + Send>>,
}

impl CsvBatches {
    /// Reads the header of an open text. `existing` and `reserved` are as for [`headers_to_columns`].
    pub fn open(
        key: &str,
        text: Box<dyn Read + Send>,
        format: &CsvFormat,
        sizes: ReadSizes,
        naming: Naming<'_>,
        existing: &TableSchema,
        reserved: &[ColumnName],
    ) -> Result<(Header, Self), SourceError> {
        let records = RecordReader::new(text, Dialect { delimiter: format.delimiter }, sizes);
        let mut file = Self { key: key.to_owned(), width: 0, sizes, records };
        let names = match file.records.header() {
            Ok(Some(Ok(names))) => names,
            Ok(Some(Err(reason))) => return Err(SourceError::UnreadableHeader { key: key.to_owned(), reason }),
            Ok(None) => return Err(SourceError::Empty { key: key.to_owned() }),
            Err(error) => return Err(file.stopped(error)),
        };
        file.width = names.len();
        let columns = headers_to_columns(naming, &names, existing, reserved)
            .map_err(|source| SourceError::Header { key: key.to_owned(), source })?;
        Ok((Header { key: key.to_owned(), names, columns, marked: None, is_whole: true }, file))
    }

    /// Returns the next records; `None` at the end of the file.
    pub fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
        self.records.next_batch(self.width).map_err(|error| self.stopped(error))
    }

    fn stopped(&self, error: super::parser::RecordError) -> SourceError {
        let key = self.key.clone();
        match error {
            super::parser::RecordError::Io(source) => SourceError::Read { key, bytes: self.records.bytes_read(), source },
            super::parser::RecordError::TooLong { line } => {
                SourceError::RecordTooLong { key, line, limit: self.sizes.record_bytes }
            }
        }
    }
}
