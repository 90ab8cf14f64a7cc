//! A file of delimited text as a stream of batches.

use std::io::Read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{ColumnName, NameError, Naming, TableSchema, headers_to_columns};

use super::parser::{RecordError, RecordReader, WithoutLastLines, is_sep};
use super::{Dialect, LongRecords, ReadSizes, Widths};
use super::{Encoding, Header, RawBatch, SourceError, ValueRules};

/// The byte order mark.
const MARK: char = '\u{FEFF}';

/// Format of a module's files of delimited text.
#[derive(Debug, Clone)]
pub struct CsvFormat {
    /// Notation of fields and records.
    pub dialect: Dialect,
    /// Place of the fields' names.
    pub header: HeaderRule,
    /// Names of the fields of all collections, where the files have none.
    pub names: Vec<String>,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Rules of the values.
    pub values: ValueRules,
}

/// Place of the names of the fields of CSV files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeaderRule {
    /// The first line of each file.
    #[default]
    Names,
    /// The files have no header. Fields are the columns in `names`, else the declared columns, in order; where neither is
    /// given, `column_1`, `column_2` and so on.
    None,
    /// The files have a header that is not used: fields are the columns in `names`, else the declared columns, in order, as Spark
    /// reads files with a schema. Where neither is given, the header is used.
    ByPosition,
    /// The first line of a date's first file. The others have no header, and the same fields.
    FirstFile,
}

/// Column of the additional fields of records that are longer than the header.
const EXTRA: &str = "extra_fields";

/// Knowledge of a file's fields from elsewhere than the file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Position<'a> {
    /// Names of the fields by position: the declared columns of the collection. Empty if there are none.
    pub declared: &'a [String],
    /// Header of the date's first file, if this is another one.
    pub first: Option<&'a Header>,
}

/// An open file: its header, then its records.
pub(super) struct CsvBatches {
    key: String,
    width: usize,
    sizes: ReadSizes,
    /// True if lines may end with a delimiter.
    trailing_delimiter: bool,
    records: RecordReader<Box<dyn Read + Send>>,
}

impl CsvBatches {
    fn new(key: &str, text: Box<dyn Read + Send>, format: &CsvFormat, sizes: ReadSizes) -> Self {
        let Dialect { quote, line_ends, .. } = &format.dialect;
        let text: Box<dyn Read + Send> = match format.dialect.footer_lines {
            0 => text,
            count => Box::new(WithoutLastLines::new(text, count, *quote, line_ends.as_ref())),
        };
        let records = RecordReader::new(text, format.dialect.clone(), sizes);
        Self { key: key.to_owned(), width: 0, sizes, trailing_delimiter: format.dialect.widths.trailing_delimiter, records }
    }

    /// Reads the header of an open text. `existing` and `reserved` are as for [`headers_to_columns`].
    pub(super) fn open(
        key: &str,
        text: Box<dyn Read + Send>,
        format: &CsvFormat,
        sizes: ReadSizes,
        position: Position<'_>,
        (naming, existing, reserved): (Naming<'_>, &TableSchema, &[ColumnName]),
    ) -> Result<(Header, Self), SourceError> {
        let mut file = Self::new(key, text, format, sizes);
        let (names, line) = match (format.header, position.first) {
            (HeaderRule::FirstFile, Some(first)) => (first.names.clone(), file.repeated_header(first)?),
            (HeaderRule::Names | HeaderRule::FirstFile, _) => {
                let line = file.header()?;
                (with_extra(line.clone(), format), Some(line))
            }
            (HeaderRule::None, _) => (with_extra(file.names_by_position(format, position)?, format), None),
            (HeaderRule::ByPosition, _) => {
                let line = file.header()?;
                (with_extra(file.names_of_line(&line, format, position)?, format), Some(line))
            }
        };
        let refused = |source| SourceError::Header { key: key.to_owned(), source };
        if keeps_extra(format) {
            refuse_extra(&names, |name| naming.column(name, existing)).map_err(refused)?;
        }
        let columns = headers_to_columns(naming, &names, existing, reserved).map_err(refused)?;
        file.width = names.len();
        Ok((Header { names, columns, line, is_blank: false, ..Header::blank(key) }, file))
    }

    /// Opens the records of a file whose header is known.
    pub(super) fn of(
        header: &Header,
        text: Box<dyn Read + Send>,
        format: &CsvFormat,
        sizes: ReadSizes,
    ) -> Result<Self, SourceError> {
        let mut file = Self::new(&header.key, text, format, sizes);
        match &header.line {
            Some(line) if file.header()? != *line => return Err(SourceError::Changed { key: header.key.clone() }),
            Some(_) => {}
            None => file.must_have_a_record()?,
        }
        file.width = header.names.len();
        Ok(file)
    }

    /// Reads the first line as a header.
    fn header(&mut self) -> Result<Vec<String>, SourceError> {
        let found = self.records.header().map_err(|error| self.stopped(error))?;
        let mut names = found.ok_or_else(|| self.empty())?.map_err(|reason| self.unreadable(reason))?;
        // Where a file was marked twice, the second mark is no part of the name.
        if let Some(first) = names.first_mut().filter(|first| first.starts_with(MARK)) {
            *first = first.trim_start_matches(MARK).to_owned();
        }
        if self.trailing_delimiter && names.len() > 1 {
            names.pop_if(|last| last.is_empty());
        }
        if let Some(first) = names.first().filter(|first| is_sep(first.as_bytes())) {
            return Err(SourceError::ForeignHeader {
                key: self.key.clone(),
                reason: format!("its first line is `{first}`"),
                cause: "the line in which Excel looks for the delimiter (`source.csv.sep_line: true`)".to_owned(),
            });
        }
        Ok(names)
    }

    /// Reads the first line as a header if it is that of the date's first file: some sources repeat it.
    fn repeated_header(&mut self, first: &Header) -> Result<Option<Vec<String>>, SourceError> {
        let line = first.line.clone().unwrap_or_default();
        let found = self.records.repeated_header(&line).map_err(|error| self.stopped(error))?;
        Ok(found.ok_or_else(|| self.empty())?.then_some(line))
    }

    fn must_have_a_record(&mut self) -> Result<(), SourceError> {
        let found = self.records.width().map_err(|error| self.stopped(error))?;
        found.map(drop).ok_or_else(|| self.empty())
    }

    /// Returns the names of the fields of a file without a header.
    fn names_by_position(&mut self, format: &CsvFormat, position: Position<'_>) -> Result<Vec<String>, SourceError> {
        let given = given(format, position);
        let found = self.records.width().map_err(|error| self.stopped(error))?;
        let first = found.ok_or_else(|| self.empty())?;
        if given.is_empty() { Ok(numbered(first.map_err(|reason| self.unreadable(reason))?)) } else { Ok(given.to_vec()) }
    }

    /// Returns the names of the fields of a file whose header is not used.
    fn names_of_line(&self, line: &[String], format: &CsvFormat, position: Position<'_>) -> Result<Vec<String>, SourceError> {
        let given = given(format, position);
        let Widths { fill_short, long, .. } = format.dialect.widths;
        match (line.len(), given.len()) {
            (_, 0) => Ok(line.to_vec()),
            (found, named) if found < named && !fill_short || found > named && long == LongRecords::SetAside => {
                Err(self.unreadable(format!("it has {found} fields, and the module gives {named} names for them by position")))
            }
            _ => Ok(given.to_vec()),
        }
    }

    fn empty(&self) -> SourceError {
        SourceError::Empty { key: self.key.clone() }
    }

    fn unreadable(&self, reason: String) -> SourceError {
        SourceError::UnreadableHeader { key: self.key.clone(), reason }
    }

    /// Returns the next records; `None` at the end of the file.
    pub(super) fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
        self.records.next_batch(self.width).map_err(|error| self.stopped(error))
    }

    fn stopped(&self, error: RecordError) -> SourceError {
        let key = self.key.clone();
        match error {
            RecordError::Io(source) => SourceError::Read { key, bytes: self.records.bytes_read(), source },
            RecordError::TooLong { line } => SourceError::RecordTooLong { key, line, limit: self.sizes.record_bytes },
            RecordError::Trailer(flaw) => SourceError::Trailer { key, flaw },
        }
    }
}

/// Returns the names that the module gives to the fields by position; empty if there are none. A column of additional fields that
/// is declared, at the end, has no position.
fn given<'n>(format: &'n CsvFormat, position: Position<'n>) -> &'n [String] {
    match position.declared {
        _ if !format.names.is_empty() => &format.names,
        [names @ .., last] if last == EXTRA && keeps_extra(format) => names,
        names => names,
    }
}

fn numbered(width: usize) -> Vec<String> {
    (1..=width).map(|i| format!("column_{i}")).collect()
}

fn keeps_extra(format: &CsvFormat) -> bool {
    format.dialect.widths.long == LongRecords::KeepExtra
}

/// Adds the column of additional fields, if they are kept.
fn with_extra(mut names: Vec<String>, format: &CsvFormat) -> Vec<String> {
    if keeps_extra(format) {
        names.push(EXTRA.to_owned());
    }
    names
}

/// Refuses a field whose column is that of additional fields, the last of the names.
fn refuse_extra(names: &[String], column: impl Fn(&str) -> Option<ColumnName>) -> Result<(), NameError> {
    let fields = names.split_last().map(|(_, fields)| fields).unwrap_or_default();
    let found = fields.iter().find_map(|name| Some((name, column(name).filter(|column| column.as_str() == EXTRA)?)));
    found.map_or(Ok(()), |(name, column)| {
        Err(NameError::Reserved { header: name.clone(), column, setting: Some("source.csv.long_rows: keep_extra".to_owned()) })
    })
}
