//! JSON files as streams of batches.

mod batches;
mod format;
mod look;
mod rows;
mod sought;
mod stopped;
mod twice;

pub(super) use batches::JsonBatches;
pub use format::JsonFormat;
pub(super) use look::look;
pub use sought::{Sought, sought};
