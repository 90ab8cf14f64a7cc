//! The error of a setting of a pipeline.

use crate::config::Pipeline;
use crate::jobs::run::JobError;

/// Returns the error of the setting `what`.
pub(super) fn wrong(pipeline: &Pipeline, what: &str, reason: impl ToString) -> JobError {
    JobError::Setting {
        what: what.to_owned(),
        place: format!("the pipeline `{}`", pipeline.pipeline),
        reason: reason.to_string(),
    }
}
