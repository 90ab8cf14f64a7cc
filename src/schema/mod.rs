//! Names, types, inference and evolution of a table's columns.
//!
//! Pure: no I/O, no clock, no environment. Everything here is a function from values to values,
//! so that a run's changes to a table can be computed, printed and tested before they are made.

mod column_name;
mod evolution;
pub mod fit;
mod infer;
mod names;
mod shape;
mod table;
mod type_words;
mod types;

pub use column_name::{ColumnName, MOST_COLUMNS, NameError};
pub use evolution::{Evolution, EvolutionPolicy, Incoming, MissingColumn, NewColumn, SchemaRefused, TypeChange, Widening};
pub use infer::TypeGuess;
pub use names::{Naming, NamingRule, headers_to_columns};
pub use shape::{Members, Shape};
pub use table::{Column, Fingerprint, TableSchema, TimestampEncoding};
pub use types::{ColumnType, StructField, TypeError};

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
