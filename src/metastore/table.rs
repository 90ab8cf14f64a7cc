//! Databases, tables and partitions, as Hive knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use crate::identity::{CollectionName, NameError};
use crate::schema::{Column, ColumnName, TableSchema};
use crate::store::normal_location;

use super::PartitionValue;

/// Table parameter with the names of the columns with personal data, joined by commas. In a catalog whose columns have
/// parameters, each of them also has `pii` = `true`.
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

    /// Parses `database.table`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (database, table) = text.split_once('.').unwrap_or(("", text));
        Ok(Self { database: database.parse()?, table: table.parse()? })
    }
}

impl serde::Serialize for TableName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for TableName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        let wrong = |error: NameError| serde::de::Error::custom(format!("`{text}` is no table: write database.table ({error})"));
        text.parse().map_err(wrong)
    }
}

impl schemars::JsonSchema for TableName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TableName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^[a-z][a-z0-9_]{0,127}\.[a-z][a-z0-9_]{0,127}$" })
    }
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Its name.
    pub name: CollectionName,
    /// Default location of its tables.
    pub location: String,
}

/// An external table of Parquet files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// The folder of its partitions, or of its files if it has no partition columns, as [`crate::store::tidy_location`] writes
    /// it.
    pub location: String,
    /// Its columns, without the partition columns.
    pub schema: TableSchema,
    /// Partition columns, in the order of the partitions' values and folders. A table without any has one partition, without
    /// values, which is the table itself.
    pub partition_by: Vec<Column>,
    /// Its properties.
    pub parameters: Parameters,
}

impl Table {
    /// Returns the only partition of a table without partition columns.
    pub(super) fn as_partition(&self) -> Partition {
        Partition {
            value: PartitionValue::default(),
            location: normal_location(&self.location),
            parameters: self.parameters.clone(),
        }
    }

    /// Returns the columns that readers see: those in its files, and then those that it is partitioned by.
    pub fn all_columns(&self) -> TableSchema {
        TableSchema::new(self.schema.columns().iter().chain(&self.partition_by).cloned().collect())
    }

    /// Returns the columns with personal data.
    pub fn personal(&self) -> BTreeSet<ColumnName> {
        personal(&self.parameters).filter_map(|name| ColumnName::new(name).ok()).collect()
    }

    /// Returns the properties of every table that adg creates: external, and without the statistics for which Hive's service
    /// would list the whole location.
    pub fn first_parameters() -> Parameters {
        [("EXTERNAL", "TRUE"), ("DO_NOT_UPDATE_STATS", "true")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }
}

/// Returns the names of the columns with personal data.
pub(super) fn personal(parameters: &Parameters) -> impl Iterator<Item = &str> {
    parameters.get(PERSONAL).into_iter().flat_map(|names| names.split(',')).filter(|name| !name.is_empty())
}

/// A partition and the location of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its values.
    pub value: PartitionValue,
    /// The folder of its files. If read from a metastore, as [`crate::store::normal_location`] writes it.
    pub location: String,
    /// Its properties: `numRows`, `numFiles`, `totalSize` and adg's own. Those of a table are among those of its only partition.
    pub parameters: Parameters,
}

/// A location that readers of a table are sent to, whoever created the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registered {
    /// `database.table`; the names may be ones that adg could not create.
    pub table: String,
    /// Location as [`crate::store::normal_location`] writes it.
    pub location: String,
}

impl Registered {
    /// Returns the table or partition at `location`, if its readers read anything below `folder`.
    pub(super) fn below(folder: &str, table: String, location: &str, is_partitioned: bool) -> Option<Self> {
        let location = normal_location(location);
        let is_within =
            |inner: &str, outer: &str| inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
        let counts = is_within(&location, folder) || (!is_partitioned && is_within(folder, &location));
        counts.then_some(Self { table, location })
    }
}

impl Partition {
    /// Returns a number from its properties; none if its creator did not write it.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.parameters.get(key)?.parse().ok()
    }
}
