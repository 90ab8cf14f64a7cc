//! The guard: what stands between a source's bytes and the frames, and loses nothing.
//!
//! Bytes pass once. [`records`] splits them into records and fields without copying them, counts them, and sets aside what
//! is no row; [`columns`] builds Arrow columns straight from the fields' bytes, typed at once, with the values that did not
//! fit as a by-product. Why this does not go through Polars' own readers is in `docs/adr/0001-the-guard.md`.

mod batch;
mod columns;
mod nested;
mod records;
mod split;

pub use batch::{BadRecord, RawBatch};
pub use columns::{ColumnPlan, Nulls, ValueRules, ValuedFrame, valued_frame};
pub use records::{Dialect, RecordError, RecordReader};
