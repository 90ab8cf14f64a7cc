//! The seam: an engine that runs statements.

use arrow_array::RecordBatch;

use crate::schema::TableSchema;

use super::{Inputs, SqlError, Statement};

/// An engine that runs statements over named inputs.
///
/// Guarantees of an implementation, which `conformance` checks:
/// - The rows have the columns that [`columns`](Self::columns) tells, of those types, in that order.
/// - A statement that the engine does not know is refused, and never answered in another sense.
/// - Rows are handed on while the statement runs: a large result does not have to fit into memory.
/// - Values are those of adg's types; one that no type holds is refused with its column.
pub trait SqlEngine: Send + Sync {
    /// Returns the columns of a statement, without running it.
    ///
    /// # Errors
    /// The statement names an input or a column that is not there, or the engine does not know a part of it.
    fn columns(&self, statement: &Statement, inputs: &Inputs<'_>) -> Result<TableSchema, SqlError>;

    /// Runs a statement, and hands each batch of its rows to `take`, in order.
    ///
    /// # Errors
    /// Those of [`columns`](Self::columns); the inputs can't be read; a value can't be converted; or `take` fails.
    fn run(
        &self,
        statement: &Statement,
        inputs: &Inputs<'_>,
        take: &mut dyn FnMut(RecordBatch) -> Result<(), SqlError>,
    ) -> Result<(), SqlError>;
}
