//! The columns to build from a file's fields.

use crate::schema::{ColumnName, ColumnType};

/// A column to build: which field of the source, and what it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPlan {
    /// The field's place in a record, from 0.
    pub index: usize,
    /// The column.
    pub name: ColumnName,
    /// Its type.
    pub ty: ColumnType,
    /// Whether values with members that the type does not have are to be told, rather than just not to fit: the type was made
    /// without having seen them.
    pub may_grow: bool,
}
