//! `modules/NAME.yaml`: one module.

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
    /// The version of this file's shape: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The module's name; the file is named after it.
    pub module: ModuleName,
    /// The key under which other systems know the module's runs.
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// The product to which the module's runs belong.
    #[serde(default)]
    pub data_product: Option<String>,
    /// Where its files come from, and how they are written.
    pub source: SourceSettings,
    /// How headers and members of objects become column names.
    #[serde(default)]
    pub column_names: NamingRule,
    /// Names of the source that become other columns than the rule would make of them: `timestamp: created_at`.
    #[serde(default)]
    pub renames: BTreeMap<String, String>,
    /// Whether the tables have a column `row_hash_id`, with the SHA-256 of each row's source values in hexadecimal digits. None:
    /// they have not.
    #[serde(default)]
    pub row_hash: Option<HashVersion>,
    /// What to do where a day's columns differ from the table's.
    #[serde(default)]
    pub evolution: EvolutionPolicy,
    /// Above these nothing is published.
    #[serde(default)]
    pub limits: Limits,
    /// Which dates count.
    #[serde(default)]
    pub catchup: CatchupSettings,
    /// Where its loads differ from all this, by load type.
    #[serde(default)]
    pub load_types: BTreeMap<LoadType, LoadSettings>,
    /// Where its tables are.
    pub target: TargetSettings,
    /// The collections by name, one table each.
    #[serde(default)]
    pub collections: IndexMap<CollectionName, CollectionSettings>,
    /// Further collections, and first schemas, from a secret.
    #[serde(default)]
    pub collections_from: CollectionsFrom,
}

/// Collections as a secret lists them. What `collections` says of one itself goes first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CollectionsFrom {
    /// Their names: `${secret:NAME#collections.vacancy}`. Left out, all that `columns` has.
    pub names: Option<Vec<CollectionName>>,
    /// Their first schemas, by name: `${secret:NAME#initial_spark_schema.vacancy}`.
    pub columns: IndexMap<CollectionName, IndexMap<String, ColumnTypeWord>>,
}

impl Module {
    /// Makes what `collections_from` lists the module's own.
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

/// Where a module's files come from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// The name of a store in the profile.
    #[serde(default = "source_store")]
    pub store: String,
    /// The pattern of whole keys: `{date}` and `{collection}` are filled in, `{epoch_ms}` and `{seq}` match digits, `*` matches
    /// anything but a slash, `**` slashes too. A file or folder whose name begins with `_` or `.` is no file of the source, unless
    /// the pattern spells it.
    pub files: String,
    /// Which of a day's files count, where there are several.
    #[serde(default)]
    pub pick: Pick,
    /// Whether files come encrypted.
    #[serde(default)]
    pub encryption: FileEncryption,
    /// How CSV files are written. Files are CSV unless `json` stands here.
    #[serde(default)]
    pub csv: Option<CsvSettings>,
    /// How JSON files are written.
    #[serde(default)]
    pub json: Option<JsonSettings>,
    /// What a date without a file means for its collection.
    #[serde(default)]
    pub missing: MissingFile,
    /// How it is seen that a date's files are all there, where a run may come before they are. A date that is not complete is as one
    /// without a file (`missing`), and the next run tries it again; with `--incomplete` it is done as it is.
    #[serde(default)]
    pub complete: CompleteSettings,
    /// The least share of a table's columns, declared or registered, that a file must have: one with fewer is no file of the table,
    /// and its date is refused. So are CSV files whose header looks like values. With 0 any header is believed.
    #[serde(default = "min_known")]
    pub min_known: Rate,
}

/// How it is seen that a date's files are all there. All that is said must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompleteSettings {
    /// The key of a file that is written last; `{date}` and `{collection}` are filled in.
    pub marker: Option<String>,
    /// How long ago the newest of its files was written, at least.
    pub min_age_minutes: Option<u32>,
    /// How many files it has, at least.
    pub min_files: Option<u32>,
}

fn min_known() -> Rate {
    Rate(0.5)
}

fn source_store() -> String {
    "source".to_owned()
}

/// Whether files come encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileEncryption {
    /// They come as they are.
    #[default]
    None,
    /// AES in counter mode, each under its own key, which its metadata has (`iv`, `ciphertext`, `datakeyencryptionkeyid`) and the
    /// profile's key service unwraps.
    KeyService,
}

/// What a date without a file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingFile {
    /// The date failed for its collection; other dates and collections go on.
    #[default]
    Fail,
    /// There was nothing to do; the date counts as done.
    Skip,
}

/// How a module's CSV files are written.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvSettings {
    /// Between fields: one ASCII character.
    pub delimiter: char,
    /// Of the text.
    pub encoding: Encoding,
    /// Texts that mean null. Nothing at all is null in every column that is not text, listed or not.
    pub null_values: Vec<String>,
    /// Whether `""` in a text column is an empty text rather than null.
    pub keep_quoted_empty: bool,
    /// How days are written, in `strptime` notation, beside ISO 8601, which is always read.
    pub date_formats: Vec<String>,
    /// How instants are written, in `strptime` notation, beside ISO 8601 with a space or a `T`, which is always read.
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

/// How a module's JSON files are written: an array of objects, an object with such an array somewhere in it, or an object on each
/// line.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonSettings {
    /// The way to the array of records, its names joined by dots: `data`. None: the file is that array, or has an object on each
    /// line.
    pub records: Option<String>,
    /// The way to the file's own list of `{"fieldName": …, "pii": …}`, which says which columns are personal data.
    pub fields: Option<String>,
    /// Of the text.
    pub encoding: Encoding,
    /// Texts that mean null, beside null itself.
    pub null_values: Vec<String>,
    /// How days are written, in `strptime` notation, beside ISO 8601, which is always read.
    pub date_formats: Vec<String>,
    /// How instants are written, in `strptime` notation, beside ISO 8601 with a space or a `T`, which is always read.
    pub timestamp_formats: Vec<String>,
}

/// What a collection's day may have of what is bad; above that nothing is published.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Rows with a value that did not fit its column, as a share of all.
    pub error_rate: Rate,
    /// Records that could not be read as rows, as a share of all.
    pub quarantine_rate: Rate,
    /// MiB of quarantine, where each such record has its place and reason beside it. With the first that would be more the reading ends.
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

/// Which dates count.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CatchupSettings {
    /// The first date that counts. None: yesterday, when there is no history.
    pub start: Option<ProcessingDate>,
    /// How many days the source keeps its files; a missing file that is older is lost, and named once. None: for ever.
    pub retention_days: Option<u32>,
    /// The way of dates that are done and then get files that were not read.
    pub late: LateFiles,
}

/// The way of a date that is done and then gets files that no attempt has read: more, a newer one, or one written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateFiles {
    /// It is told, with the command that does the date again.
    #[default]
    Report,
    /// The next run does it again.
    Rerun,
    /// Nothing is said of it.
    Ignore,
}

/// Where a module's tables are.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSettings {
    /// The name of a store in the profile.
    #[serde(default = "published_store")]
    pub store: String,
    /// The tables' database.
    pub database: CollectionName,
    /// The folder of a table in the store; `{database}` and `{collection}` are filled in, and `{pii}` with `pii` or `non-pii`, by
    /// whether the table has columns that are personal data.
    #[serde(default = "location")]
    pub location: String,
    /// The partition column, a date.
    #[serde(default = "partition_by")]
    pub partition_by: String,
    /// How instants are written.
    #[serde(default)]
    pub timestamps: TimestampEncoding,
    /// Whether the tables hold personal data, whatever is said of their columns. Files are tagged `pii=true` or `pii=false`, where
    /// the store has tags.
    #[serde(default)]
    pub pii: bool,
    /// For how long files that were replaced are kept for readers that still read them.
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
    /// The first schema: column names and types in order. Left out, it is inferred from the first day.
    pub columns: IndexMap<String, ColumnTypeWord>,
    /// Columns that are personal data, beside those that the files themselves name.
    pub pii: Vec<String>,
    /// What `{collection}` is in file names. None: the collection's name.
    pub file_name: Option<String>,
    /// What a date without a file means, where it differs from the module's.
    pub missing: Option<MissingFile>,
}

/// A column's type, and the word that was written for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnTypeWord {
    /// As written.
    pub word: String,
    /// What it means.
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
            "description": "string, text, varchar(n), char(n), uuid, boolean, tinyint, smallint, int, integer, bigint, float, real, double, decimal(p,s), numeric(p,s), date, timestamp, array<…>, struct<name:…>, map<…,…>. Bare decimal is double."
        })
    }
}
