//! A request for test data.

use crate::config::ColumnTypeWord;
use crate::identity::{CollectionName, LoadType, ProcessingDate};
use crate::schema::ColumnName;

/// A column beside those that the module declares.
#[derive(Debug, Clone)]
pub struct ExtraColumn {
    /// Of this collection.
    pub collection: CollectionName,
    /// Its name.
    pub name: ColumnName,
    /// Its type.
    pub word: ColumnTypeWord,
}

/// What to make.
#[derive(Debug, Clone)]
pub struct Generate {
    /// The module's name.
    pub module: String,
    /// Which of its loads.
    pub load: LoadType,
    /// Files for each collection.
    pub files: u32,
    /// Whether they are packed.
    pub gzip: bool,
    /// The day.
    pub date: ProcessingDate,
    /// Rows in each file.
    pub rows: u64,
    /// The same seed gives the same files.
    pub seed: u64,
    /// The share of values that do not fit their column.
    pub bad_values: f64,
    /// Columns to add.
    pub add: Vec<ExtraColumn>,
    /// Columns to leave out: collection and name.
    pub drop: Vec<(CollectionName, ColumnName)>,
}
