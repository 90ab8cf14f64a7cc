//! SQL over the published tables.

mod job;
mod output;

pub use job::{QueryRequest, query};
pub use output::QueryFormat;
