//! Column types of the types of Arrow, in which files are read.

use arrow_schema::{DataType, Field};

use crate::schema::{ColumnName, ColumnType, NamingRule, StructField};

/// Returns the type that holds all values of an Arrow type.
///
/// # Errors
/// There is none: the words say why.
pub(super) fn column_type(ty: &DataType, naming: NamingRule) -> Result<ColumnType, String> {
    let nested = |field: &Field| column_type(field.data_type(), naming).map(Box::new);
    Ok(match ty {
        DataType::Boolean => ColumnType::Boolean,
        DataType::Int8 => ColumnType::TinyInt,
        DataType::Int16 | DataType::UInt8 => ColumnType::SmallInt,
        DataType::Int32 | DataType::UInt16 => ColumnType::Int,
        DataType::Int64 | DataType::UInt32 => ColumnType::BigInt,
        DataType::UInt64 => ColumnType::Decimal { precision: 20, scale: 0 },
        DataType::Float16 | DataType::Float32 => ColumnType::Float,
        DataType::Float64 => ColumnType::Double,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => decimal(*precision, *scale)?,
        DataType::Date32 | DataType::Date64 => ColumnType::Date,
        DataType::Timestamp(..) => ColumnType::Timestamp,
        // Hive has no times of day and no UUIDs. Binary that is text, as Impala and old Spark write it, is text.
        DataType::Null
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Time32(_)
        | DataType::Time64(_) => ColumnType::String,
        DataType::Dictionary(_, values) => column_type(values, naming)?,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => ColumnType::Array(nested(item)?),
        DataType::Struct(fields) => {
            let field = |field: &Field| {
                let name: ColumnName =
                    naming.apply(field.name()).ok_or_else(|| format!("the field `{}` leaves no column name", field.name()))?;
                Ok::<_, String>(StructField { name, ty: column_type(field.data_type(), naming)? })
            };
            let mut distinct: Vec<StructField> = Vec::new();
            for one in fields {
                let field = field(one)?;
                // Names that differ in case only are one field. A value that has both members does not fit.
                if distinct.iter().all(|other| other.name != field.name) {
                    distinct.push(field);
                }
            }
            ColumnType::Struct(distinct)
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                let key = nested(&fields[0])?;
                if key.is_nested() {
                    return Err(format!("maps with keys that are {key}"));
                }
                ColumnType::Map(key, nested(&fields[1])?)
            }
            other => return Err(format!("maps of {other}")),
        },
        other => return Err(format!("{other}")),
    })
}

fn decimal(precision: u8, scale: i8) -> Result<ColumnType, String> {
    // A negative scale counts zeros before the point.
    let (precision, scale) = match u8::try_from(scale) {
        Ok(scale) => (precision.max(scale), scale),
        Err(_) => (precision.saturating_add(scale.unsigned_abs()), 0),
    };
    if precision > 38 {
        return Err(format!("a decimal of {precision} digits, where tables have 38 at most"));
    }
    Ok(ColumnType::Decimal { precision, scale })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::{Fields, TimeUnit};

    use super::*;

    #[test]
    fn no_type_is_narrowed() {
        let field = |name: &str, ty: DataType| Arc::new(Field::new(name, ty, true));
        let pair = Fields::from(vec![field("key", DataType::Utf8), field("value", DataType::Float32)]);
        for (ty, expected) in [
            (DataType::UInt8, "smallint"),
            (DataType::UInt32, "bigint"),
            (DataType::UInt64, "decimal(20,0)"),
            (DataType::Float16, "float"),
            (DataType::Decimal128(10, 2), "decimal(10,2)"),
            (DataType::Decimal128(5, -2), "decimal(7,0)"),
            (DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), "timestamp"),
            (DataType::Time64(TimeUnit::Microsecond), "string"),
            (DataType::LargeList(field("item", DataType::Int8)), "array<tinyint>"),
            (DataType::Struct(Fields::from(vec![field("A b", DataType::Date32)])), "struct<a_b:date>"),
            (DataType::Struct(Fields::from(vec![field("a", DataType::Int32), field("A", DataType::Utf8)])), "struct<a:int>"),
            (DataType::Map(field("entries", DataType::Struct(pair)), false), "map<string,float>"),
        ] {
            assert_eq!(column_type(&ty, NamingRule::Words).unwrap().to_string(), expected, "{ty}");
        }
        assert!(column_type(&DataType::Decimal256(50, 2), NamingRule::Words).unwrap_err().contains("38 at most"));
        assert!(column_type(&DataType::Duration(TimeUnit::Second), NamingRule::Words).is_err());
        let key = DataType::Struct(Fields::from(vec![field("a", DataType::Int8)]));
        let pair = Fields::from(vec![field("key", key), field("value", DataType::Int8)]);
        let map = DataType::Map(field("entries", DataType::Struct(pair)), false);
        assert!(column_type(&map, NamingRule::Words).unwrap_err().contains("maps with keys that are struct"));
    }
}
