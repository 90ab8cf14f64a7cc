//! Parts that every kind of job shares: scope and options, services, leases, errors, reports and notifications.

mod budget;
mod environment;
mod error;
#[cfg(test)]
mod error_table;
pub(super) mod existing;
pub(super) mod lease;
mod options;
mod pipeline_error;
pub(super) mod rerun;
pub(super) mod run_reports;
mod scope;
mod services;
pub(super) mod spans;
pub(super) mod tell;

pub(crate) use budget::Budget;
pub use budget::LEAST_MEMORY;
pub use environment::Environment;
#[cfg(test)]
pub(super) use environment::StoreSeam;
pub use error::JobError;
pub use options::RunOptions;
pub use pipeline_error::PipelineError;
pub use rerun::NextCommands;
pub use scope::Scope;
pub use services::Services;
