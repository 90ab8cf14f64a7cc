//! Settings of a PostgreSQL ledger.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secrets::SecretText;

/// Settings of a ledger in a PostgreSQL database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgresql://user:password@host:5432/database?sslmode=require`; the password belongs in a secret. The tables, whose names
    /// begin with `adg_`, are created if they are missing, and migrated from older versions.
    pub url: SecretText,
    /// PEM file of certificate authorities to trust in addition to the machine's own, such as those of AWS RDS.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}
