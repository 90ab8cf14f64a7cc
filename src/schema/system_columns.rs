//! The columns that adg writes itself.

use super::{Column, ColumnName, ColumnType};

/// Column that names a row's invalid values, which could not be cast, each with its original text.
pub const ERROR_DESC: &str = "error_desc";

/// Column with a hash of a row's source values.
pub const ROW_HASH_ID: &str = "row_hash_id";

/// Returns the columns that adg writes itself, in their order in a new table.
pub fn system_columns(row_hash: bool) -> Vec<Column> {
    let hash = row_hash.then_some((ROW_HASH_ID, ColumnType::String));
    let system = hash.into_iter().chain([(ERROR_DESC, ColumnType::Array(Box::new(ColumnType::String)))]);
    system.filter_map(|(name, ty)| Some(Column::new(ColumnName::new(name).ok()?, ty))).collect()
}
