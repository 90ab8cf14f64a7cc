//! The settings of a PostgreSQL ledger.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secrets::SecretText;

/// How a profile writes a PostgreSQL ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgresql://user:password@host:5432/database?sslmode=require`; the password belongs into a secret. The tables, whose names
    /// begin with `adg_`, are created where they are missing, and migrated from older versions.
    pub url: SecretText,
    /// A file of PEM certificates of the authorities to trust beside the machine's own, such as those of AWS RDS.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}
