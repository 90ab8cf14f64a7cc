//! Generation of test data: a module's files, from its own columns.

mod columns;
mod csv_file;
mod job;
mod json_file;
mod request;
mod values;

pub use job::generate;
pub use request::{ExtraColumn, Generate};
