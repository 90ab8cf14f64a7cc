//! The error of a setting of a module.

use crate::config::Module;
use crate::jobs::run::JobError;

/// Returns the error of the setting `what`.
pub(super) fn wrong(module: &Module, what: &str, reason: impl ToString) -> JobError {
    JobError::Setting { what: what.to_owned(), place: format!("the module `{}`", module.module), reason: reason.to_string() }
}
