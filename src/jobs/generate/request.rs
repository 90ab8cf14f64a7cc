//! A request for test data.

use crate::config::ColumnTypeWord;
use crate::identity::{CollectionName, LoadType, ProcessingDate};
use crate::schema::ColumnName;

/// A column in addition to those that the module declares.
#[derive(Debug, Clone)]
pub struct ExtraColumn {
    /// Collection of the column.
    pub collection: CollectionName,
    /// Name of the column.
    pub name: ColumnName,
    /// Type of the column.
    pub word: ColumnTypeWord,
}

/// A request to generate test data.
#[derive(Debug, Clone)]
pub struct Generate {
    /// Name of the module.
    pub module: String,
    /// Load type of the module.
    pub load: LoadType,
    /// Number of files for each collection.
    pub files: u32,
    /// True if the files are compressed with gzip.
    pub gzip: bool,
    /// Processing date.
    pub date: ProcessingDate,
    /// Number of rows in each file.
    pub rows: u64,
    /// Random seed: the same seed gives the same files.
    pub seed: u64,
    /// Share of values, from 0 to 1, that do not fit the type of their column.
    pub bad_values: f64,
    /// Columns to add.
    pub add: Vec<ExtraColumn>,
    /// Columns to leave out: collection and name.
    pub drop: Vec<(CollectionName, ColumnName)>,
}
