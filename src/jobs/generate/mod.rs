//! Test data: a module's files, made from its own columns.

mod csv_file;
mod job;
mod json_file;
mod values;

pub use job::{ExtraColumn, Generate, generate};
