//! Ingest: loads the files that land each day into Hive tables. Begin with [`job`], then [`day`].

mod children;
mod clean_up;
mod complete;
pub(super) mod context;
mod control;
mod dates;
mod day;
mod dialect;
pub(super) mod differences;
mod duplicates;
pub(super) mod format;
mod history;
mod incoming;
mod job;
mod late;
mod lineage;
pub(super) mod module;
mod notation;
mod partitions;
mod plan;
mod repair;
mod report;
mod request;
mod run;
mod schedule;
pub(super) mod slices;
mod summary;
mod test_flag;
mod told;
mod undo;
mod verify;
mod wrong;

pub use dates::DATES;
#[cfg(any(test, fuzzing))]
pub(crate) use format::format;
pub use history::{HistoryRequest, history};
pub use job::ingest;
pub use plan::{plan, read_plan, write_plan};
pub use repair::{RepairRequest, repair};
pub use report::report;
pub use request::IngestRequest;
pub use test_flag::refuse_test_flag_where_protected;
pub use undo::undo;
pub use verify::verify;
