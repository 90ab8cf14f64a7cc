//! Settings of a DynamoDB ledger.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::Role;

/// Settings of a ledger in a DynamoDB table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamoDbSettings {
    /// Name of the table. Its keys are the strings `Correlation_Id` (hash) and `DataProduct` (range).
    pub table: String,
    /// Region of the table. None: the profile's.
    #[serde(default)]
    pub region: Option<String>,
    /// Endpoint URL of the service, where it is not AWS's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Roles to assume, one after the other, to reach the table.
    #[serde(default)]
    pub role_chain: Vec<Role>,
}
