//! Conversion of text to a value of any plain type.

use std::sync::LazyLock;

use crate::schema::ColumnType;

use super::{Formats, NumberFormat, within_characters};

/// A value that fits its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Value of a boolean.
    Boolean(bool),
    /// Value of an integer, a date (days since 1970-01-01) or a timestamp (microseconds since the epoch).
    Integer(i64),
    /// Value of a float or double.
    Real(f64),
    /// Value of a decimal, unscaled.
    Decimal(i128),
    /// Value of a text.
    Text(String),
}

/// Notation of numbers in JSON.
static JSON_NUMBERS: LazyLock<Formats> =
    LazyLock::new(|| Formats { numbers: NumberFormat { decimal: Some('.'), ..NumberFormat::default() }, ..Formats::default() });

/// Returns a number or word of JSON as a value of the type `ty`, whatever the notation of the file around it. A number is a
/// date or a timestamp only by a listed format.
pub fn json_scalar(ty: &ColumnType, text: &[u8], formats: &Formats) -> Option<Scalar> {
    match ty {
        ColumnType::Date => formats.dates.parse_number(text).map(|days| Scalar::Integer(days.into())),
        ColumnType::Timestamp => formats.timestamps.parse_number(text).map(Scalar::Integer),
        _ if ty.is_number() => scalar(ty, text, &JSON_NUMBERS),
        _ => scalar(ty, text, formats),
    }
}

/// Returns `text` as a value of the type `ty`; `None` if it does not fit, or if the type is nested.
pub fn scalar(ty: &ColumnType, text: &[u8], formats: &Formats) -> Option<Scalar> {
    let whole = |min: i64, max: i64| formats.integer(text).filter(|value| (min..=max).contains(value)).map(Scalar::Integer);
    let characters = |limit: u32| {
        let text = std::str::from_utf8(text).ok().filter(|_| within_characters(text, limit))?;
        Some(Scalar::Text(text.to_owned()))
    };
    match ty {
        ColumnType::String => characters(u32::MAX),
        ColumnType::Varchar(limit) | ColumnType::Char(limit) => characters(*limit),
        ColumnType::Boolean => formats.boolean(text).map(Scalar::Boolean),
        ColumnType::TinyInt => whole(i8::MIN.into(), i8::MAX.into()),
        ColumnType::SmallInt => whole(i16::MIN.into(), i16::MAX.into()),
        ColumnType::Int => whole(i32::MIN.into(), i32::MAX.into()),
        ColumnType::BigInt => whole(i64::MIN, i64::MAX),
        ColumnType::Float => formats.float(text).map(|value| Scalar::Real(value.into())),
        ColumnType::Double => formats.double(text).map(Scalar::Real),
        ColumnType::Decimal { precision, scale } => formats.decimal(text, *precision, *scale).map(Scalar::Decimal),
        ColumnType::Date => formats.dates.parse(text).map(|days| Scalar::Integer(days.into())),
        ColumnType::Timestamp => formats.timestamps.parse(text).map(Scalar::Integer),
        ColumnType::Array(_) | ColumnType::Struct(_) | ColumnType::Map(..) => None,
    }
}
