//! A table's columns as Parquet types.

use std::sync::Arc;

use crate::schema::{ColumnType, TableSchema, TimestampEncoding};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::schema::types::{Type, TypePtr};

/// Returns the Parquet schema of a table's files.
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

/// Returns the fewest bytes that hold a signed number of `precision` decimal digits, as Hive's SerDe expects.
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
