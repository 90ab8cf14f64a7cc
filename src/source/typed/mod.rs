//! Files whose fields have types: Parquet, Avro, ORC, and workbooks.
//!
//! Their values become text, as a program would write them, and are read as those of any other file: one way to check types,
//! to set values aside and to evolve tables. Their types become those of new columns.

mod avro;
mod batches;
mod binary;
mod clock;
mod column_types;
#[cfg(feature = "excel")]
mod excel;
mod format;
mod number;
#[cfg(feature = "orc")]
mod orc;
mod parquet;
mod spool;
mod text;
mod unreadable;

pub(super) use batches::TypedBatches;
pub use binary::BinaryText;
#[cfg(feature = "excel")]
pub(super) use excel::{Cells, cell_name, sheets};
pub use format::{Sheet, TypedFormat, TypedKind};
