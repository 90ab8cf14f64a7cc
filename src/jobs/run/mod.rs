//! Parts that every kind of job shares: scope and options, services, leases, errors, reports and notifications.

mod budget;
mod environment;
mod error;
#[cfg(test)]
mod error_table;
pub mod lease;
mod options;
pub mod rerun;
pub mod run_reports;
mod scope;
mod services;
pub mod spans;
pub mod tell;

pub use budget::{Budget, LEAST_MEMORY};
pub use environment::Environment;
#[cfg(test)]
pub use environment::StoreSeam;
pub use error::JobError;
pub use options::RunOptions;
pub use rerun::NextCommands;
pub use scope::Scope;
pub use services::Services;
