//! A table's columns as Arrow and as Parquet types.

use std::sync::Arc;

use crate::schema::{ColumnType, StructField, TableSchema, TimestampEncoding};
use arrow_array::{Array, ArrayRef, LargeListArray, MapArray, StructArray, cast::AsArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, TimeUnit as ArrowTimeUnit};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::{Type, TypePtr};

/// The Arrow type in which a column's arrays come to the writer.
pub(in crate::lake) fn arrow_type(ty: &ColumnType) -> DataType {
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
        ColumnType::Timestamp => DataType::Timestamp(ArrowTimeUnit::Microsecond, None),
        ColumnType::Array(element) => DataType::LargeList(Arc::new(Field::new("element", arrow_type(element), true))),
        ColumnType::Struct(fields) => DataType::Struct(arrow_fields(fields)),
        ColumnType::Map(key, value) => {
            DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entry_fields(key, value)), false)), false)
        }
    }
}

fn arrow_fields(fields: &[StructField]) -> Fields {
    fields.iter().map(|field| Field::new(field.name.as_str(), arrow_type(&field.ty), true)).collect()
}

fn entry_fields(key: &ColumnType, value: &ColumnType) -> Fields {
    Fields::from(vec![Field::new("key", arrow_type(key), false), Field::new("value", arrow_type(value), true)])
}

/// The Arrow schema of a table's files. It goes into their footers, for readers that would otherwise take INT96 for
/// nanoseconds, which end in 2262.
pub(super) fn arrow_schema(schema: &TableSchema) -> Schema {
    Schema::new(
        schema.columns().iter().map(|column| Field::new(column.name.as_str(), arrow_type(&column.ty), true)).collect::<Vec<_>>(),
    )
}

/// An array as it came from a frame, in the type that [`arrow_type`] gives: maps travel through Polars as lists.
pub(super) fn storage_array(ty: &ColumnType, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match ty {
        ColumnType::Array(element) => {
            let list: &LargeListArray = array.as_list();
            let values = storage_array(element, list.values())?;
            let field = Arc::new(Field::new("element", values.data_type().clone(), true));
            Arc::new(LargeListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned())?)
        }
        ColumnType::Struct(fields) => {
            let found = array.as_struct();
            let arrays = fields.iter().zip(found.columns()).map(|(field, inner)| storage_array(&field.ty, inner));
            let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
            Arc::new(StructArray::try_new(arrow_fields(fields), arrays, found.nulls().cloned())?)
        }
        ColumnType::Map(key, value) => {
            let list: &LargeListArray = array.as_list();
            let entries = list.values().as_struct();
            let keys = storage_array(key, entries.column(0))?;
            let values = storage_array(value, entries.column(1))?;
            let entries = StructArray::try_new(entry_fields(key, value), vec![keys, values], None)?;
            let DataType::Map(field, _) = arrow_type(ty) else { return Err(ArrowError::SchemaError("a map is a map".into())) };
            let offsets = OffsetBuffer::from_lengths(list.offsets().lengths());
            Arc::new(MapArray::try_new(field, offsets, entries, list.nulls().cloned(), false)?)
        }
        _ => Arc::clone(array),
    })
}

/// The Parquet schema of a table's files.
pub(in crate::lake) fn parquet_schema(schema: &TableSchema, timestamps: TimestampEncoding) -> Result<TypePtr, ParquetError> {
    let columns =
        schema.columns().iter().map(|column| parquet_type(column.name.as_str(), &column.ty, Repetition::OPTIONAL, timestamps));
    let root = Type::group_type_builder("spark_schema").with_fields(columns.collect::<Result<_, _>>()?);
    Ok(Arc::new(root.build()?))
}

fn parquet_type(
    name: &str,
    ty: &ColumnType,
    repetition: Repetition,
    timestamps: TimestampEncoding,
) -> Result<TypePtr, ParquetError> {
    let plain = |physical: Physical, logical: Option<LogicalType>| {
        Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical).build()
    };
    let integer = |bit_width| Some(LogicalType::integer(bit_width, true));
    let built = match ty {
        ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_) => {
            plain(Physical::BYTE_ARRAY, Some(LogicalType::String))
        }
        ColumnType::Boolean => plain(Physical::BOOLEAN, None),
        ColumnType::TinyInt => plain(Physical::INT32, integer(8)),
        ColumnType::SmallInt => plain(Physical::INT32, integer(16)),
        ColumnType::Int => plain(Physical::INT32, None),
        ColumnType::BigInt => plain(Physical::INT64, None),
        ColumnType::Float => plain(Physical::FLOAT, None),
        ColumnType::Double => plain(Physical::DOUBLE, None),
        ColumnType::Date => plain(Physical::INT32, Some(LogicalType::Date)),
        ColumnType::Timestamp => match timestamps {
            TimestampEncoding::Int96 => plain(Physical::INT96, None),
            TimestampEncoding::Micros => plain(Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        },
        ColumnType::Decimal { precision, scale } => {
            let (scale, precision) = (i32::from(*scale), i32::from(*precision));
            Type::primitive_type_builder(name, Physical::FIXED_LEN_BYTE_ARRAY)
                .with_repetition(repetition)
                .with_length(decimal_bytes(precision.unsigned_abs()))
                .with_precision(precision)
                .with_scale(scale)
                .with_logical_type(Some(LogicalType::decimal(scale, precision)))
                .build()
        }
        ColumnType::Array(element) => {
            let element = parquet_type("element", element, Repetition::OPTIONAL, timestamps)?;
            group(name, repetition, Some(LogicalType::List), vec![repeated("list", vec![element])?])
        }
        ColumnType::Struct(fields) => {
            let fields =
                fields.iter().map(|field| parquet_type(field.name.as_str(), &field.ty, Repetition::OPTIONAL, timestamps));
            group(name, repetition, None, fields.collect::<Result<_, _>>()?)
        }
        ColumnType::Map(key, value) => {
            let key = parquet_type("key", key, Repetition::REQUIRED, timestamps)?;
            let value = parquet_type("value", value, Repetition::OPTIONAL, timestamps)?;
            group(name, repetition, Some(LogicalType::Map), vec![repeated("key_value", vec![key, value])?])
        }
    };
    Ok(Arc::new(built?))
}

fn group(name: &str, repetition: Repetition, logical: Option<LogicalType>, fields: Vec<TypePtr>) -> Result<Type, ParquetError> {
    Type::group_type_builder(name).with_repetition(repetition).with_logical_type(logical).with_fields(fields).build()
}

fn repeated(name: &str, fields: Vec<TypePtr>) -> Result<TypePtr, ParquetError> {
    group(name, Repetition::REPEATED, None, fields).map(Arc::new)
}

/// The fewest bytes that hold a signed number of `precision` decimal digits: what Hive's SerDe expects.
fn decimal_bytes(precision: u32) -> i32 {
    let largest = 10_u128.pow(precision.min(38)) - 1;
    (1..16_u32).find(|bytes| largest < 1_u128 << (8 * bytes - 1)).map_or(16, u32::cast_signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_take_the_bytes_that_spark_takes() {
        // Spark's Decimal.minBytesForPrecision.
        let spark = [
            0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 8, 9, 9, 9, 10, 10, 11, 11, 11, 12, 12, 13, 13, 13, 14, 14, 15,
            15, 16, 16, 16,
        ];
        for (precision, bytes) in spark.into_iter().enumerate().skip(1) {
            assert_eq!(decimal_bytes(u32::try_from(precision).unwrap()), bytes, "{precision}");
        }
    }
}
