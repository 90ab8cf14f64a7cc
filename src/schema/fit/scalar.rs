//! Conversion of text to a value of any plain type.

use std::sync::LazyLock;

use crate::schema::ColumnType;

use super::{BEYOND_DOUBLE, Formats, NumberFormat, exact_decimal, within_characters};

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

/// Returns a value that has a type of its own, as programs write it, as a value of the type `ty`: by `own`, the
/// [notation of programs](Formats::of_programs), whatever the notation of the texts around it. A number is a date or a timestamp
/// by a listed format first, no float of fewer digits, and no integer or decimal where its last digits are not known.
pub fn typed_scalar(ty: &ColumnType, text: &[u8], formats: &Formats, own: &Formats) -> Option<Scalar> {
    let Some(number) = number(text) else { return scalar(ty, text, own) };
    match ty {
        ColumnType::Date | ColumnType::Timestamp => json_scalar(ty, text, formats).or_else(|| scalar(ty, text, own)),
        ColumnType::Boolean => scalar(ty, text, formats),
        ColumnType::Float => own.exact_float(text).map(|value| Scalar::Real(value.into())),
        ColumnType::Double => scalar(ty, text, own),
        _ if ty.is_number() && number.abs() >= BEYOND_DOUBLE => None,
        _ => scalar(ty, text, own),
    }
}

/// Returns the number that a program has written; `None` if the text is none, such as a date.
fn number(text: &[u8]) -> Option<f64> {
    exact_decimal(text)?;
    std::str::from_utf8(text).ok()?.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::super::{BooleanWords, DateFormats, TimestampFormats};
    use super::*;

    #[test]
    fn a_typed_value_is_not_read_in_the_notation_of_texts() {
        let list = |format: &str| vec![format.to_owned()];
        let formats = Formats {
            dates: DateFormats::new(&list("%Y-%d-%m")).unwrap(),
            timestamps: TimestampFormats::new(&list("epoch_s")).unwrap(),
            numbers: NumberFormat { decimal: Some(','), thousands: Some('.'), implied_decimals: 2, ..NumberFormat::default() },
            booleans: BooleanWords::new(&list("2"), &list("true")),
        };
        let own = formats.of_programs();
        let day = |days| Some(Scalar::Integer(days));
        for (ty, text, expected) in [
            ("bigint", "1000", day(1000)),
            ("bigint", "1.234", None),
            ("bigint", "9007199254740991", day(9_007_199_254_740_991)),
            ("bigint", "9007199254740992.0", None),
            ("decimal(20,0)", "1.2345678901234568e18", None),
            ("decimal(9,3)", "1.234", Some(Scalar::Decimal(1234))),
            ("double", "1.2345678901234568e18", Some(Scalar::Real(1_234_567_890_123_456_800.0))),
            ("double", "1.234", Some(Scalar::Real(1.234))),
            ("float", "1.5", Some(Scalar::Real(1.5))),
            ("float", "1.23456789", None),
            ("date", "1970-01-02", day(1)),
            ("date", "1970-01-02 10:00:00", None),
            ("date", "19700103", day(2)),
            ("timestamp", "1970-01-02", day(86_400_000_000)),
            ("timestamp", "86401", day(86_401_000_000)),
            ("boolean", "true", Some(Scalar::Boolean(true))),
            ("boolean", "2", Some(Scalar::Boolean(true))),
            ("string", "1.234", Some(Scalar::Text("1.234".to_owned()))),
        ] {
            let ty: ColumnType = ty.parse().unwrap();
            assert_eq!(typed_scalar(&ty, text.as_bytes(), &formats, &own), expected, "{ty} {text}");
        }
        // A listed format reads a number before the basic form of ISO 8601 does.
        let formats = Formats { dates: DateFormats::new(&list("%Y%d%m")).unwrap(), ..formats };
        assert_eq!(typed_scalar(&ColumnType::Date, b"19700201", &formats, &own), day(1));
    }
}
