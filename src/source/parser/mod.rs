//! The parser: turns a source's bytes into columns without losing a record.
//!
//! Bytes pass once. [`records`] splits them into records and fields without copying, counts them and sets aside records that
//! can't be rows; [`columns`] builds typed Arrow columns from the fields' bytes and notes invalid values.
//! `docs/adr/0001-the-guard.md` gives the reasons not to use Polars' own readers.

mod batch;
mod built;
mod columns;
mod input;
pub(super) mod json;
mod nested;
mod plan;
mod records;
mod row_hash;
mod rules;
mod split;

pub(super) use batch::Span;
pub use batch::{BadRecord, Place, RawBatch};
pub use columns::{TypedBatch, typed_batch};
pub use plan::ColumnPlan;
pub(super) use records::{Dialect, RecordError, RecordReader};
pub use row_hash::{HashField, HashVersion, RowHash};
pub use rules::{Nulls, ValueRules};

/// Limits on the text of a file held in memory at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSizes {
    /// Bytes of text in one batch.
    pub block_bytes: usize,
    /// Maximum bytes of one record. A longer line is no record; a quote that is not closed within the limit is a mistake
    /// of its line.
    pub record_bytes: usize,
}
