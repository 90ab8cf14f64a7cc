//! SQL over named inputs: statements, and the engines that run them.

pub mod duckdb;
mod engine;
mod error;
mod files;
mod input;
mod names;
pub mod polars;
mod staged;
mod statement;

pub use engine::SqlEngine;
pub use error::SqlError;
pub use input::{Input, InputRows, Inputs};
pub use staged::{StagedTable, StagedWriter};
pub use statement::Statement;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tried;
