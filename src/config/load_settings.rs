//! The settings in which a load differs from its module.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::ProcessingDate;
use crate::source::Pick;

/// Where a load differs from the module as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadSettings {
    /// The pattern of its files. None: that of `source`.
    pub files: Option<String>,
    /// Which of a day's files count. None: as `source` says.
    pub pick: Option<Pick>,
    /// What its tables' names have at their end, and `{collection}` in their folder. A load with such tables has a record of its own
    /// of what is done, under the module's name with the same end; one without shares the module's.
    pub table_suffix: String,
    /// What `correlation_id` has at its end.
    pub correlation_id_suffix: String,
    /// The first date that counts. None: as `catchup` says.
    pub start: Option<ProcessingDate>,
}
