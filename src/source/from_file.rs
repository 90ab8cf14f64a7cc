//! Columns from a file itself rather than from its records: its name, and the number of each record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{ColumnName, ColumnType};

use super::RawBatch;
use super::parser::Span;

/// Value that a column takes from a file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileValue {
    /// Name of the file, without its folders.
    Name,
    /// Whole key of the file.
    Key,
    /// Number of the record in its file, counted from 1. Records that go to quarantine count too.
    Row,
}

impl FileValue {
    /// Returns the type of its column.
    pub fn column_type(self) -> ColumnType {
        match self {
            Self::Name | Self::Key => ColumnType::String,
            Self::Row => ColumnType::BigInt,
        }
    }
}

/// A column that a file itself fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileColumn {
    /// Name of the column.
    pub column: ColumnName,
    /// Its value.
    pub value: FileValue,
}

/// The values of such columns, for the batches of one file in order.
pub(super) struct FileValues {
    key: String,
    values: Vec<FileValue>,
    /// Number of the file's records so far.
    records: u64,
}

impl FileValues {
    pub(super) fn new(key: &str, columns: &[FileColumn]) -> Self {
        Self { key: key.to_owned(), values: columns.iter().map(|column| column.value).collect(), records: 0 }
    }

    /// Adds the fields to each row of the next batch, after those of its record.
    pub(super) fn add(&mut self, batch: RawBatch) -> RawBatch {
        if self.values.is_empty() {
            return batch;
        }
        let RawBatch { text, spans, width, rows, bad } = batch;
        let mut text = text.into_vec::<u8>().unwrap_or_else(|shared| shared.to_vec());
        let name = append(&mut text, self.key.rsplit('/').next().unwrap_or_default().as_bytes());
        let key = append(&mut text, self.key.as_bytes());
        let wide = width + self.values.len();
        let mut widened = Vec::with_capacity(rows * wide);
        let mut set_aside = bad.iter().peekable();
        for row in 0..rows {
            self.records += 1;
            while set_aside.next_if(|bad| bad.rows_before <= row).is_some() {
                self.records += 1;
            }
            widened.extend_from_slice(&spans[row * width..(row + 1) * width]);
            for value in &self.values {
                widened.push(match value {
                    FileValue::Name => name,
                    FileValue::Key => key,
                    FileValue::Row => append(&mut text, self.records.to_string().as_bytes()),
                });
            }
        }
        self.records += set_aside.count() as u64;
        RawBatch { text: text.into(), spans: widened, width: wide, rows, bad }
    }
}

/// Appends a value to a batch's text. It counts as quoted: it is what it is, and never null.
fn append(text: &mut Vec<u8>, value: &[u8]) -> Span {
    let start = text.len();
    text.extend_from_slice(value);
    Span::quoted(start, text.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::parser::{BadRecord, Place};

    fn column(name: &str, value: FileValue) -> FileColumn {
        FileColumn { column: ColumnName::new(name).unwrap(), value }
    }

    fn batch(rows: usize, bad: &[usize]) -> RawBatch {
        let bad = bad.iter().map(|rows| BadRecord::new(Place::Unknown {}, 1, String::new(), *rows, b"")).collect();
        RawBatch { text: b"ab".to_vec().into(), spans: vec![Span::plain(0, 2); rows], width: 1, rows, bad }
    }

    #[test]
    fn rows_are_numbered_with_the_records_that_are_set_aside() {
        let columns = [column("file", FileValue::Name), column("row", FileValue::Row), column("key", FileValue::Key)];
        let mut values = FileValues::new("in/2024/a.csv", &columns);
        let numbers = |batch: &RawBatch| {
            let field = |row, at| String::from_utf8(batch.field(row, at).text.to_vec()).unwrap();
            (0..batch.rows()).map(|row| [0, 1, 2, 3].map(|at| field(row, at)).join(" ")).collect::<Vec<_>>()
        };
        let first = values.add(batch(3, &[0, 2, 2, 3]));
        assert_eq!(numbers(&first), ["ab a.csv 2 in/2024/a.csv", "ab a.csv 3 in/2024/a.csv", "ab a.csv 6 in/2024/a.csv"]);
        assert_eq!(first.bad.len(), 4);
        assert_eq!(numbers(&values.add(batch(1, &[]))), ["ab a.csv 8 in/2024/a.csv"]);
        assert_eq!(FileValues::new("a", &[]).add(batch(1, &[])).width, 1);
    }
}
