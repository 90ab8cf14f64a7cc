//! The settings of a DynamoDB ledger.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::Role;

/// How a profile writes a DynamoDB ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamoDbSettings {
    /// The table, with the keys `Correlation_Id` and `DataProduct`, both texts.
    pub table: String,
    /// The table's region. None: the profile's.
    #[serde(default)]
    pub region: Option<String>,
    /// The service's address, where it is not AWS's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The roles to assume, one after the other, to reach the table.
    #[serde(default)]
    pub role_chain: Vec<Role>,
}
