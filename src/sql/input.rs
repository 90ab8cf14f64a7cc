//! Inputs of statements.

use std::collections::BTreeMap;

use crate::metastore::{Partition, Table};
use crate::schema::TableSchema;

use super::StagedTable;

/// Inputs of a statement, by the names that it has for them.
pub type Inputs<'i> = BTreeMap<String, Input<'i>>;

/// One input of a statement.
#[derive(Debug, Clone)]
pub struct Input<'i> {
    /// Its columns.
    pub schema: &'i TableSchema,
    /// Its rows.
    pub rows: InputRows<'i>,
}

/// Rows of an input.
#[derive(Debug, Clone)]
pub enum InputRows<'i> {
    /// They are not read yet: only columns can be asked for.
    Unread,
    /// Files in scratch.
    Staged(&'i StagedTable),
    /// A table of the lake, with its partitions.
    Table(&'i Table, &'i [Partition]),
}
