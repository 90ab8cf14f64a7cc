//! A file of delimited text as a stream of batches.

use std::collections::HashSet;
use std::io::Read;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{ColumnName, NameError, Naming, TableSchema, headers_to_columns};

use super::members::{Text, Texts};
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
    /// The first line of a date's first file. The others have no header, and the same fields. One that has a header all the same,
    /// with these names in any order and case, is read by it.
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

/// An open file: its header, then its records. The files of an archive follow one another, each with its own first and last
/// lines.
pub(super) struct CsvBatches {
    /// Key for messages: that of the text, if the file has several.
    key: String,
    /// Name of the file in an archive with several.
    member: Option<String>,
    width: usize,
    sizes: ReadSizes,
    /// True if lines may end with a delimiter.
    trailing_delimiter: bool,
    records: RecordReader<Box<dyn Read + Send>>,
    /// Texts that follow; `None` if there is but one.
    following: Option<Box<Following>>,
}

/// Texts of an archive that follow the first one.
struct Following {
    texts: Texts,
    format: CsvFormat,
    /// Names that the first line of each must or may have; empty if it must have none.
    line: Vec<String>,
    /// The file that they are compared with.
    first: String,
}

impl CsvBatches {
    fn new(text: Text, format: &CsvFormat, sizes: ReadSizes) -> Self {
        let Dialect { quote, line_ends, .. } = &format.dialect;
        let Text { key, member, bytes } = text;
        let bytes: Box<dyn Read + Send> = match format.dialect.footer_lines {
            0 => bytes,
            count => Box::new(WithoutLastLines::new(bytes, count, *quote, line_ends.as_ref())),
        };
        let records = RecordReader::new(bytes, format.dialect.clone(), sizes);
        let trailing_delimiter = format.dialect.widths.trailing_delimiter;
        Self { key, member, width: 0, sizes, trailing_delimiter, records, following: None }
    }

    /// Returns the header of an open text. `existing` and `reserved` are as for [`headers_to_columns`].
    pub(super) fn header_of(
        key: &str,
        text: Text,
        format: &CsvFormat,
        sizes: ReadSizes,
        position: Position<'_>,
        (naming, existing, reserved): (Naming<'_>, &TableSchema, &[ColumnName]),
    ) -> Result<Header, SourceError> {
        let mut file = Self::new(text, format, sizes);
        let mut begins_with_names = false;
        let (names, line) = match (format.header, position.first) {
            (HeaderRule::FirstFile, Some(first)) => {
                file.must_have_a_record()?;
                let known = names_in_line(first, format);
                begins_with_names = file.begins_with(&known)?;
                // A single value that is the name in another case may be a value.
                if begins_with_names && (known.len() > 1 || file.names()?.as_ref() == Some(&known)) {
                    begins_with_names = false;
                    let line = file.header()?;
                    (with_extra(line.clone(), format), Some(line))
                } else {
                    (first.names.clone(), None)
                }
            }
            (HeaderRule::Names | HeaderRule::FirstFile, _) => {
                let line = file.header()?;
                (with_extra(line.clone(), format), Some(line))
            }
            (HeaderRule::None, _) => {
                let names = file.names_by_position(format, position)?;
                begins_with_names = file.begins_with(&known(given(format, position), naming))?;
                (with_extra(names, format), None)
            }
            (HeaderRule::ByPosition, _) => {
                let line = file.header()?;
                // The line above the names may have been taken for them.
                begins_with_names =
                    line != given(format, position) && file.begins_with(&known(given(format, position), naming))?;
                (with_extra(file.names_of_line(&line, format, position)?, format), Some(line))
            }
        };
        let refused = |source| SourceError::Header { key: key.to_owned(), source };
        if keeps_extra(format) {
            refuse_extra(&names, |name| naming.column(name, existing)).map_err(refused)?;
        }
        let columns = headers_to_columns(naming, &names, existing, reserved).map_err(refused)?;
        Ok(Header { names, columns, line, begins_with_names, is_blank: false, ..Header::blank(key) })
    }

    /// Opens the records of a file whose header is known, in the first of its texts that is not empty.
    pub(super) fn of(header: &Header, mut texts: Texts, format: &CsvFormat, sizes: ReadSizes) -> Result<Self, SourceError> {
        while let Some(text) = texts.next()? {
            let mut file = Self::new(text, format, sizes);
            match file.take_line(header) {
                Err(SourceError::Empty { .. }) => continue,
                taken => taken?,
            }
            file.width = header.names.len();
            if let Some(first) = file.member.clone().filter(|_| texts.are_several()) {
                let line = names_in_line(header, format);
                file.following = Some(Box::new(Following { texts, format: format.clone(), line, first }));
            }
            return Ok(file);
        }
        Err(SourceError::Empty { key: header.key.clone() })
    }

    /// Takes the line of a header that is known.
    fn take_line(&mut self, header: &Header) -> Result<(), SourceError> {
        match &header.line {
            Some(line) if self.header()? != *line => Err(SourceError::Changed { key: header.key.clone() }),
            Some(_) => Ok(()),
            None => self.must_have_a_record(),
        }
    }

    /// Opens the next text that is not empty. Returns false if there is none.
    fn open_next(&mut self) -> Result<bool, SourceError> {
        let Some(following) = &mut self.following else { return Ok(false) };
        while let Some(text) = following.texts.next()? {
            let mut file = Self::new(text, &following.format, self.sizes);
            match file.take_line_as(following) {
                Err(SourceError::Empty { .. }) => continue,
                taken => taken?,
            }
            (self.key, self.member, self.records) = (file.key, file.member, file.records);
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes the header of a text that follows another one in an archive.
    fn take_line_as(&mut self, following: &Following) -> Result<(), SourceError> {
        let Following { line, first, format, .. } = following;
        let reason = match format.header {
            HeaderRule::Names | HeaderRule::ByPosition if self.header()? == *line => return Ok(()),
            HeaderRule::Names | HeaderRule::ByPosition => format!("it has another header than `{first}` in the same archive"),
            HeaderRule::None | HeaderRule::FirstFile => {
                self.must_have_a_record()?;
                match self.begins_with(line)? {
                    false => return Ok(()),
                    true if format.header == HeaderRule::FirstFile && self.names()?.as_ref() == Some(line) => {
                        return self.header().map(drop);
                    }
                    true => format!("its first record is a header, in another form than `{first}` in the same archive"),
                }
            }
        };
        let cause = "files with different columns in one archive; packed each alone, they are read by name".to_owned();
        Err(SourceError::ForeignHeader { key: self.key.clone(), reason, cause })
    }

    /// Reads the first line as a header.
    fn header(&mut self) -> Result<Vec<String>, SourceError> {
        let found = self.records.header().map_err(|error| self.stopped(error))?;
        let names = found.ok_or_else(|| self.empty())?.map_err(|reason| self.unreadable(reason))?;
        let names = self.cleaned(names);
        if let Some(first) = names.first().filter(|first| is_sep(first.as_bytes())) {
            return Err(self.begins_with_sep(first));
        }
        Ok(names)
    }

    fn begins_with_sep(&self, line: &str) -> SourceError {
        SourceError::ForeignHeader {
            key: self.key.clone(),
            reason: format!("its first line is `{line}`"),
            cause: "the line in which Excel looks for the delimiter (`source.csv.sep_line: true`)".to_owned(),
        }
    }

    /// Returns the names that the first line would have as a header; `None` if it can't be one.
    fn names(&mut self) -> Result<Option<Vec<String>>, SourceError> {
        let found = self.records.names().map_err(|error| self.stopped(error))?;
        Ok(found.map(|names| self.cleaned(names)))
    }

    /// Returns the names of a line without a mark or an empty name that is not part of them.
    fn cleaned(&self, mut names: Vec<String>) -> Vec<String> {
        // Where a file was marked twice, the second mark is no part of the name.
        if let Some(first) = names.first_mut().filter(|first| first.starts_with(MARK)) {
            *first = first.trim_start_matches(MARK).to_owned();
        }
        if self.trailing_delimiter && names.len() > 1 {
            names.pop_if(|last| last.is_empty());
        }
        names
    }

    /// Returns true if the first record has these names and no others, or all of them, in any order and spelling.
    fn begins_with(&mut self, names: &[String]) -> Result<bool, SourceError> {
        let Some(found) = self.names()? else { return Ok(false) };
        if found == names {
            return Ok(true);
        }
        let [mut known, found] = [names, &found].map(|list| list.iter().map(|name| spelling(name)).collect::<HashSet<_>>());
        known.remove("");
        // A name of which one letter changed is a name all the same.
        let names = found.intersection(&known).count();
        Ok(!known.is_empty() && (names > 1 && names * 2 > found.len() || known.is_subset(&found)))
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
        if let Some(sep) = self.names()?.and_then(|names| names.into_iter().next()).filter(|first| is_sep(first.as_bytes())) {
            return Err(self.begins_with_sep(&sep));
        }
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
        loop {
            match self.records.next_batch(self.width).map_err(|error| self.stopped(error))? {
                Some(mut batch) => {
                    for bad in batch.bad.iter_mut().filter(|_| self.member.is_some()) {
                        bad.member.clone_from(&self.member);
                    }
                    return Ok(Some(batch));
                }
                None if self.open_next()? => {}
                None => return Ok(None),
            }
        }
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

/// Returns the names of columns, and those of the source that become one of them.
fn known(columns: &[String], naming: Naming<'_>) -> Vec<String> {
    let renamed = naming.renames.iter().filter(|(_, column)| columns.iter().any(|name| *name == column.as_str()));
    columns.iter().cloned().chain(renamed.map(|(name, _)| name.clone())).collect()
}

/// Returns the names in the first line of a file, or of the first file of its date.
fn names_in_line(header: &Header, format: &CsvFormat) -> Vec<String> {
    let own = || header.names.iter().take(header.names.len() - with_extra(Vec::new(), format).len()).cloned().collect();
    header.line.clone().unwrap_or_else(own)
}

fn numbered(width: usize) -> Vec<String> {
    (1..=width).map(|i| format!("column_{i}")).collect()
}

/// Returns the letters and digits of a name, by which it is known in another spelling.
fn spelling(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
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

#[cfg(test)]
mod tests;
