//! Settings of one module, in `modules/NAME.yaml`.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::identity::{CollectionName, ModuleName, ProcessingDate, SliceLength};
use crate::schema::fit::{AmbiguousTime, Nanoseconds};
use crate::schema::{DuplicateNames, EvolutionPolicy, NamingRule, TimestampEncoding};
use crate::source::{Encoding, FileValue, HashVersion, Pick, Unwrap};

use super::{
    CollectionSettings, ColumnTypeWord, CsvSettings, ExcelSettings, FieldPositions, LoadSettings, MissingFile, TypedSettings,
};
use crate::identity::LoadType;

/// `modules/NAME.yaml`: a family of tables fed by one source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// Version of this file's format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Name of the module; the file is named after it.
    pub module: ModuleName,
    /// Key under which other systems know the module's runs.
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// Data product to which the module's runs belong.
    #[serde(default)]
    pub data_product: Option<String>,
    /// Location and format of the source files.
    pub source: SourceSettings,
    /// Rule that turns headers and object members into column names.
    #[serde(default)]
    pub column_names: NamingRule,
    /// Source names whose columns get other names than the rule gives: `timestamp: created_at`.
    #[serde(default)]
    pub renames: BTreeMap<String, String>,
    /// Version of the hash in the column `row_hash_id`: the SHA-256 of each row's source values in hexadecimal digits. If not
    /// set, the tables have no such column.
    #[serde(default)]
    pub row_hash: Option<HashVersion>,
    /// Rules for a date whose columns differ from the table's.
    #[serde(default)]
    pub evolution: EvolutionPolicy,
    /// Limits for bad data; above them nothing is published.
    #[serde(default)]
    pub limits: Limits,
    /// Dates to process.
    #[serde(default)]
    pub catchup: CatchupSettings,
    /// Settings of loads that differ from the module's, by load type.
    #[serde(default)]
    pub load_types: BTreeMap<LoadType, LoadSettings>,
    /// Location and format of the tables.
    pub target: TargetSettings,
    /// Collections by name, one table each.
    #[serde(default)]
    pub collections: IndexMap<CollectionName, CollectionSettings>,
    /// Additional collections, and first schemas, from a secret.
    #[serde(default)]
    pub collections_from: CollectionsFrom,
}

/// Collections listed by a secret. Settings of a collection in `collections` take precedence.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CollectionsFrom {
    /// Names of the collections: `${secret:NAME#collections.vacancy}`. If not set, all names in `columns`.
    pub names: Option<Vec<CollectionName>>,
    /// First schemas by collection name: `${secret:NAME#initial_spark_schema.vacancy}`.
    pub columns: IndexMap<CollectionName, IndexMap<String, ColumnTypeWord>>,
}

impl Module {
    /// Returns the positions of fields, of all collections and of single ones.
    pub(super) fn field_positions(&mut self) -> impl Iterator<Item = &mut FieldPositions> {
        let of_all = self.source.csv.as_mut().and_then(|csv| csv.fixed_width.as_mut());
        of_all.into_iter().chain(self.collections.values_mut().filter_map(|settings| settings.fixed_width.as_mut()))
    }

    /// Adds the collections of arrays in the records of others.
    ///
    /// # Errors
    /// The name of a table is none, or stands twice.
    pub(super) fn add_children(&mut self) -> Result<(), String> {
        for (name, settings) in self.collections.clone() {
            let children = settings.children_of(&name).map_err(|error| format!("children of `{name}`: {error}"))?;
            for (table, settings) in children {
                if self.collections.insert(table.clone(), settings).is_some() {
                    return Err(format!("children of `{name}`: there is a collection `{table}` already; set `table`"));
                }
            }
        }
        Ok(())
    }

    /// Moves the collections of `collections_from` into `collections`.
    pub(super) fn take_collections(&mut self) {
        let CollectionsFrom { names, mut columns } = std::mem::take(&mut self.collections_from);
        for name in names.unwrap_or_else(|| columns.keys().cloned().collect()) {
            let first = columns.swap_remove(&name).unwrap_or_default();
            let own = self.collections.entry(name).or_default();
            if own.columns.is_empty() {
                own.columns = first;
            }
        }
    }
}

/// Source of a file's date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateFrom {
    /// Its name, by the tokens of `files`.
    #[default]
    Name,
    /// The time when it was last changed, in the profile's time zone. A file that is sent again belongs to the later date.
    Modified,
}

/// Location and format of a module's source files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// Name of a store of the profile.
    #[serde(default = "source_store")]
    pub store: String,
    /// Pattern of whole keys: `{date}`, `{hour}` and `{collection}` are filled in, `{epoch_ms}` and `{seq}` match digits, `*`
    /// matches anything but a slash, `**` slashes too. A file or folder whose name begins with `_` or `.` is not a source file
    /// unless the pattern spells it out.
    pub files: String,
    /// Length of the slices in which the files come: each is loaded, and a partition, of its own.
    #[serde(default)]
    pub slice: SliceLength,
    /// Source of a file's date.
    #[serde(default)]
    pub date_from: DateFrom,
    /// Files to read where a date has several.
    #[serde(default)]
    pub pick: Pick,
    /// Encryption of the source files.
    #[serde(default)]
    pub encryption: FileEncryption,
    /// Format of CSV files. Files are CSV unless another format is set.
    #[serde(default)]
    pub csv: Option<CsvSettings>,
    /// Format of JSON files.
    #[serde(default)]
    pub json: Option<JsonSettings>,
    /// Columns that the files themselves fill, by name: `{ source_file: name, source_row: row }`.
    #[serde(default)]
    pub columns_from_file: IndexMap<String, FileValue>,
    /// Files are Parquet.
    #[serde(default)]
    pub parquet: Option<TypedSettings>,
    /// Files are Avro object container files.
    #[serde(default)]
    pub avro: Option<TypedSettings>,
    /// Files are ORC.
    #[serde(default)]
    pub orc: Option<TypedSettings>,
    /// Files are workbooks: xlsx, xlsb, xls, ods.
    #[serde(default)]
    pub excel: Option<ExcelSettings>,
    /// Handling of a date without a file, per collection.
    #[serde(default)]
    pub missing: MissingFile,
    /// Conditions for a complete date, if a run may start before all its files are present. An incomplete date is handled as one
    /// without a file (`missing`), and the next run tries it again; `--incomplete` loads the files that are present.
    #[serde(default)]
    pub complete: CompleteSettings,
    /// File of the source that tells the rows, bytes and checksums of a date's files. A date whose files have others is refused.
    #[serde(default)]
    pub control: Option<ControlSettings>,
    /// Minimum share of the table's columns, declared or registered, that a file must have. A file with fewer is not one of the
    /// table, and its date is refused; so are CSV files whose header looks like values. With 0, any header is accepted.
    #[serde(default = "min_known")]
    pub min_known: Rate,
}

/// Conditions under which a date is complete. All conditions that are set must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompleteSettings {
    /// Key of a file that the source writes last; `{date}` and `{collection}` are filled in.
    pub marker: Option<String>,
    /// Minimum age of the date's newest file, in minutes.
    pub min_age_minutes: Option<u32>,
    /// Minimum number of files of the date.
    pub min_files: Option<u32>,
}

/// A control file: a file of the source beside a date's files, which tells their rows, bytes and checksums.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlSettings {
    /// Key of the file; `{date}` (also as `{date:%Y%m%d}`) and `{collection}` are filled in.
    pub files: String,
    /// Place of the number of records: a JSON Pointer such as `/counts/rows`, or a pattern such as `ROWS={rows}`, in which `*`
    /// matches anything within a line.
    #[serde(default)]
    pub rows: Option<String>,
    /// Place of the number of bytes of all files, as they lie in the source; as for `rows`, with `{bytes}`.
    #[serde(default)]
    pub bytes: Option<String>,
    /// Place of the MD5 or SHA-256 sum of a file, as it lies in the source, in hexadecimal digits; as for `rows`, with
    /// `{checksum}`. `{file}` is the name of each file: `{checksum} *{file}` is what `md5sum` and `sha256sum` write.
    #[serde(default)]
    pub checksum: Option<String>,
    /// True if a date waits for its control file. If false, a date without one is not checked.
    #[serde(default = "waits")]
    pub wait: bool,
}

fn waits() -> bool {
    true
}

fn min_known() -> Rate {
    Rate(0.5)
}

fn source_store() -> String {
    "source".to_owned()
}

/// Encryption of the source files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileEncryption {
    /// Files are not encrypted.
    #[default]
    None,
    /// Files are encrypted with AES in counter mode, each under its own key. The file's metadata has the wrapped key (`iv`,
    /// `ciphertext`, `datakeyencryptionkeyid`), which the profile's key service unwraps.
    KeyService,
}

/// Format of a module's JSON files: an array of objects, objects one after the other (on lines of their own or not), or documents
/// that contain them at any depth.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonSettings {
    /// Path to the records in each document of a file: `data`, `Records[*].dynamodb.NewImage`, or a JSON Pointer such as
    /// `/Records/*/body`. An array there has the records, an object is one. If not set, the file is that array, or has objects
    /// one after the other.
    pub records: Option<String>,
    /// Values of the document that each of its records gets, by name, with their paths: `{ region: region, batch: meta.id }`.
    /// Each document must then fit into memory, as a record must.
    pub envelope: IndexMap<String, String>,
    /// Handling of a document, or of an item of its arrays, that has no record at the path: nothing, or null. Something else
    /// there, such as a text, is never skipped.
    pub without_record: WithoutRecord,
    /// Notation of values with their types, which become plain.
    pub unwrap: Option<Unwrap>,
    /// Path to the file's own list of `{"fieldName": …, "pii": …}`, which marks the columns that are personal data.
    pub fields: Option<String>,
    /// Handling of names that become the same column: `refuse` or `merge`.
    pub duplicate_names: DuplicateNames,
    /// Columns whose texts are JSON documents of their own, by their names or those of the source, and paths to such texts in
    /// them: `[payload, "order.details"]`. Objects become structs or maps, as if they were written without quotes; a text that is
    /// no document is then an invalid value. Documents in texts are also read where a column is declared as a struct, a map or an
    /// array.
    pub parse_json: Vec<String>,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Texts that mean null, in addition to null itself, also in structs, arrays and maps; so do numbers and booleans that are
    /// written so. An empty text is a value of a text column unless `""` is listed.
    pub null_values: Vec<String>,
    /// Formats of dates in `strptime` notation, in addition to ISO 8601, unless one reads that otherwise (`%Y-%d-%m`).
    pub date_formats: Vec<String>,
    /// Formats of timestamps in `strptime` notation, in addition to ISO 8601 with a space or a `T`, unless one reads that
    /// otherwise. `epoch_s`, `epoch_ms`, `epoch_us` and `epoch_ns` are numbers since 1970-01-01; `dotnet` is
    /// `/Date(1714557600123)/`.
    pub timestamp_formats: Vec<String>,
    /// Time zone of clock times without an offset, such as `Europe/Berlin`. If not set, UTC.
    pub time_zone: Option<String>,
    /// Handling of clock times that a change of the clock makes ambiguous.
    pub ambiguous_time: Option<AmbiguousTime>,
    /// Handling of digits of a second beyond the sixth.
    pub nanoseconds: Option<Nanoseconds>,
}

/// Handling of a JSON document without a record at the path of `records`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithoutRecord {
    /// An item goes to quarantine, and so does a document with an `envelope`; any other document is refused with its file.
    #[default]
    Quarantine,
    /// It is skipped: a deletion in a stream of changes has no new image.
    Skip,
}

/// Limits for bad data in one date of a collection; above them nothing is published.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Maximum share of rows with an invalid value: one that does not fit its column's type.
    pub error_rate: Rate,
    /// Maximum share of records that can't be read as rows.
    pub quarantine_rate: Rate,
    /// Maximum size of the quarantine in MiB, with position and reason of each record. The first record above it stops reading.
    pub quarantine_mib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { error_rate: Rate(0.1), quarantine_rate: Rate(0.01), quarantine_mib: 64 }
    }
}

/// A share from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Rate(#[schemars(range(min = 0, max = 1))] pub f64);

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rate = f64::deserialize(deserializer)?;
        if (0.0..=1.0).contains(&rate) {
            Ok(Self(rate))
        } else {
            Err(serde::de::Error::custom(format!("{rate} is not a share from 0 to 1")))
        }
    }
}

/// Dates to process.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CatchupSettings {
    /// First date to process. If not set and there is no history, yesterday.
    pub start: Option<ProcessingDate>,
    /// Days for which the source keeps its files; an older missing file is lost, and reported once. If not set, forever.
    pub retention_days: Option<u32>,
    /// Handling of late files: unread files of dates that are already done.
    pub late: LateFiles,
}

/// Handling of a date that is done and then gets files that no attempt has read: more files, a newer one, or a rewritten one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateFiles {
    /// Report the date, with the command that runs it again.
    #[default]
    Report,
    /// Run the date again in the next run.
    Rerun,
    /// Ignore the files and report nothing.
    Ignore,
}

/// Partition columns of a module's tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PartitionBy {
    /// A column that holds dates, of type `date` in a new table.
    Name(String),
    /// Columns with the part of the date that each holds, in `strftime` notation: `{ dt: "%Y%m%d" }` for 20240501. In a new table
    /// they are of type `string`; in an existing one they may be integers.
    Formats(IndexMap<String, String>),
}

impl Default for PartitionBy {
    fn default() -> Self {
        Self::Name("date_uploaded".to_owned())
    }
}

/// Column with dates, by whose days the partitions of a date are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PartitionFrom {
    /// Name of the column. The partition column is named after it: `created_at_date`.
    Column(String),
    /// Name of the partition column, and that of the column with dates: `{ day: created_at }`.
    Named(#[schemars(length(equal = 1))] IndexMap<String, String>),
}

/// Location and format of a module's tables.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSettings {
    /// Name of a store of the profile.
    #[serde(default = "published_store")]
    pub store: String,
    /// Database of the tables.
    pub database: CollectionName,
    /// Folder of a table in the store; `{database}` and `{collection}` are filled in. `{pii}` becomes `pii` if the table has
    /// columns that are personal data, else `non-pii`.
    #[serde(default = "location")]
    pub location: String,
    /// Partition columns: the name of one that holds dates, or several with the part of the date that each holds, in `strftime`
    /// notation: `{ year: "%Y", month: "%m", day: "%d" }`. Where the slices are hours, a named column is followed by `hour`.
    #[serde(default)]
    pub partition_by: PartitionBy,
    /// Column with dates or timestamps whose day each row's partition has, in addition to the columns of `partition_by`: then the
    /// files of a date become one partition for each day of their rows. Rows without a date are in Hive's partition for null.
    #[serde(default)]
    pub partition_from: Option<PartitionFrom>,
    /// Encoding of timestamps.
    #[serde(default)]
    pub timestamps: TimestampEncoding,
    /// True if the tables hold personal data, whatever is declared for their columns. Files are tagged `pii=true` or `pii=false`,
    /// if the store supports tags.
    #[serde(default)]
    pub pii: bool,
    /// Retention of replaced files in hours, for readers that still read them.
    #[serde(default = "sweep_after_hours")]
    pub sweep_after_hours: u16,
}

pub(super) fn published_store() -> String {
    "published".to_owned()
}

fn location() -> String {
    "data/{database}/{collection}/".to_owned()
}

pub(super) fn sweep_after_hours() -> u16 {
    24
}
