//! Partition columns of a module's tables.

use crate::config::{Module, PartitionBy};
use crate::identity::{CollectionName, SliceLength};
use crate::jobs::run::JobError;
use crate::lake::PartitionKeys;
use crate::schema::{ColumnName, ERROR_DESC, ROW_HASH_ID};

use super::wrong::wrong;

/// Setting of the columns, for messages.
const SETTING: &str = "target.partition_by";

/// Returns the partition columns of the module's tables, each with the part of the date that it holds.
pub(super) fn partition_keys(module: &Module) -> Result<PartitionKeys, JobError> {
    let length = module.source.slice;
    let keys = match (&module.target.partition_by, length) {
        (PartitionBy::Name(name), SliceLength::Day) => vec![(name.as_str(), "%Y-%m-%d")],
        (PartitionBy::Name(name), SliceLength::Hour) => vec![(name.as_str(), "%Y-%m-%d"), ("hour", "%H")],
        (PartitionBy::Formats(keys), _) => keys.iter().map(|(name, format)| (name.as_str(), format.as_str())).collect(),
    };
    let named = keys.into_iter().map(|(name, format)| Ok((partition_column(module, name)?, format.to_owned())));
    PartitionKeys::new(named.collect::<Result<_, JobError>>()?, length).map_err(|reason| wrong(module, SETTING, reason))
}

/// Returns the names of the partition columns.
pub(super) fn partition_columns(module: &Module) -> Result<Vec<ColumnName>, JobError> {
    Ok(partition_keys(module)?.names().cloned().collect())
}

fn partition_column(module: &Module, name: &str) -> Result<ColumnName, JobError> {
    let refused = |reason: &str| wrong(module, SETTING, format!("`{name}` {reason}"));
    // It stands in folder names, and those that begin with `_` are hidden from readers.
    let name: CollectionName = name.parse().map_err(|_| refused("is no lower-case name of letters, digits and `_`"))?;
    if [ERROR_DESC, ROW_HASH_ID].contains(&name.as_str()) {
        return Err(refused("is a column that adg writes itself"));
    }
    ColumnName::new(name.as_str()).map_err(|error| refused(&error.to_string()))
}
