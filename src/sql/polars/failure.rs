//! Errors of Polars.

use polars::prelude::PolarsError;

use crate::sql::SqlError;

pub(super) fn failed(error: PolarsError) -> SqlError {
    SqlError::Failed { reason: error.to_string() }
}
