//! Settings of one module, in `modules/NAME.yaml`.

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::identity::{CollectionName, ModuleName, ProcessingDate};
use crate::schema::{ColumnType, EvolutionPolicy, NamingRule, TimestampEncoding};
use crate::source::{Encoding, HashVersion, Pick};

use super::LoadSettings;
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

/// Location and format of a module's source files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// Name of a store of the profile.
    #[serde(default = "source_store")]
    pub store: String,
    /// Pattern of whole keys: `{date}` and `{collection}` are filled in, `{epoch_ms}` and `{seq}` match digits, `*` matches
    /// anything but a slash, `**` slashes too. A file or folder whose name begins with `_` or `.` is not a source file unless
    /// the pattern spells it out.
    pub files: String,
    /// Files to read where a date has several.
    #[serde(default)]
    pub pick: Pick,
    /// Encryption of the source files.
    #[serde(default)]
    pub encryption: FileEncryption,
    /// Format of CSV files. Files are CSV unless `json` is set.
    #[serde(default)]
    pub csv: Option<CsvSettings>,
    /// Format of JSON files.
    #[serde(default)]
    pub json: Option<JsonSettings>,
    /// Handling of a date without a file, per collection.
    #[serde(default)]
    pub missing: MissingFile,
    /// Conditions for a complete date, if a run may start before all its files are present. An incomplete date is handled as one
    /// without a file (`missing`), and the next run tries it again; `--incomplete` loads the files that are present.
    #[serde(default)]
    pub complete: CompleteSettings,
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

/// Handling of a date without a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingFile {
    /// The date fails for its collection; other dates and collections continue.
    #[default]
    Fail,
    /// The date is skipped and counts as done.
    Skip,
}

/// Format of a module's CSV files.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvSettings {
    /// Delimiter between fields: one ASCII character.
    pub delimiter: char,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Texts that mean null. An empty value is null in every column that is not text, listed or not.
    pub null_values: Vec<String>,
    /// True if `""` in a text column is an empty text rather than null.
    pub keep_quoted_empty: bool,
    /// Formats of dates in `strptime` notation, in addition to ISO 8601, which is always read.
    pub date_formats: Vec<String>,
    /// Formats of timestamps in `strptime` notation, in addition to ISO 8601 with a space or a `T`, which is always read.
    pub timestamp_formats: Vec<String>,
}

impl Default for CsvSettings {
    fn default() -> Self {
        Self {
            delimiter: ',',
            encoding: Encoding::default(),
            null_values: vec![String::new()],
            keep_quoted_empty: false,
            date_formats: Vec::new(),
            timestamp_formats: Vec::new(),
        }
    }
}

/// Format of a module's JSON files: an array of objects, an object that contains such an array at any depth, or one object per
/// line.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonSettings {
    /// Path to the array of records, with names joined by dots: `data`. If not set, the file is that array, or has one object per
    /// line.
    pub records: Option<String>,
    /// Path to the file's own list of `{"fieldName": …, "pii": …}`, which marks the columns that are personal data.
    pub fields: Option<String>,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Texts that mean null, in addition to null itself.
    pub null_values: Vec<String>,
    /// Formats of dates in `strptime` notation, in addition to ISO 8601, which is always read.
    pub date_formats: Vec<String>,
    /// Formats of timestamps in `strptime` notation, in addition to ISO 8601 with a space or a `T`, which is always read.
    pub timestamp_formats: Vec<String>,
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
    /// Name of the partition column, a date.
    #[serde(default = "partition_by")]
    pub partition_by: String,
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

fn published_store() -> String {
    "published".to_owned()
}

fn location() -> String {
    "data/{database}/{collection}/".to_owned()
}

fn partition_by() -> String {
    "date_uploaded".to_owned()
}

fn sweep_after_hours() -> u16 {
    24
}

/// One collection.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CollectionSettings {
    /// First schema: column names and types in order. If not set, it is inferred from the first date.
    pub columns: IndexMap<String, ColumnTypeWord>,
    /// Columns that are personal data, in addition to those that the files themselves name.
    pub pii: Vec<String>,
    /// Text for `{collection}` in file names. If not set, the collection's name.
    pub file_name: Option<String>,
    /// Handling of a date without a file. If not set, as in `source`.
    pub missing: Option<MissingFile>,
}

/// A column's type, and the word that was written for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnTypeWord {
    /// Word as written.
    pub word: String,
    /// Type that the word means.
    pub ty: ColumnType,
}

impl fmt::Display for ColumnTypeWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

impl Serialize for ColumnTypeWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word)
    }
}

impl<'de> Deserialize<'de> for ColumnTypeWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let ty = word.parse().map_err(serde::de::Error::custom)?;
        Ok(Self { word, ty })
    }
}

impl JsonSchema for ColumnTypeWord {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ColumnType".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "string, text, varchar(n), char(n), uuid, boolean, tinyint, smallint, int, integer, bigint, float, \
             real, double, decimal(p,s), numeric(p,s), date, timestamp, array<…>, struct<name:…>, map<…,…>. Bare decimal is \
             double."
        })
    }
}
