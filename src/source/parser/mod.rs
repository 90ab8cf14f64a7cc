//! The parser: turns a source's bytes into columns without losing a record.
//!
//! Bytes pass once. [`records`] splits them into records and fields without copying, counts them and sets aside records that
//! can't be rows; [`columns`] builds typed Arrow columns from the fields' bytes and notes invalid values.
//! `docs/adr/0001-the-guard.md` gives the reasons not to use Polars' own readers.

mod batch;
mod built;
mod cells;
mod columns;
mod dialect;
mod dialect_split;
mod fixed_width;
mod header_line;
mod input;
pub(super) mod json;
mod line_ends;
mod nested;
mod plan;
mod records;
mod row_hash;
mod rules;
mod sep_line;
mod sizes;
mod split;
mod trailer;
mod unescape;
mod widths;

pub use batch::{BadRecord, Place, RawBatch};
pub(super) use batch::{Span, TWICE};
pub use columns::{TypedBatch, typed_batch};
pub use dialect::{Dialect, Escape, Sequences};
pub use fixed_width::{FixedField, FixedWidth};
pub use line_ends::LineEnds;
pub use plan::ColumnPlan;
pub use records::TrailerFlaw;
pub(super) use records::{RecordError, RecordReader, SampledRecord};
pub use row_hash::{HashField, HashVersion, RowHash};
pub use rules::{Nulls, ValueRules};
pub(super) use sep_line::is_sep;
pub use sizes::ReadSizes;
pub use trailer::Trailer;
pub(super) use trailer::WithoutLastLines;
pub use widths::{LongRecords, Widths};
