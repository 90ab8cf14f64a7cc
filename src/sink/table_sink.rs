//! The seam: a table that rows are published to.

use std::collections::BTreeSet;

use arrow_array::{ArrayRef, RecordBatch};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::catchup::Slice;
use crate::identity::{ErrorKind, Explain};
use crate::schema::{ColumnName, Evolution, TableSchema};

use super::{Extent, Reverted, Revision};

/// A table as its catalog has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkTable {
    /// Its columns, without those that it is partitioned by.
    pub schema: TableSchema,
    /// Its columns with personal data.
    pub personal: BTreeSet<ColumnName>,
    /// Its address, as the catalog spells it.
    pub location: String,
}

/// The way in which staged rows become part of a table.
#[derive(Debug, Clone, Copy)]
pub enum Commit<'c> {
    /// They become the only rows of their slice.
    Replace,
    /// They are added to the table.
    Append,
    /// They replace all rows from a value of a column on. Rows without a value stay.
    ReplaceFrom {
        /// The column.
        column: &'c ColumnName,
        /// Its first value that is replaced, as an array of one in the table's type.
        first: &'c ArrayRef,
    },
    /// They replace rows with the same values of these columns; others are added. Rows with the keys of
    /// [`StagedRows::delete`] are deleted.
    Merge {
        /// Columns that identify a row.
        keys: &'c [ColumnName],
        /// Treatment of rows of the table whose keys no staged row has.
        missing: Missing,
    },
}

/// Treatment of rows of a table whose keys no staged row has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Missing {
    /// They stay.
    Keep,
    /// They are deleted. If they are more than this share of the table's rows, the commit is refused.
    Delete {
        /// Largest share, 0 to 1.
        most: f64,
    },
}

/// A merge that would delete more rows of a table than it may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{missing} of {rows} rows of {table} are gone in the source, more than `most_deleted` allows; nothing was published")]
pub struct TooManyMissing {
    /// Table.
    pub table: String,
    /// Rows whose keys no staged row has.
    pub missing: u64,
    /// Rows of the table.
    pub rows: u64,
}

impl Missing {
    /// Returns true if so many of the rows of a table may be deleted.
    pub fn allows(self, missing: u64, rows: u64) -> bool {
        // Counts of rows are far below the integers that a double does not hold.
        #[expect(clippy::cast_precision_loss)]
        match self {
            Self::Keep => missing == 0,
            Self::Delete { most } => missing as f64 <= most * rows as f64,
        }
    }
}

impl Explain for TooManyMissing {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Limit
    }

    fn hint(&self) -> Option<String> {
        Some("look at the source; if they are to be deleted, raise `most_deleted` of the sink".to_owned())
    }
}

/// The result of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Address of the rows.
    pub location: String,
    /// Numbers of the staged rows by what became of them; all are zero where they replaced a slice, or where an earlier try of
    /// the same commit had published them.
    pub changes: Changes,
}

/// Numbers of rows by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// Rows whose key the table did not have.
    pub inserted: u64,
    /// Rows whose key the table had, with other values.
    pub updated: u64,
    /// Rows that the table had already.
    pub unchanged: u64,
    /// Rows of the table that were deleted, or replaced without regard to keys.
    #[serde(default)]
    pub deleted: u64,
}

impl Changes {
    /// Returns true if the table is as it was.
    pub fn is_nothing(&self) -> bool {
        self.inserted == 0 && self.updated == 0 && self.deleted == 0
    }
}

/// A table that one run publishes to, under a lease.
///
/// The order of a publish is [`begin`](Self::begin), [`StagedRows::write`] for each batch, [`StagedRows::finish`],
/// [`evolve`](Self::evolve), [`commit`](Self::commit).
///
/// Guarantees of an implementation:
/// - Readers see all rows of a commit or none, and staged rows not at all. An aborted or forgotten write changes nothing that
///   they see.
/// - `evolve` is idempotent. It never drops a column, and rows that were committed before have null in new columns.
/// - A run whose lease has been followed by a later one commits and reverts nothing once the later run has committed.
/// - A commit whose reply was lost is done once.
/// - Rows that a commit replaced stay until they expire, unless [`retains`](Self::retains) says otherwise; until then `revert`
///   restores them. It refuses to restore others.
///
/// `conformance::replaced` shows a whole publish.
pub trait TableSink {
    /// Error of the sink.
    type Error: Explain;
    /// Rows of one slice that no reader sees yet.
    type Staged: StagedRows<Error = Self::Error>;

    /// Returns the table; none if it does not exist.
    ///
    /// # Errors
    /// The table can't be published to by this job; or the catalog fails.
    fn state(&self) -> Result<Option<SinkTable>, Self::Error>;

    /// Creates the table with the evolution's columns, or alters it in place; `personal` are the columns with personal data.
    ///
    /// # Errors
    /// Somebody else changed the table since `evolution` was computed; or the catalog fails.
    fn evolve(&self, evolution: &Evolution, personal: &BTreeSet<ColumnName>) -> Result<SinkTable, Self::Error>;

    /// Begins to write rows of a slice, with these columns.
    ///
    /// # Errors
    /// The sink has no such slices; or the store fails.
    fn begin(&self, slice: &Slice, schema: &TableSchema) -> Result<Self::Staged, Self::Error>;

    /// Returns true if the sink can commit in this way.
    fn supports(&self, commit: &Commit<'_>) -> bool;

    /// Returns true if rows that such a commit replaced stay until they expire, so that `revert` restores them.
    fn retains(&self, _: &Commit<'_>) -> bool {
        true
    }

    /// Publishes finished rows in one step. A merge of rows that the table has already publishes nothing.
    ///
    /// # Errors
    /// The sink does not support the commit; two rows to merge have the same key, or one has a null in it; a later run holds the
    /// lease; a staged file is gone; the catalog fails. Rows that are certainly not published are deleted.
    fn commit(&self, table: &SinkTable, staged: &Self::Staged, commit: &Commit<'_>) -> Result<Committed, Self::Error>;

    /// Sends readers of a slice back to a revision, if it is whole; `None` unpublishes the slice. Idempotent.
    ///
    /// # Errors
    /// A later run holds the lease; or the catalog fails.
    fn revert(&self, slice: &Slice, to: Option<&Revision>) -> Result<Reverted, Self::Error>;

    /// Deletes rows that were replaced longer than `retention` ago. Returns the number of folders or snapshots deleted.
    ///
    /// # Errors
    /// The catalog or the store fails; the rest is left to the next call.
    fn expire(&self, retention: SignedDuration) -> Result<usize, Self::Error>;

    /// Returns the extent of the rows that readers see of a slice, counted where they lie; none if the slice is not published.
    ///
    /// # Errors
    /// The rows can't be read; or the catalog fails.
    fn count(&self, slice: &Slice) -> Result<Option<Extent>, Self::Error>;
}

/// Rows of one slice that no reader sees yet.
pub trait StagedRows {
    /// Error of the sink.
    type Error: Explain;

    /// Writes a batch. Its columns have the table's types, in any order; missing columns are null.
    ///
    /// # Errors
    /// The store or the disk fails.
    fn write(&mut self, batch: &RecordBatch) -> Result<(), Self::Error>;

    /// Marks the rows of the table with these keys: a merge deletes them. The batch has the columns of the keys, in their order,
    /// and no others; no row that is written has the same keys.
    ///
    /// # Errors
    /// The server or the disk fails.
    fn delete(&mut self, keys: &RecordBatch) -> Result<(), Self::Error>;

    /// Finishes the write; rows may be none. Returns their extent.
    ///
    /// # Errors
    /// The store or the disk fails.
    fn finish(&mut self) -> Result<Extent, Self::Error>;

    /// Deletes the rows. A failure is logged: the next attempt deletes them.
    fn abort(&self);
}
