//! Settings of a Hive Metastore.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::ThriftUri;

/// Settings of a Hive Metastore.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HiveSettings {
    /// Services of the metastore. If one does not answer, the next one is asked.
    #[schemars(length(min = 1))]
    #[serde(deserialize_with = "at_least_one")]
    pub uris: Vec<ThriftUri>,
    /// Timeout of one call in seconds. Registering 1,000 partitions takes a service 7 to 20 seconds.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u16,
}

fn at_least_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ThriftUri>, D::Error> {
    let uris = Vec::deserialize(deserializer)?;
    if uris.is_empty() { Err(serde::de::Error::custom("name at least one service: thrift://HOST:9083")) } else { Ok(uris) }
}

fn timeout_seconds() -> u16 {
    300
}
