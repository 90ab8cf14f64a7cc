//! Values of Arrow arrays as text.

use std::io::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, TimeUnit};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::super::parser::Span;
use crate::source::RawBatch;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Returns a batch of typed values as fields of text.
pub(super) fn raw_batch(batch: &RecordBatch) -> RawBatch {
    let (rows, width) = (batch.num_rows(), batch.num_columns());
    let mut text = Vec::with_capacity(rows * width * 8);
    let mut spans = Vec::with_capacity(rows * width);
    let columns: Vec<ArrayRef> = batch.columns().iter().map(without_dictionary).collect();
    for row in 0..rows {
        for column in &columns {
            let start = text.len();
            // A value counts as quoted: it is what it is, and never null.
            spans.push(if is_null(column, row) {
                Span::plain(start, start)
            } else {
                write_value(column, row, &mut text);
                Span::quoted(start, text.len(), false)
            });
        }
    }
    RawBatch { text: text.into(), spans, width, rows, bad: Vec::new() }
}

/// Returns an array with each value in its row. Keys that lead nowhere do not occur in what a reader has made.
fn without_dictionary(array: &ArrayRef) -> ArrayRef {
    match array.as_any_dictionary_opt() {
        Some(dictionary) => {
            arrow_select::take::take(dictionary.values(), dictionary.keys(), None).unwrap_or_else(|_| Arc::clone(array))
        }
        None => Arc::clone(array),
    }
}

fn is_null(array: &dyn Array, row: usize) -> bool {
    match array.data_type() {
        DataType::Null => true,
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            array.is_null(row) || dictionary.values().is_null(dictionary.normalized_keys()[row])
        }
        _ => array.is_null(row),
    }
}

/// Appends a value that is not null: a plain one as it is, a nested one as JSON.
fn write_value(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Utf8 => out.extend_from_slice(array.as_string::<i32>().value(row).as_bytes()),
        DataType::LargeUtf8 => out.extend_from_slice(array.as_string::<i64>().value(row).as_bytes()),
        DataType::Utf8View => out.extend_from_slice(array.as_string_view().value(row).as_bytes()),
        DataType::Binary => out.extend_from_slice(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => out.extend_from_slice(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => out.extend_from_slice(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => out.extend_from_slice(array.as_fixed_size_binary().value(row)),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            write_value(dictionary.values(), dictionary.normalized_keys()[row], out);
        }
        DataType::Date32 => date(array.as_primitive::<Date32Type>().value(row).into(), out),
        DataType::Date64 => date(array.as_primitive::<Date64Type>().value(row).div_euclid(DAY * 1000), out),
        DataType::Timestamp(unit, zone) => timestamp(array, row, *unit, zone.is_some(), out),
        DataType::Time32(_) | DataType::Time64(_) => time(array, row, out),
        _ => write_json(array, row, out),
    }
}

/// Appends a value as JSON; null too.
fn write_json(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    if is_null(array, row) {
        out.extend_from_slice(b"null");
        return;
    }
    match array.data_type() {
        DataType::Boolean => out.extend_from_slice(if array.as_boolean().value(row) { b"true" } else { b"false" }),
        DataType::Int8 => number(array.as_primitive::<Int8Type>().value(row), out),
        DataType::Int16 => number(array.as_primitive::<Int16Type>().value(row), out),
        DataType::Int32 => number(array.as_primitive::<Int32Type>().value(row), out),
        DataType::Int64 => number(array.as_primitive::<Int64Type>().value(row), out),
        DataType::UInt8 => number(array.as_primitive::<UInt8Type>().value(row), out),
        DataType::UInt16 => number(array.as_primitive::<UInt16Type>().value(row), out),
        DataType::UInt32 => number(array.as_primitive::<UInt32Type>().value(row), out),
        DataType::UInt64 => number(array.as_primitive::<UInt64Type>().value(row), out),
        DataType::Float16 => real(array.as_primitive::<Float16Type>().value(row).to_f64(), out),
        // As a double it would have digits that the float does not have.
        DataType::Float32 => match array.as_primitive::<Float32Type>().value(row) {
            value if value.is_finite() => number(format_args!("{value:?}"), out),
            value => real(value.into(), out),
        },
        DataType::Float64 => real(array.as_primitive::<Float64Type>().value(row), out),
        DataType::Decimal32(_, scale) => {
            number(Decimal32Type::format_decimal(array.as_primitive::<Decimal32Type>().value(row), 9, *scale), out);
        }
        DataType::Decimal64(_, scale) => {
            number(Decimal64Type::format_decimal(array.as_primitive::<Decimal64Type>().value(row), 18, *scale), out);
        }
        DataType::Decimal128(_, scale) => {
            number(Decimal128Type::format_decimal(array.as_primitive::<Decimal128Type>().value(row), 38, *scale), out);
        }
        DataType::Decimal256(_, scale) => {
            number(Decimal256Type::format_decimal(array.as_primitive::<Decimal256Type>().value(row), 76, *scale), out);
        }
        DataType::List(_) => items(&*array.as_list::<i32>().value(row), out),
        DataType::LargeList(_) => items(&*array.as_list::<i64>().value(row), out),
        DataType::FixedSizeList(..) => items(&*array.as_fixed_size_list().value(row), out),
        DataType::Struct(_) => members(array.as_struct(), row, out),
        DataType::Map(..) => entries(&array.as_map().value(row), out),
        _ => {
            let mut text = Vec::new();
            write_value(array, row, &mut text);
            quoted(&text, out);
        }
    }
}

fn number(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write!(out, "{value}");
}

fn real(value: f64, out: &mut Vec<u8>) {
    match value {
        _ if value.is_nan() => out.extend_from_slice(b"NaN"),
        f64::INFINITY => out.extend_from_slice(b"Infinity"),
        f64::NEG_INFINITY => out.extend_from_slice(b"-Infinity"),
        // With an exponent where it is shorter.
        _ => number(format_args!("{value:?}"), out),
    }
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    number(serde_json::Value::from(String::from_utf8_lossy(text)), out);
}

fn items(array: &dyn Array, out: &mut Vec<u8>) {
    out.push(b'[');
    for row in 0..array.len() {
        if row > 0 {
            out.push(b',');
        }
        write_json(array, row, out);
    }
    out.push(b']');
}

fn members(array: &StructArray, row: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    for (i, (field, values)) in array.fields().iter().zip(array.columns()).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        quoted(field.name().as_bytes(), out);
        out.push(b':');
        write_json(values, row, out);
    }
    out.push(b'}');
}

fn entries(array: &StructArray, out: &mut Vec<u8>) {
    out.push(b'{');
    let [keys, values] = array.columns() else { return out.push(b'}') };
    for row in 0..array.len() {
        if row > 0 {
            out.push(b',');
        }
        let mut key = Vec::new();
        write_value(keys, row, &mut key);
        quoted(&key, out);
        out.push(b':');
        write_json(values, row, out);
    }
    out.push(b'}');
}

/// Appends a day, counted from 1970-01-01; the number itself if there is no such day.
fn date(days: i64, out: &mut Vec<u8>) {
    let span = days.checked_mul(DAY).map(SignedDuration::from_secs);
    match span.and_then(|span| Date::constant(1970, 1, 1).checked_add(span).ok()) {
        Some(date) => number(date, out),
        None => number(days, out),
    }
}

/// Appends an instant, or a clock time if the type has no zone; the number itself if there is no such time.
fn timestamp(array: &dyn Array, row: usize, unit: TimeUnit, is_instant: bool, out: &mut Vec<u8>) {
    let (value, at) = match unit {
        TimeUnit::Second => {
            let value = array.as_primitive::<TimestampSecondType>().value(row);
            (value, Timestamp::from_second(value))
        }
        TimeUnit::Millisecond => {
            let value = array.as_primitive::<TimestampMillisecondType>().value(row);
            (value, Timestamp::from_millisecond(value))
        }
        TimeUnit::Microsecond => {
            let value = array.as_primitive::<TimestampMicrosecondType>().value(row);
            (value, Timestamp::from_microsecond(value))
        }
        TimeUnit::Nanosecond => {
            let value = array.as_primitive::<TimestampNanosecondType>().value(row);
            (value, Timestamp::from_nanosecond(value.into()))
        }
    };
    match at {
        Ok(at) if is_instant => number(at, out),
        Ok(at) => number(at.to_zoned(jiff::tz::TimeZone::UTC).datetime(), out),
        Err(_) => number(value, out),
    }
}

/// Appends a time of day.
fn time(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    let nanoseconds = match array.data_type() {
        DataType::Time32(TimeUnit::Second) => i64::from(array.as_primitive::<Time32SecondType>().value(row)) * 1_000_000_000,
        DataType::Time32(_) => i64::from(array.as_primitive::<Time32MillisecondType>().value(row)) * 1_000_000,
        DataType::Time64(TimeUnit::Microsecond) => array.as_primitive::<Time64MicrosecondType>().value(row).saturating_mul(1000),
        _ => array.as_primitive::<Time64NanosecondType>().value(row),
    };
    match jiff::civil::Time::midnight().checked_add(SignedDuration::from_nanos(nanoseconds)) {
        Ok(time) => number(time, out),
        Err(_) => number(nanoseconds, out),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{MapBuilder, StringBuilder};
    use arrow_array::types::Int32Type as Int32;
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
        Int64Array, ListArray, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray,
        UInt64Array,
    };
    use arrow_schema::Field;

    use super::*;

    fn written(array: ArrayRef) -> Vec<String> {
        let batch = RecordBatch::try_from_iter([("c", array)]).unwrap();
        let raw = raw_batch(&batch);
        let field = |row| {
            let field = raw.field(row, 0);
            if field.quoted { String::from_utf8_lossy(field.text).into_owned() } else { "<null>".to_owned() }
        };
        (0..raw.rows()).map(field).collect()
    }

    #[test]
    fn plain_values_are_written_as_programs_write_them() {
        let cases: Vec<(ArrayRef, &[&str])> = vec![
            (Arc::new(Int64Array::from(vec![Some(i64::MIN), None])), &["-9223372036854775808", "<null>"]),
            (Arc::new(UInt64Array::from(vec![u64::MAX])), &["18446744073709551615"]),
            (Arc::new(BooleanArray::from(vec![true, false])), &["true", "false"]),
            (
                Arc::new(Float64Array::from(vec![0.1, -1e300, f64::NAN, f64::NEG_INFINITY])),
                &["0.1", "-1e300", "NaN", "-Infinity"],
            ),
            (Arc::new(Float32Array::from(vec![0.1, 16_777_216.0])), &["0.1", "16777216.0"]),
            (Arc::new(StringArray::from(vec!["", "a\"b"])), &["", "a\"b"]),
            (Arc::new(BinaryArray::from(vec!["ä".as_bytes()])), &["ä"]),
            (Arc::new(Date32Array::from(vec![0, -1, 19_844])), &["1970-01-01", "1969-12-31", "2024-05-01"]),
            (
                Arc::new(TimestampNanosecondArray::from(vec![1_714_557_600_123_456_789]).with_timezone("UTC")),
                &["2024-05-01T10:00:00.123456789Z"],
            ),
            (Arc::new(TimestampMicrosecondArray::from(vec![-1])), &["1969-12-31T23:59:59.999999"]),
            (Arc::new(Time64MicrosecondArray::from(vec![36_000_000_001])), &["10:00:00.000001"]),
            (Arc::new(Decimal128Array::from(vec![-1_050, 5]).with_precision_and_scale(9, 2).unwrap()), &["-10.50", "0.05"]),
            (
                Arc::new(vec![Some("x"), None, Some("y"), Some("x")].into_iter().collect::<DictionaryArray<Int32>>()),
                &["x", "<null>", "y", "x"],
            ),
        ];
        for (array, expected) in cases {
            assert_eq!(written(Arc::clone(&array)), expected, "{}", array.data_type());
        }
    }

    #[test]
    fn nested_values_are_written_as_json() {
        let list = ListArray::from_iter_primitive::<Int32, _, _>([Some(vec![Some(1), None]), Some(vec![]), None]);
        assert_eq!(written(Arc::new(list)), ["[1,null]", "[]", "<null>"]);
        let fields: [(Arc<Field>, ArrayRef); 2] = [
            (Arc::new(Field::new("a\"", DataType::Int32, true)), Arc::new(Int32Array::from(vec![1]))),
            (Arc::new(Field::new("d", DataType::Date32, true)), Arc::new(Date32Array::from(vec![0]))),
        ];
        assert_eq!(written(Arc::new(StructArray::from(fields.to_vec()))), [r#"{"a\"":1,"d":"1970-01-01"}"#]);
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        map.keys().append_value("k");
        map.values().append_value("v\n");
        map.append(true).unwrap();
        assert_eq!(written(Arc::new(map.finish())), [r#"{"k":"v\n"}"#]);
    }
}
