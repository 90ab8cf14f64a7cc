//! Results of Polars as batches of adg's types.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, LargeListArray, RecordBatch, StructArray};
use arrow_schema::ArrowError;
use polars::prelude::{DataFrame, DataType, Expr, Field, LazyFrame, PlSmallStr, Schema, SchemaExt, TimeUnit, col};

use crate::batch::{arrow_schema, arrow_type, element_field};
use crate::schema::{Column, ColumnName, ColumnType, StructField, TableSchema};
use crate::sql::SqlError;

use super::frame::{self, FrameError};
use super::types::polars_type;

const NAME_IT: &str = "name it: `max(price) as top`";

/// Returns the result in columns of adg's names and types, and those.
pub(super) fn typed(frame: LazyFrame, found: &Schema) -> Result<(LazyFrame, TableSchema), SqlError> {
    let mut columns: Vec<Column> = Vec::new();
    let mut selected: Vec<Expr> = Vec::new();
    for field in found.iter_fields() {
        let column = column(&field)?;
        if columns.iter().any(|other| other.name == column.name) {
            return Err(SqlError::refused(format!("two columns are called `{}`", column.name), NAME_IT));
        }
        let mut value = col(field.name.clone());
        if field.dtype != polars_type(&column.ty) {
            value = value.strict_cast(polars_type(&column.ty));
        }
        selected.push(value.alias(PlSmallStr::from_str(column.name.as_str())));
        columns.push(column);
    }
    Ok((frame.select(selected), TableSchema::new(columns)))
}

/// Returns the column that a field of the result becomes.
fn column(field: &Field) -> Result<Column, SqlError> {
    let name = ColumnName::new(field.name.as_str()).map_err(|error| SqlError::refused(error, NAME_IT))?;
    let ty = column_type(&field.dtype).ok_or_else(|| {
        SqlError::refused(
            format!("the column `{name}` is a {}, which no table has", field.dtype),
            "cast it: `cast(x as varchar)`, or to another type of a table",
        )
    })?;
    Ok(Column::new(name, ty))
}

/// Returns the type of a column that holds all values of a type of Polars; `None` if there is none.
fn column_type(dtype: &DataType) -> Option<ColumnType> {
    Some(match dtype {
        DataType::String | DataType::Null => ColumnType::String,
        DataType::Boolean => ColumnType::Boolean,
        DataType::Int8 => ColumnType::TinyInt,
        DataType::Int16 | DataType::UInt8 => ColumnType::SmallInt,
        DataType::Int32 | DataType::UInt16 => ColumnType::Int,
        DataType::Int64 | DataType::UInt32 => ColumnType::BigInt,
        DataType::UInt64 => ColumnType::Decimal { precision: 20, scale: 0 },
        DataType::Float32 => ColumnType::Float,
        DataType::Float64 => ColumnType::Double,
        DataType::Decimal(precision, scale) => {
            ColumnType::Decimal { precision: u8::try_from(*precision).ok()?, scale: u8::try_from(*scale).ok()? }
        }
        DataType::Date => ColumnType::Date,
        DataType::Datetime(TimeUnit::Microseconds | TimeUnit::Milliseconds, None) => ColumnType::Timestamp,
        DataType::List(items) => ColumnType::Array(Box::new(column_type(items)?)),
        DataType::Struct(fields) => {
            let member = |field: &Field| {
                Some(StructField { name: ColumnName::new(field.name.as_str()).ok()?, ty: column_type(&field.dtype)? })
            };
            ColumnType::Struct(fields.iter().map(member).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// Returns the rows as a batch of these columns.
pub(super) fn batch(frame: &DataFrame, schema: &TableSchema) -> Result<RecordBatch, FrameError> {
    let arrays = frame::to_arrow(frame)?;
    let conformed = arrays.iter().zip(schema.columns()).map(|(array, column)| conformed(array, &column.ty));
    let conformed = conformed.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::new(arrow_schema(schema)), conformed)?)
}

/// Returns an array whose inner fields are named as everywhere in adg.
fn conformed(array: &ArrayRef, ty: &ColumnType) -> Result<ArrayRef, ArrowError> {
    match (ty, arrow_type(ty)) {
        (_, wanted) if wanted == *array.data_type() => Ok(Arc::clone(array)),
        (ColumnType::Array(items), _) => {
            let list: &LargeListArray = array.as_list();
            let values = conformed(list.values(), items)?;
            let field = element_field(values.data_type().clone());
            Ok(Arc::new(LargeListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned())?))
        }
        (ColumnType::Struct(members), arrow_schema::DataType::Struct(fields)) => {
            let found = array.as_struct();
            let columns = found.columns().iter().zip(members).map(|(column, member)| conformed(column, &member.ty));
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            Ok(Arc::new(StructArray::try_new_with_length(fields, columns, found.nulls().cloned(), found.len())?))
        }
        // A difference that is none of names is found where the batch is made.
        _ => Ok(Arc::clone(array)),
    }
}
