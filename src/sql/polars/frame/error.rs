//! Errors of conversion between arrow-rs and Polars.

use polars::prelude::PolarsError;

use crate::identity::{ErrorKind, Explain};

/// Columns could not be converted: one side does not know a type, or the columns differ in length. A bug of adg.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Polars refused.
    #[error("failed to make a frame")]
    Polars(#[from] PolarsError),
    /// arrow-rs refused.
    #[error("failed to make arrays")]
    Arrow(#[from] arrow_schema::ArrowError),
}

impl Explain for FrameError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Bug
    }
}
