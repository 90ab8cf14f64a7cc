//! SQL over the published tables, by Polars.

mod error;
mod frame;
mod grown;
mod job;
mod output;
mod scan;
mod types;

pub use job::query;
pub use output::QueryFormat;
