//! `DuckDB` as the engine: its command line, a process of its own.

mod dialect;
mod engine;
mod input;
mod process;
mod types;

pub use engine::DuckDb;
