//! Databases, tables and partitions, as Hive knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::identity::{CollectionName, NameError, ProcessingDate};
use crate::schema::{Column, ColumnName, TableSchema};
use crate::store::normal_location;

/// The table parameter that names the columns which are personal data, joined by commas. A catalog whose columns have parameters
/// of their own has `pii` = `true` at each of them too.
pub const PERSONAL: &str = "adg.pii";

/// Free-form properties of a database, table or partition.
pub type Parameters = BTreeMap<String, String>;

/// A database and a table in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The database.
    pub database: CollectionName,
    /// The table.
    pub table: CollectionName,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

impl FromStr for TableName {
    type Err = NameError;

    /// Reads `database.table`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (database, table) = text.split_once('.').unwrap_or(("", text));
        Ok(Self { database: database.parse()?, table: table.parse()? })
    }
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its name.
    pub name: CollectionName,
    /// Where its tables lie unless they say otherwise.
    pub location: String,
}

/// An external table of Parquet files, partitioned by one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// The folder of its partitions, as [`crate::store::tidy_location`] writes it.
    pub location: String,
    /// Its columns, without the partition column.
    pub schema: TableSchema,
    /// What it is partitioned by.
    pub partition_by: Column,
    /// Its properties.
    pub parameters: Parameters,
}

impl Table {
    /// The columns that are personal data.
    pub fn personal(&self) -> BTreeSet<ColumnName> {
        personal(&self.parameters).filter_map(|name| ColumnName::new(name).ok()).collect()
    }

    /// The properties of every table that adg creates: external, and without the statistics for which Hive's service would
    /// list the whole location.
    pub fn first_parameters() -> Parameters {
        [("EXTERNAL", "TRUE"), ("DO_NOT_UPDATE_STATS", "true")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }
}

/// The names of the columns that are personal data.
pub(super) fn personal(parameters: &Parameters) -> impl Iterator<Item = &str> {
    parameters.get(PERSONAL).into_iter().flat_map(|names| names.split(',')).filter(|name| !name.is_empty())
}

/// The value of the partition column, as Hive writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionValue(pub String);

impl From<ProcessingDate> for PartitionValue {
    fn from(date: ProcessingDate) -> Self {
        Self(date.to_string())
    }
}

impl fmt::Display for PartitionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A partition and where its files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its value.
    pub value: PartitionValue,
    /// The folder of its files. Of one that was read, as [`crate::store::normal_location`] writes it.
    pub location: String,
    /// Its properties: `numRows`, `numFiles`, `totalSize` and adg's own.
    pub parameters: Parameters,
}

/// A place that readers of a table are sent to, whoever made the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registered {
    /// `database.table`, whose names may be none that adg could make.
    pub table: String,
    /// As [`crate::store::normal_location`] writes it.
    pub location: String,
}

impl Registered {
    /// A table or partition at `location`, if its readers read anything below `folder`.
    pub(super) fn below(folder: &str, table: String, location: &str, is_partitioned: bool) -> Option<Self> {
        let location = normal_location(location);
        let is_within =
            |inner: &str, outer: &str| inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        let counts = is_within(&location, folder) || (!is_partitioned && is_within(folder, &location));
        counts.then_some(Self { table, location })
    }
}

impl Partition {
    /// A number among its properties, which whoever made it may not have written.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.parameters.get(key)?.parse().ok()
    }
}
