//! SQL over the published tables, by Polars.

mod job;
mod output;

pub use job::query;
pub use output::QueryFormat;
