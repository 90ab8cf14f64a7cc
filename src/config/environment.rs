//! Environments and their profiles in `adg.yaml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::aws::AwsSettings;
use crate::catchup::{DynamoDbSettings, PostgresSettings};
use crate::database::PostgresConnection;
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
    /// Version of this file's format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Profile to use; `--profile` and `ADG_PROFILE` take precedence.
    #[serde(default)]
    pub profile: Option<String>,
    /// Profiles by name.
    pub profiles: BTreeMap<String, Profile>,
}

/// One environment: its stores, metastore and ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// True if the test flag and `generate-test-data` are refused in this profile.
    #[serde(default)]
    pub protected: bool,
    /// Time zone that determines today's date.
    #[serde(default = "utc", deserialize_with = "time_zone")]
    pub time_zone: String,
    /// Region, endpoint and AWS profile for all AWS services of this profile.
    #[serde(default)]
    pub aws: AwsSettings,
    /// Secrets by name: the NAME in `${secret:NAME#path}`.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretPlace>,
    /// Named object stores. Modules read from `source` and write to `published` unless they name other stores.
    pub stores: BTreeMap<String, StoreSettings>,
    /// Connections to databases, by name.
    #[serde(default)]
    pub connections: BTreeMap<String, ConnectionSettings>,
    /// Metastore in which tables and partitions are registered.
    pub metastore: MetastoreSettings,
    /// Ledger that records the finished dates and all attempts.
    pub ledger: LedgerSettings,
    /// Execution engine.
    #[serde(default)]
    pub engine: EngineName,
    /// Spark Connect server for the engines `spark` and `auto`.
    #[serde(default)]
    pub spark: Option<SparkSettings>,
    /// Folder for temporary files. If not set, the system's.
    #[serde(default)]
    pub scratch: Option<PathBuf>,
    /// True if temporary files are encrypted with a key that is discarded when the run ends.
    #[serde(default = "scratch_encryption")]
    pub scratch_encryption: bool,
    /// Key service that decrypts the keys of encrypted source files. If not set, source files can't be encrypted.
    #[serde(default)]
    pub key_service: Option<KeyServiceSettings>,
    /// Channels that are notified when runs end. A failed notification is reported and does not fail the run.
    #[serde(default)]
    pub notify: Vec<NotifySettings>,
    /// Systems that receive events and metrics of runs. A failure to send is logged and does not fail the run.
    #[serde(default)]
    pub telemetry: TelemetrySettings,
    /// Folder for the reports of runs, one JSON file each.
    #[serde(default = "reports")]
    pub reports: PathBuf,
    /// Folder of the published store from which a run with the test flag reads source files.
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

/// Type of metastore.
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

/// Type of ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LedgerSettings {
    /// The embedded ledger: a SQLite file.
    Sqlite(SqliteSettings),
    /// The DynamoDB table of the replaced job.
    Dynamodb(DynamoDbSettings),
    /// A PostgreSQL database.
    Postgres(PostgresSettings),
}

/// Type of a database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ConnectionSettings {
    /// A PostgreSQL database.
    Postgres(PostgresConnection),
}

/// A SQLite file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqliteSettings {
    /// Path of the file; a relative path is below the folder of `adg.yaml`. Created if it is missing.
    pub path: PathBuf,
}
