//! A source file of any format: what it has, and its records.

use std::io::Read;

use crate::schema::{ColumnName, Naming, TableSchema};

use super::csv::{CsvBatches, Position};
use super::from_file::{FileColumn, FileValues};
use super::json::{self, JsonBatches};
use super::known;
use super::members::{Text, Texts};
use super::stream::{failed, peek};
use super::typed::TypedBatches;
use super::{CsvFormat, Format, Header, RawBatch, ReadSizes, Sample, SourceError, Survey, foreign};

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
    /// Names of the collection's declared columns, for files whose fields are columns by position.
    pub declared: &'a [String],
    /// Columns that the files themselves fill, after those of their records.
    pub from_file: &'a [FileColumn],
}

/// The records of an open file.
pub struct Batches {
    records: Records,
    from_file: FileValues,
}

/// The records of an open file, by its format.
enum Records {
    Csv(Box<CsvBatches>),
    Json(Box<JsonBatches>),
    Typed(Box<TypedBatches>),
    /// A file without any text.
    Blank,
}

impl Batches {
    /// Returns the next records; `None` at the end of the file.
    ///
    /// # Errors
    /// The file is damaged, has a record without an end, or changed since its header was read; the store fails.
    /// [`SourceError::SchemaDrift`] if it has names that its beginning did not have.
    pub fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
        Ok(self.records.next_batch()?.map(|batch| self.from_file.add(batch)))
    }
}

impl Records {
    fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
        match self {
            Self::Csv(file) => file.next_batch(),
            Self::Json(file) => file.next_batch(),
            Self::Typed(file) => file.next_batch(),
            Self::Blank => Ok(None),
        }
    }
}

type Bytes = Box<dyn Read + Send>;

/// Bytes read at a time to find a header.
const HEADER_BYTES: usize = 64 << 10;

impl Reading<'_> {
    /// Reads a file's header; `existing` is the current table, and `first` the header of the date's first file, if this is
    /// another one. For JSON it also answers `survey`, as far as `sample` reads.
    ///
    /// # Errors
    /// The file is empty, damaged, or of another format, compression or encoding; its names can't be columns; the store fails.
    /// [`SourceError::SchemaDrift`] if the beginning that `sample` reads lacks the list of fields.
    pub fn header(
        &self,
        key: &str,
        bytes: Bytes,
        existing: &TableSchema,
        first: Option<&Header>,
        (sample, survey): (Sample, &mut Survey<'_>),
    ) -> Result<Header, SourceError> {
        let texts = self.format.texts(key, bytes)?;
        let mut header = self.header_of_records(key, texts, existing, first, (sample, survey))?;
        header.columns.extend(self.from_file.iter().map(|column| column.column.clone()));
        Ok(header)
    }

    fn header_of_records(
        &self,
        key: &str,
        texts: Texts,
        existing: &TableSchema,
        first: Option<&Header>,
        (sample, survey): (Sample, &mut Survey<'_>),
    ) -> Result<Header, SourceError> {
        let columns = (self.naming, existing, self.reserved);
        match self.format {
            Format::Csv(format) => self.header_of_lines(key, texts, format, first, columns),
            Format::Typed(format) => TypedBatches::open(key, texts.joined(), format, columns).map(|(header, _)| header),
            Format::Json(format) => {
                let (beginning, text) = peek(texts.joined(), foreign::FIRST).map_err(|source| failed(key, source))?;
                let read = json::look(key, Box::new(text), format, self.sizes, columns, sample, survey);
                read.map_err(|error| match (error, foreign::of_text(&String::from_utf8_lossy(&beginning))) {
                    (SourceError::Document { key, .. }, Some(found)) => SourceError::UnknownPacking { key, found },
                    (error, _) => error,
                })
            }
        }
    }

    /// Reads the header of the first text that is not empty.
    fn header_of_lines(
        &self,
        key: &str,
        mut texts: Texts,
        format: &CsvFormat,
        first: Option<&Header>,
        columns: (Naming<'_>, &TableSchema, &[ColumnName]),
    ) -> Result<Header, SourceError> {
        // A header is short, and what is read beyond it is read again.
        let sizes = ReadSizes { block_bytes: self.sizes.block_bytes.min(HEADER_BYTES), ..self.sizes };
        let mut has_text = false;
        while let Some(text) = texts.next()? {
            let (beginning, bytes) = peek(text.bytes, 4096).map_err(|source| failed(&text.key, source))?;
            let text = Text { bytes: Box::new(bytes), ..text };
            let position = Position { declared: self.declared, first };
            match CsvBatches::header_of(key, text, format, sizes, position, columns) {
                Err(SourceError::Empty { .. }) => has_text |= !beginning.trim_ascii().is_empty(),
                opened => {
                    let mut header = opened.map_err(|error| known::explained(error, &beginning))?;
                    header.split_by = known::other_delimiter(&header, &beginning, format);
                    header.kind_of_text = foreign::of_text(&String::from_utf8_lossy(&beginning));
                    header.is_below_a_title = known::is_below_a_title(&header, &beginning, format);
                    return Ok(header);
                }
            }
        }
        if has_text && (format.dialect.skip_lines > 0 || format.dialect.footer_lines > 0) {
            let reason = "no line of it is left by `skip_lines` and `footer_lines`".to_owned();
            return Err(SourceError::UnreadableHeader { key: key.to_owned(), reason });
        }
        Err(SourceError::Empty { key: key.to_owned() })
    }

    /// Returns true if the survey needs another reading of the files: CSV headers hold no values.
    pub fn needs_another_reading(&self, headers: &[Header], survey: &Survey<'_>) -> bool {
        match self.format {
            Format::Csv(_) => headers.iter().any(|header| survey.asks(&header.columns)),
            Format::Typed(format) => !format.kind.tells_types() && headers.iter().any(|header| survey.asks(&header.columns)),
            Format::Json(_) => false,
        }
    }

    /// Opens the records of a file with that header.
    ///
    /// # Errors
    /// The file has another header by now, or another compression or encoding; its beginning is damaged; the store fails.
    pub fn records(&self, header: &Header, bytes: Bytes) -> Result<Batches, SourceError> {
        let texts = self.format.texts(&header.key, bytes)?;
        let opened = self.open(header, texts).and_then(|mut records| {
            // JSON is read with its first records.
            if header.is_blank && !matches!(records, Records::Blank) {
                records.next_batch()?;
                return Err(SourceError::Changed { key: header.key.clone() });
            }
            Ok(records)
        });
        let records = match opened {
            Err(SourceError::Empty { .. }) if header.is_blank => Records::Blank,
            records => records?,
        };
        Ok(Batches { records, from_file: FileValues::new(&header.key, self.from_file) })
    }

    fn open(&self, header: &Header, texts: Texts) -> Result<Records, SourceError> {
        let text = |texts: Texts| {
            let (first, text) = peek(texts.joined(), 1).map_err(|source| failed(&header.key, source))?;
            Ok::<_, SourceError>((!header.is_blank || !first.is_empty()).then(|| Box::new(text)))
        };
        Ok(match self.format {
            Format::Csv(format) => Records::Csv(Box::new(CsvBatches::of(header, texts, format, self.sizes)?)),
            Format::Typed(format) => match text(texts)? {
                Some(text) => Records::Typed(Box::new(TypedBatches::of(header, text, format)?)),
                None => Records::Blank,
            },
            Format::Json(format) => match text(texts)? {
                Some(text) => Records::Json(Box::new(JsonBatches::open(header, text, format, self.sizes))),
                None => Records::Blank,
            },
        })
    }
}
