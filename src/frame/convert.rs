//! The bridge between arrow-rs arrays, which the guard builds and the Parquet writer takes, and Polars frames, in which

use crate::identity::{ErrorKind, Explain};

use arrow_array::ArrayRef;
use polars::prelude::{Column, CompatLevel, DataFrame, PlSmallStr, PolarsError, Series};

use super::bridge;

/// Columns could not cross: a type that one side does not know, or columns of unlike length. A bug of adg.
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

/// A frame of these columns, each `rows` long.
pub fn from_arrow(rows: usize, columns: Vec<(&str, ArrayRef)>) -> Result<DataFrame, FrameError> {
    let columns = columns.into_iter().map(|(name, array)| {
        let chunk = bridge::array_to_polars(&array)?;
        Ok(Column::from(Series::try_from((PlSmallStr::from_str(name), vec![chunk]))?))
    });
    let columns = columns.collect::<Result<Vec<_>, FrameError>>()?;
    Ok(DataFrame::new(rows, columns)?)
}

/// The arrays of a frame's columns, in order.
pub fn to_arrow(frame: &DataFrame) -> Result<Vec<ArrayRef>, FrameError> {
    let arrays = frame.columns().iter().map(|column| {
        let series = column.as_materialized_series().rechunk();
        bridge::array_to_arrow(series.to_arrow(0, CompatLevel::newest()))
    });
    arrays.collect()
}
