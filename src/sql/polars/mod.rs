//! Polars as the engine: in this process.

mod engine;
mod failure;
pub mod frame;
mod grown;
mod output;
mod plain;
mod scan;
mod types;

pub use engine::Polars;
