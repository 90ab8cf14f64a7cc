//! Partition columns of a module's tables.

use crate::config::{Module, PartitionBy, PartitionFrom};
use crate::identity::{CollectionName, SliceLength};
use crate::jobs::run::JobError;
use crate::lake::{PartitionKeys, RowDay};
use crate::schema::{ColumnName, ERROR_DESC, ROW_HASH_ID};

use super::wrong::wrong;

/// Setting of the columns, for messages.
const SETTING: &str = "target.partition_by";

/// Setting of the column with the day of each row, for messages.
const ROW_DAY: &str = "target.partition_from";

/// Returns the partition columns of the module's tables, each with the part of the date that it holds.
pub(super) fn partition_keys(module: &Module) -> Result<PartitionKeys, JobError> {
    let length = module.source.slice;
    let keys = match (&module.target.partition_by, length) {
        (PartitionBy::Name(name), SliceLength::Day) => vec![(name.as_str(), "%Y-%m-%d")],
        (PartitionBy::Name(name), SliceLength::Hour) => vec![(name.as_str(), "%Y-%m-%d"), ("hour", "%H")],
        (PartitionBy::Formats(keys), _) => keys.iter().map(|(name, format)| (name.as_str(), format.as_str())).collect(),
    };
    let named = keys.into_iter().map(|(name, format)| Ok((partition_column(module, SETTING, name)?, format.to_owned())));
    let keys = PartitionKeys::new(named.collect::<Result<_, JobError>>()?, length);
    let keys = keys.map_err(|reason| wrong(module, SETTING, reason))?;
    let row_day = row_day(module)?;
    if let Some(twice) = keys.names().find(|name| row_day.as_ref().is_some_and(|row_day| row_day.name == **name)) {
        return Err(wrong(module, ROW_DAY, format!("`{twice}` is a column of `{SETTING}` already")));
    }
    Ok(keys.with_row_day(row_day))
}

/// Returns the partition column with the day of each row, if the module has one.
fn row_day(module: &Module) -> Result<Option<RowDay>, JobError> {
    let (name, of) = match &module.target.partition_from {
        None => return Ok(None),
        Some(PartitionFrom::Column(of)) => (format!("{of}_date"), of),
        Some(PartitionFrom::Named(named)) => match named.first() {
            Some((name, of)) if named.len() == 1 => (name.clone(), of),
            _ => return Err(wrong(module, ROW_DAY, "it has one column, such as `{ day: created_at }`")),
        },
    };
    let of = ColumnName::new(of).map_err(|error| wrong(module, ROW_DAY, error))?;
    Ok(Some(RowDay { name: partition_column(module, ROW_DAY, &name)?, of }))
}

/// Returns the names of the partition columns.
pub(super) fn partition_columns(module: &Module) -> Result<Vec<ColumnName>, JobError> {
    Ok(partition_keys(module)?.names().cloned().collect())
}

fn partition_column(module: &Module, setting: &str, name: &str) -> Result<ColumnName, JobError> {
    let refused = |reason: &str| wrong(module, setting, format!("`{name}` {reason}"));
    // It stands in folder names, and those that begin with `_` are hidden from readers.
    let name: CollectionName = name.parse().map_err(|_| refused("is no lower-case name of letters, digits and `_`"))?;
    if [ERROR_DESC, ROW_HASH_ID].contains(&name.as_str()) {
        return Err(refused("is a column that adg writes itself"));
    }
    ColumnName::new(name.as_str()).map_err(|error| refused(&error.to_string()))
}
