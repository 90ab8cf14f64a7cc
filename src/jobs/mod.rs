//! What a command does: each job composes the rooms below and reads like a table of contents.

mod budget;
mod clean_up;
mod complete;
mod dates;
mod day;
mod differences;
mod doctor;
mod engine;
mod error;
#[cfg(test)]
mod error_table;
#[cfg(test)]
mod faults;
mod format;
mod generate;
mod history;
mod import;
mod incoming;
mod ingest;
mod late;
mod lease;
mod lineage;
mod module;
mod plan;
mod query;
mod repair;
mod report;
mod rerun;
mod run_reports;
mod services;
mod setup;
mod staged;
mod stop;
mod summary;
mod tables;
mod tell;
mod todo;
mod undo;
mod verify;

pub use budget::{Budget, LEAST_MEMORY};
pub use dates::DATES;
pub use doctor::{Diagnosis, DoctorRequest, Finding, doctor};
pub use error::JobError;
#[cfg(any(test, fuzzing))]
pub use format::format;
pub use generate::{ExtraColumn, Generate, generate};
pub use history::{HistoryRequest, history};
pub use import::{ImportRequest, import};
pub use ingest::{IngestRequest, ingest, refuse_test_flag_where_protected};
pub use plan::{plan, read_plan, write_plan};
pub use query::{QueryFormat, query};
pub use repair::{RepairRequest, repair};
pub use report::report;
pub use services::{Environment, Services};
pub use stop::Stop;
pub use tables::{describe, tables};
pub use undo::undo;
pub use verify::verify;
