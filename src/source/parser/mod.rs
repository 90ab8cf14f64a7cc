//! The parser: turns a source's bytes into columns without losing a record.
//!
//! Bytes pass once. [`records`] splits them into records and fields without copying, counts them and sets aside records that are no
//! rows; [`columns`] builds typed Arrow columns from the fields' bytes and notes values that do not fit. Why this does not go through Polars' own readers is in `docs/adr/0001-the-guard.md`.

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
pub use records::{Dialect, RecordError, RecordReader};
pub use row_hash::{HashField, HashVersion, RowHash};
pub use rules::{Nulls, ValueRules};

/// How much of a file is in memory at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSizes {
    /// Bytes of text in one batch.
    pub block_bytes: usize,
    /// The most that one record may have. A line that is longer is no record; a quote that is not closed within it is a mistake
    /// of its line.
    pub record_bytes: usize,
}
