//! Sinks: the seam of tables that rows are published to, whatever keeps them.

#[cfg(test)]
pub(crate) mod conformance;
mod largest;
mod revision;
mod table_sink;

pub use largest::Largest;
pub use revision::{Extent, Reverted, Revision};
pub use table_sink::{Changes, Commit, Committed, Missing, SinkTable, StagedRows, TableSink, TooManyMissing};
