//! Record batches: the currency between rooms, in arrow's types.

mod row_keys;

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{LargeListBuilder, StringViewBuilder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, TimeUnit};

use crate::identity::{ErrorKind, Explain};
use crate::schema::{ColumnName, ColumnType, StructField, TableSchema};

pub use row_keys::RowKeys;

/// An error for arrays that do not form columns of the required type or length: a bug of adg.
#[derive(Debug, thiserror::Error)]
#[error("failed to make columns")]
pub struct BatchError(#[from] ArrowError);

impl Explain for BatchError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Bug
    }
}

/// Returns the text of an invalid value, in the words of the job that adg replaces: others read them. `path` leads to a value in
/// the column's.
pub fn describe_error(column: &ColumnName, path: &str, text: &str) -> String {
    format!("Type Conversion for column {column}{path}. The source value is: {text}")
}

/// Returns the column `error_desc`: for each row its texts of invalid values; null, not an empty list, if all are valid.
pub fn error_lists(rows: usize, mut errors: Vec<(usize, String)>) -> ArrayRef {
    errors.sort_by_key(|(row, _)| *row);
    let mut lists = LargeListBuilder::with_capacity(StringViewBuilder::new(), rows).with_field(element_field(DataType::Utf8View));
    let mut next = errors.into_iter().peekable();
    for row in 0..rows {
        let mut any = false;
        while let Some((_, error)) = next.next_if(|(of, _)| *of == row) {
            any = true;
            lists.values().append_value(error);
        }
        lists.append(any);
    }
    Arc::new(lists.finish())
}

/// Returns the Arrow type of a column's arrays, which is the same everywhere in adg.
pub fn arrow_type(ty: &ColumnType) -> DataType {
    match ty {
        ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_) => DataType::Utf8View,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::TinyInt => DataType::Int8,
        ColumnType::SmallInt => DataType::Int16,
        ColumnType::Int => DataType::Int32,
        ColumnType::BigInt => DataType::Int64,
        ColumnType::Float => DataType::Float32,
        ColumnType::Double => DataType::Float64,
        ColumnType::Decimal { precision, scale } => DataType::Decimal128(*precision, scale.cast_signed()),
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        ColumnType::Array(items) => DataType::LargeList(element_field(arrow_type(items))),
        ColumnType::Struct(fields) => DataType::Struct(arrow_fields(fields)),
        ColumnType::Map(key, value) => DataType::Map(entries_field(entry_fields(arrow_type(key), arrow_type(value))), false),
    }
}

/// Returns the field of a list's items, named as Parquet names it.
pub fn element_field(ty: DataType) -> FieldRef {
    Arc::new(Field::new("element", ty, true))
}

/// Returns the fields of a map's entries. A key is never null.
pub fn entry_fields(key: DataType, value: DataType) -> Fields {
    Fields::from(vec![Field::new("key", key, false), Field::new("value", value, true)])
}

/// Returns the field of a map's entries, named as Parquet names it.
pub fn entries_field(fields: Fields) -> FieldRef {
    Arc::new(Field::new("key_value", DataType::Struct(fields), false))
}

fn arrow_fields(fields: &[StructField]) -> Fields {
    fields.iter().map(|field| Field::new(field.name.as_str(), arrow_type(&field.ty), true)).collect()
}

/// Returns the schema of a table's batches.
pub fn arrow_schema(schema: &TableSchema) -> Schema {
    let field = |column: &crate::schema::Column| Field::new(column.name.as_str(), arrow_type(&column.ty), true);
    Schema::new(schema.columns().iter().map(field).collect::<Vec<_>>())
}
