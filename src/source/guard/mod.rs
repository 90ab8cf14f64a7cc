//! The guard: what stands between a source's bytes and the frames, and loses nothing.
//!
//! Bytes pass once. [`records`] splits them into records and fields without copying them, counts them, and sets aside what
//! is no row; [`columns`] builds Arrow columns straight from the fields' bytes, typed at once, with the values that did not
//! fit as a by-product. Why this does not go through Polars' own readers is in `docs/adr/0001-the-guard.md`.

mod batch;
mod columns;
mod input;
pub(super) mod json;
mod nested;
mod records;
mod row_hash;
mod split;

pub(super) use batch::Span;
pub use batch::{BadRecord, Place, RawBatch};
pub use columns::{ColumnPlan, Nulls, ValueRules, ValuedFrame, valued_frame};
pub use records::{Dialect, RecordError, RecordReader};
pub use row_hash::{HashField, HashVersion, RowHash};

/// How much of a file is in memory at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSizes {
    /// Bytes of text in one batch.
    pub block_bytes: usize,
    /// The most that one record may have. A line that is longer is no record; a quote that is not closed within it is a mistake
    /// of its line.
    pub record_bytes: usize,
}
