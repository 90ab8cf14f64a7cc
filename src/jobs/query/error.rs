//! Errors of Polars.

use polars::prelude::PolarsError;

use crate::jobs::run::JobError;

pub(super) fn failed(error: PolarsError) -> JobError {
    JobError::Query { reason: error.to_string() }
}
