//! `adg.yaml`: the environments.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::aws::AwsSettings;
use crate::catchup::{DynamoDbSettings, PostgresSettings};
use crate::metastore::{GlueSettings, HiveSettings};
use crate::notify::NotifySettings;
use crate::secrets::SecretPlace;
use crate::source::KeyServiceSettings;
use crate::store::StoreSettings;
use crate::telemetry::TelemetrySettings;

use super::{EngineName, SparkSettings};

/// `adg.yaml`: the environments that modules run in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environments {
    /// The version of this file's shape: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The profile to use; `--profile` and `ADG_PROFILE` win over it.
    #[serde(default)]
    pub profile: Option<String>,
    /// The profiles by name.
    pub profiles: BTreeMap<String, Profile>,
}

/// One environment: its stores, metastore and ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Whether the test flag is refused here.
    #[serde(default)]
    pub protected: bool,
    /// The time zone whose calendar says which day is today.
    #[serde(default = "utc", deserialize_with = "time_zone")]
    pub time_zone: String,
    /// Where AWS is, for all that this profile uses of it.
    #[serde(default)]
    pub aws: AwsSettings,
    /// Secrets by the name that `${secret:NAME#path}` refers to them with.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretPlace>,
    /// Named places for objects. Modules read from `source` and write to `published` unless they say otherwise.
    pub stores: BTreeMap<String, StoreSettings>,
    /// Where tables and partitions are registered.
    pub metastore: MetastoreSettings,
    /// Where it is recorded what was done.
    pub ledger: LedgerSettings,
    /// Execution engine.
    #[serde(default)]
    pub engine: EngineName,
    /// The Spark Connect server, for the engines `spark` and `auto`.
    #[serde(default)]
    pub spark: Option<SparkSettings>,
    /// The folder for temporary files. None: the system's.
    #[serde(default)]
    pub scratch: Option<PathBuf>,
    /// Whether temporary files are encrypted under a key that ends with the run.
    #[serde(default = "scratch_encryption")]
    pub scratch_encryption: bool,
    /// What decrypts the keys of files that come encrypted. None: there are none.
    #[serde(default)]
    pub key_service: Option<KeyServiceSettings>,
    /// Who is told how runs end. What can't be told is reported, and breaks nothing.
    #[serde(default)]
    pub notify: Vec<NotifySettings>,
    /// Which machines are told of runs. What can't be told is logged, and breaks nothing.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// The folder for the reports of runs, one JSON file each.
    #[serde(default = "reports")]
    pub reports: PathBuf,
    /// The folder of the published store from which a run with the test flag reads.
    #[serde(default = "e2e_test_folder")]
    pub e2e_test_folder: String,
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    TimeZone::get(&name).map(|_| name).map_err(serde::de::Error::custom)
}

fn utc() -> String {
    "UTC".to_owned()
}

fn scratch_encryption() -> bool {
    true
}

fn reports() -> PathBuf {
    PathBuf::from("reports")
}

fn e2e_test_folder() -> String {
    "kickstart-e2e-tests".to_owned()
}

/// Which metastore.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MetastoreSettings {
    /// The embedded metastore: a SQLite file.
    Sqlite(SqliteSettings),
    /// A Hive Metastore.
    Hive(HiveSettings),
    /// AWS Glue.
    Glue(GlueSettings),
}

/// Which ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerSettings {
    /// The embedded ledger: a SQLite file.
    Sqlite(SqliteSettings),
    /// The table of the replaced job.
    Dynamodb(DynamoDbSettings),
    /// A PostgreSQL database.
    Postgres(PostgresSettings),
}

/// A SQLite file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqliteSettings {
    /// Its path; a relative one is below the folder of `adg.yaml`. Created where it is missing.
    pub path: PathBuf,
}
