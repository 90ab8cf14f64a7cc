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
mod source_names;
mod system_columns;
mod table;
mod type_words;
mod types;
mod wider;

pub use column_name::{ColumnName, MOST_COLUMNS, NameError};
pub use evolution::{Evolution, EvolutionPolicy, Incoming, MissingColumn, NewColumn, SchemaRefused, TypeChange, Widening};
pub use infer::TypeGuess;
pub use names::{DuplicateNames, Naming, NamingRule, headers_to_columns};
pub use shape::{Flat, FlatReason, Members, Shape};
pub use source_names::SourceNames;
pub use system_columns::{ERROR_DESC, ROW_HASH_ID, system_columns};
pub use table::{Column, Fingerprint, TableSchema, TimestampEncoding};
pub use types::{ColumnType, StructField, TypeError};
pub use wider::TypeStep;
