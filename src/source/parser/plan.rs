//! The columns to build from a file's fields.

use std::sync::Arc;

use crate::schema::{ColumnName, ColumnType, SourceNames};

/// A column to build: its field in the source, and its name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPlan {
    /// The field's place in a record, from 0.
    pub index: usize,
    /// The column.
    pub name: ColumnName,
    /// Its type.
    pub ty: ColumnType,
    /// True if values with members that the type does not have are reported, and not only invalid: the type was
    /// derived without having seen them.
    pub may_grow: bool,
    /// True if a number becomes a float or double only if that gives all its digits back: the number has another type. A text
    /// becomes the nearest one.
    pub keeps_digits: bool,
    /// Names in the source that fill the table's columns and their fields.
    pub source_names: Arc<SourceNames>,
}
