//! Settings of one pipeline, in `pipelines/NAME.yaml`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{JobName, NodeName};
use crate::metastore::TableName;
use crate::schema::{EvolutionPolicy, TimestampEncoding};

use super::module::{published_store, sweep_after_hours};

/// `pipelines/NAME.yaml`: sources, SQL over them, and the tables that become of it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// Version of this file's format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Name of the pipeline; the file is named after it. No module has the same name.
    pub pipeline: JobName,
    /// Purpose, for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Sources by name.
    pub sources: IndexMap<NodeName, PipelineSource>,
    /// Statements by name. Each reads sources and other statements.
    #[serde(default)]
    pub transforms: IndexMap<NodeName, TransformSettings>,
    /// Checks of sources and statements, by their name. If one fails, nothing is published.
    #[serde(default)]
    pub checks: IndexMap<NodeName, Vec<CheckSettings>>,
    /// Tables by name. Names of sources, statements and tables are unique.
    pub sinks: IndexMap<NodeName, SinkSettings>,
}

/// Place that rows come from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PipelineSource {
    /// A table or a query of a PostgreSQL database. All of one connection are read in one snapshot.
    Postgres(DatabaseSource),
    /// A table of the profile's metastore: `database.table`.
    Table(TableName),
}

/// Table or query of a database: one of `table`, `query` and `file`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSource {
    /// Name of a connection of the profile.
    pub connection: String,
    /// Table: `orders`, or with its schema `public.orders`. Parts with dots or upper case stand in double quotes.
    #[serde(default)]
    pub table: Option<String>,
    /// Query, in the SQL of the database.
    #[serde(default)]
    pub query: Option<String>,
    /// File with the query; a relative path is below the folder of `adg.yaml`.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Column with dates, times, numbers or texts that grow: a run reads the rows from `from` on. If not set, it reads all rows.
    #[serde(default)]
    pub cursor: Option<String>,
    /// First value of the cursor that is read: `destination` for the largest one that the tables of its rows have, a duration
    /// before the run (`15min`, `2hour`, `3day`), or a value. If not set, `destination`.
    #[serde(default)]
    pub from: Option<CursorText>,
    /// Extent that is read again behind `from`, for rows that were committed late: a duration for dates and times, a number for
    /// numbers. If not set, `10min` for times and `1day` for dates behind the destination, and nothing else.
    #[serde(default)]
    pub overlap: Option<CursorText>,
    /// Treatment of rows whose cursor is null.
    #[serde(default)]
    pub nulls: NullCursors,
    /// Time zone of a cursor with times without one, such as `Europe/London`. If not set, that of the server.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Treatment of values that no type of a table holds, such as `infinity` of a date, by column; `null` for all others.
    #[serde(default)]
    pub misfits: BTreeMap<String, MisfitRule>,
}

/// Value or extent of a cursor: text, or a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CursorText {
    /// Number.
    Number(i64),
    /// Text.
    Text(String),
}

impl fmt::Display for CursorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// Treatment of rows whose cursor is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NullCursors {
    /// The run fails.
    #[default]
    Fail,
    /// Each run reads all of them.
    Read,
    /// They are left out, and counted in the report.
    Skip,
}

/// Treatment of a value that its column's type does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MisfitRule {
    /// The value is null, and its text stands in the row's `error_desc`.
    #[default]
    Null,
    /// The column is text, as the database writes it.
    Text,
    /// The run fails.
    Fail,
}

/// One SELECT over sources and other statements: `sql` or `file`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransformSettings {
    /// Statement.
    #[serde(default)]
    pub sql: Option<String>,
    /// File with the statement; a relative path is below the folder of `adg.yaml`.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Names in the statement for sources and other statements: `{ o: orders }`. The others it calls by their own names.
    #[serde(default)]
    pub inputs: IndexMap<NodeName, NodeName>,
}

/// Condition that rows must meet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CheckSettings {
    /// These columns have no null.
    NotNull(ColumnList),
    /// No two rows have the same values in these columns. Nulls are equal.
    Unique(ColumnList),
    /// Number of rows: `">= 1"`, with one of `=`, `<`, `<=`, `>` and `>=`.
    Rows(String),
    /// SELECT of one boolean, which is true.
    Sql(String),
}

/// One column, or several.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ColumnList {
    /// One column.
    One(String),
    /// Several columns.
    Several(Vec<String>),
}

impl ColumnList {
    /// Returns the names.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// Table that rows become.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SinkSettings {
    /// Source or statement that has the rows.
    pub from: NodeName,
    /// Table of Parquet files in the profile's metastore. A sink has one of `hive` and `postgres`.
    #[serde(default)]
    pub hive: Option<HiveTarget>,
    /// Table of a PostgreSQL database.
    #[serde(default)]
    pub postgres: Option<DatabaseTarget>,
    /// Effect on the rows that the table has.
    pub mode: SinkMode,
    /// Columns that identify a row, for `mode: merge`. They have no nulls.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Column by which the newest of several rows with the same key is taken, for `mode: merge`. If not set, they are refused.
    #[serde(default)]
    pub order_by: Option<String>,
    /// Treatment of rows with the same key that `order_by` does not tell apart, and whose values differ.
    #[serde(default)]
    pub on_tie: TieRule,
    /// Rows that `mode: merge` deletes from the table.
    #[serde(default)]
    pub deletes: DeleteRule,
    /// Largest share of the table's rows that `deletes: key_diff` deletes, 0 to 1. If more are gone, the run fails.
    #[serde(default = "most_deleted")]
    #[schemars(range(min = 0, max = 1))]
    pub most_deleted: f64,
    /// Partition column of a `hive` table. If not set, the table has no partitions, and each run replaces all its rows in one
    /// step.
    #[serde(default)]
    pub partition_by: Option<SinkPartitions>,
    /// True if rows may be none. If not set, a run without rows fails, and the table stays as it is.
    #[serde(default)]
    pub allow_empty: bool,
    /// Rules for rows whose columns differ from the table's. A column of another type is refused unless `type_change` is `widen`
    /// and the table can have it.
    #[serde(default)]
    pub evolution: EvolutionPolicy,
}

/// Partition column of a table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SinkPartitions {
    /// Name of a column with the date of the run: each run replaces the partition of its date, and all others stay.
    Date(String),
    /// Name of a column with the day of each row, and that of the column with dates or timestamps that has it: `{ day: created_at
    /// }`. Each run replaces all rows: the partitions one after the other, each in one step. Rows without a date are in Hive's
    /// partition for null.
    Day(#[schemars(length(equal = 1))] IndexMap<String, String>),
}

/// Effect of rows on those that their table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SinkMode {
    /// They replace the rows of the table, or of the partition of the run's date.
    Replace,
    /// Each replaces the row with the same `keys`, or is added.
    Merge,
    /// They are added. The source has a `cursor`, from `destination`: rows of the table from the first value on are replaced, so
    /// that none is there twice.
    Append,
}

/// Rows that a merge deletes from its table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeleteRule {
    /// None.
    #[default]
    None,
    /// Those with the keys of rows in which this boolean column is true. These rows are not written.
    ByColumn(String),
    /// Those whose keys no row has: the source is read whole, and has no `cursor`.
    KeyDiff,
}

/// Treatment of several newest rows with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TieRule {
    /// The run fails.
    #[default]
    Fail,
    /// The one that was read last is taken.
    LastRead,
}

/// Table of Parquet files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HiveTarget {
    /// Table: `database.table`.
    pub table: TableName,
    /// Name of a store of the profile.
    #[serde(default = "published_store")]
    pub store: String,
    /// Folder of the table in the store; `{database}` and `{table}` are filled in.
    #[serde(default = "location")]
    pub location: String,
    /// Encoding of timestamps.
    #[serde(default)]
    pub timestamps: TimestampEncoding,
    /// True if the table holds personal data: its files are tagged `pii=true` or `pii=false`, if the store supports tags.
    #[serde(default)]
    pub pii: bool,
    /// Retention of replaced files in hours, for readers that still read them.
    #[serde(default = "sweep_after_hours")]
    pub sweep_after_hours: u16,
}

/// Table of a database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseTarget {
    /// Name of a connection of the profile.
    pub connection: String,
    /// Table: `orders`, or with its schema `mart.orders`. Parts with dots or upper case stand in double quotes. The table is
    /// created if it does not exist; its schema exists.
    pub table: String,
    /// True if the pipeline may change rows of the table that no job of adg published. If not set, a table with such rows is
    /// refused.
    #[serde(default)]
    pub adopt: bool,
    /// Retention of replaced rows in hours. They are tables of the schema `adg_records` of the database.
    #[serde(default = "sweep_after_hours")]
    pub sweep_after_hours: u16,
}

fn most_deleted() -> f64 {
    0.1
}

fn location() -> String {
    "data/{database}/{table}/".to_owned()
}
