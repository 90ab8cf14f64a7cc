//! Mapping of column types to Polars types.

use polars::prelude::{DataType, Field as PolarsField, PlSmallStr, Schema, TimeUnit};

use crate::schema::{ColumnType, TableSchema};

/// Returns the columns as Polars has them.
pub(super) fn polars_schema(schema: &TableSchema) -> Schema {
    schema.columns().iter().map(|column| PolarsField::new(column.name.as_str().into(), polars_type(&column.ty))).collect()
}

/// Returns the Polars type of a column. Polars has no maps: they are lists of `key` and `value`.
pub(super) fn polars_type(ty: &ColumnType) -> DataType {
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
