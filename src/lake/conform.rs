//! A day's frame in the shape of its table.

use polars::prelude::{Column, DataFrame, DataType, Field as PolarsField, PlSmallStr, TimeUnit};

use crate::frame::FrameError;
use crate::schema::{ColumnType, TableSchema};

/// The frame's columns in the table's order; those that the frame lacks are null.
pub fn conform(frame: &DataFrame, table: &TableSchema) -> Result<DataFrame, FrameError> {
    let rows = frame.height();
    let columns = table.columns().iter().map(|column| match frame.column(column.name.as_str()) {
        Ok(found) => found.clone(),
        Err(_) => Column::full_null(PlSmallStr::from_str(column.name.as_str()), rows, &polars_type(&column.ty)),
    });
    Ok(DataFrame::new(rows, columns.collect())?)
}

/// The Polars type of a column, as [`crate::frame`] brings it from the guard.
pub fn polars_type(ty: &ColumnType) -> DataType {
    match ty {
        ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_) => DataType::String,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::TinyInt => DataType::Int8,
        ColumnType::SmallInt => DataType::Int16,
        ColumnType::Int => DataType::Int32,
        ColumnType::BigInt => DataType::Int64,
        ColumnType::Float => DataType::Float32,
        ColumnType::Double => DataType::Float64,
        ColumnType::Decimal { precision, scale } => DataType::Decimal((*precision).into(), (*scale).into()),
        ColumnType::Date => DataType::Date,
        ColumnType::Timestamp => DataType::Datetime(TimeUnit::Microseconds, None),
        ColumnType::Array(element) => DataType::List(Box::new(polars_type(element))),
        ColumnType::Struct(fields) => {
            let field = |name: &str, ty| PolarsField::new(PlSmallStr::from_str(name), polars_type(ty));
            DataType::Struct(fields.iter().map(|f| field(f.name.as_str(), &f.ty)).collect())
        }
        ColumnType::Map(key, value) => DataType::List(Box::new(DataType::Struct(vec![
            PolarsField::new("key".into(), polars_type(key)),
            PolarsField::new("value".into(), polars_type(value)),
        ]))),
    }
}
