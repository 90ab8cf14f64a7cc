//! Settings in which a load differs from its module.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::ProcessingDate;
use crate::source::Pick;

/// Settings in which a load differs from its module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadSettings {
    /// Pattern of the load's files. If not set, that of `source`.
    pub files: Option<String>,
    /// Files to read where a date has several. If not set, as in `source`.
    pub pick: Option<Pick>,
    /// Suffix of table names, and of `{collection}` in their folder. A load with a suffix has its own record of finished dates,
    /// under the module's name with the same suffix; a load without one shares the module's record.
    pub table_suffix: String,
    /// Suffix of `correlation_id`.
    pub correlation_id_suffix: String,
    /// First date to process. If not set, that of `catchup`.
    pub start: Option<ProcessingDate>,
}
