//! Jobs: the work of each command, composed of the rooms below.

mod doctor;
#[cfg(test)]
mod faults;
mod generate;
mod import;
mod ingest;
mod pipeline;
mod query;
mod retype;
mod run;
mod sniff;
mod tables;

pub use doctor::{Diagnosis, DoctorRequest, Finding, doctor};
pub use generate::{ExtraColumn, Generate, generate};
pub use import::{ImportRequest, import};
#[cfg(any(test, fuzzing))]
pub(crate) use ingest::format;
pub use ingest::{
    DATES, HistoryRequest, IngestRequest, RepairRequest, history, ingest, plan, read_plan, refuse_test_flag_where_protected,
    repair, report, undo, verify, write_plan,
};
pub use pipeline::{
    PipelineRequest, diagram as pipeline_diagram, history as pipeline_history, pipeline, plan as plan_pipeline,
    undo as undo_pipeline,
};
pub use query::{QueryFormat, QueryRequest, query};
pub use retype::{RetypeRequest, Retyped, retype};
pub use run::{Environment, JobError, LEAST_MEMORY, NextCommands, PipelineError, RunOptions, Scope, Services};
pub use sniff::{Init, InitRequest, SniffRequest, init, sniff};
pub use tables::{describe, tables};
