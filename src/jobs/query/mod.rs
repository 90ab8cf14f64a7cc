//! SQL over the published tables, by Polars.

mod error;
mod job;
mod output;
mod scan;

pub use job::query;
pub use output::QueryFormat;
