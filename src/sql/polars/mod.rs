//! Polars as the engine: in this process.

mod dialect;
mod engine;
mod failure;
pub mod frame;
mod grown;
mod output;
mod scan;
mod types;

pub use engine::Polars;
pub use scan::scan;
