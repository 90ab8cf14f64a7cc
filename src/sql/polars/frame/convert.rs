//! Conversion between arrow-rs arrays, which the parser builds and the Parquet writer takes, and Polars frames, which queries run
//! on.

use arrow_array::ArrayRef;
use polars::prelude::{Column, CompatLevel, DataFrame, PlSmallStr, Series};

use super::{FrameError, bridge};

/// Returns a frame of these columns, each `rows` long.
///
/// # Errors
/// The columns differ in length, or have a type that Polars does not know.
pub fn from_arrow(rows: usize, columns: Vec<(&str, ArrayRef)>) -> Result<DataFrame, FrameError> {
    let columns = columns.into_iter().map(|(name, array)| {
        let chunk = bridge::array_to_polars(&array)?;
        Ok(Column::from(Series::try_from((PlSmallStr::from_str(name), vec![chunk]))?))
    });
    let columns = columns.collect::<Result<Vec<_>, FrameError>>()?;
    Ok(DataFrame::new(rows, columns)?)
}

/// Returns the arrays of a frame's columns, in order.
///
/// # Errors
/// A column has a type that arrow does not know.
pub fn to_arrow(frame: &DataFrame) -> Result<Vec<ArrayRef>, FrameError> {
    let arrays = frame.columns().iter().map(|column| {
        let series = column.as_materialized_series().rechunk();
        bridge::array_to_arrow(series.to_arrow(0, CompatLevel::newest()))
    });
    arrays.collect()
}
