//! Values of Arrow arrays as text.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Fields, Schema};

use super::super::parser::{Place, Span};
use super::binary::{self, BinaryText};
use super::clock;
use super::number::number;
use crate::source::{BadRecord, RawBatch};

/// Reason for a record with binary values that are no text.
const NOT_TEXT: &str = "a binary value is not text; `binary: base64` or `hex` beside the format in the module file reads it";

/// Returns a batch of typed values as fields of text. `schema`: that of the file as it is read, whose fields say more than the
/// arrays. `first`: number of the first record in the file, from 1.
pub(super) fn raw_batch(batch: &RecordBatch, schema: &Schema, first: u64, binary: BinaryText) -> RawBatch {
    let (rows, width) = (batch.num_rows(), batch.num_columns());
    let mut out = Text { bytes: Vec::with_capacity(rows * width * 8), binary, is_flawed: false };
    let mut spans = Vec::with_capacity(rows * width);
    let mut bad = Vec::new();
    let columns: Vec<(&Field, ArrayRef)> =
        schema.fields().iter().map(|field| &**field).zip(batch.columns().iter().map(without_dictionary)).collect();
    for row in 0..rows {
        let (begin, before) = (out.bytes.len(), spans.len());
        for (field, column) in &columns {
            let start = out.bytes.len();
            // A value counts as quoted: it is what it is, and never null.
            spans.push(if is_null(column, row) {
                Span::plain(start, start)
            } else {
                write_value(field, column, row, &mut out);
                Span::quoted(start, out.bytes.len(), false)
            });
        }
        if std::mem::take(&mut out.is_flawed) {
            out.bytes.truncate(begin);
            spans.truncate(before);
            let place = Place::Row { row: first + row as u64 };
            bad.push(BadRecord::new(place, 1, NOT_TEXT.to_owned(), row - bad.len(), &record(&columns, row)));
        }
    }
    RawBatch { text: out.bytes.into(), spans, width, rows: rows - bad.len(), bad }
}

/// Text of values under construction.
struct Text {
    bytes: Vec<u8>,
    binary: BinaryText,
    /// True if a binary value is no text, and was to be one.
    is_flawed: bool,
}

impl Text {
    fn binary(&mut self, value: &[u8]) {
        self.is_flawed |= !self.binary.write(value, &mut self.bytes);
    }
}

/// Returns a record as JSON, its binary values in base64.
fn record(columns: &[(&Field, ArrayRef)], row: usize) -> Vec<u8> {
    let mut out = Text { bytes: vec![b'{'], binary: BinaryText::Base64, is_flawed: false };
    for (i, (field, column)) in columns.iter().enumerate() {
        if i > 0 {
            out.bytes.push(b',');
        }
        quoted(field.name().as_bytes(), &mut out.bytes);
        out.bytes.push(b':');
        write_json(field, column, row, &mut out);
    }
    out.bytes.push(b'}');
    out.bytes
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
fn write_value(field: &Field, array: &dyn Array, row: usize, out: &mut Text) {
    match array.data_type() {
        DataType::Utf8 => out.bytes.extend_from_slice(array.as_string::<i32>().value(row).as_bytes()),
        DataType::LargeUtf8 => out.bytes.extend_from_slice(array.as_string::<i64>().value(row).as_bytes()),
        DataType::Utf8View => out.bytes.extend_from_slice(array.as_string_view().value(row).as_bytes()),
        DataType::Binary => out.binary(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => out.binary(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => out.binary(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => match array.as_fixed_size_binary().value(row) {
            value if binary::is_uuid(field) => binary::write_uuid(value, &mut out.bytes),
            value => out.binary(value),
        },
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            write_value(field, dictionary.values(), dictionary.normalized_keys()[row], out);
        }
        DataType::Decimal128(..) if clock::is_clock(field) => {
            clock::nanoseconds(array.as_primitive::<Decimal128Type>().value(row), &mut out.bytes);
        }
        DataType::Date32 => clock::date(array.as_primitive::<Date32Type>().value(row).into(), &mut out.bytes),
        DataType::Date64 => clock::date_of_millis(array.as_primitive::<Date64Type>().value(row), &mut out.bytes),
        DataType::Timestamp(unit, zone) => clock::timestamp(array, row, *unit, zone.is_some(), &mut out.bytes),
        DataType::Time32(_) | DataType::Time64(_) => clock::time(array, row, &mut out.bytes),
        _ => write_json(field, array, row, out),
    }
}

/// Appends a value as JSON; null too.
fn write_json(field: &Field, array: &dyn Array, row: usize, text: &mut Text) {
    let out = &mut text.bytes;
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
        DataType::Decimal128(_, scale) if !clock::is_clock(field) => {
            number(Decimal128Type::format_decimal(array.as_primitive::<Decimal128Type>().value(row), 38, *scale), out);
        }
        DataType::Decimal256(_, scale) => {
            number(Decimal256Type::format_decimal(array.as_primitive::<Decimal256Type>().value(row), 76, *scale), out);
        }
        DataType::List(item) => items(inner(field, item), &*array.as_list::<i32>().value(row), text),
        DataType::LargeList(item) => items(inner(field, item), &*array.as_list::<i64>().value(row), text),
        DataType::FixedSizeList(item, _) => items(inner(field, item), &*array.as_fixed_size_list().value(row), text),
        DataType::Struct(members) => write_members(members_of(field, members), array.as_struct(), row, text),
        DataType::Map(pair, _) => entries(inner(field, pair), &array.as_map().value(row), text),
        _ => write_quoted(field, array, row, text),
    }
}

/// Appends a value that is no number, list or object as a text of JSON.
fn write_quoted(field: &Field, array: &dyn Array, row: usize, out: &mut Text) {
    let mut value = Text { bytes: Vec::new(), ..*out };
    write_value(field, array, row, &mut value);
    out.is_flawed = value.is_flawed;
    quoted(&value.bytes, &mut out.bytes);
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

/// Returns the field of the items of a list, or of the entries of a map.
fn inner<'f>(field: &'f Field, of_array: &'f Field) -> &'f Field {
    match field.data_type() {
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) | DataType::Map(inner, _) => inner,
        _ => of_array,
    }
}

fn members_of<'f>(field: &'f Field, of_array: &'f Fields) -> &'f Fields {
    match field.data_type() {
        DataType::Struct(members) => members,
        _ => of_array,
    }
}

fn items(item: &Field, array: &dyn Array, out: &mut Text) {
    out.bytes.push(b'[');
    for row in 0..array.len() {
        if row > 0 {
            out.bytes.push(b',');
        }
        write_json(item, array, row, out);
    }
    out.bytes.push(b']');
}

fn write_members(fields: &Fields, array: &StructArray, row: usize, out: &mut Text) {
    out.bytes.push(b'{');
    for (i, (field, values)) in fields.iter().zip(array.columns()).enumerate() {
        if i > 0 {
            out.bytes.push(b',');
        }
        quoted(field.name().as_bytes(), &mut out.bytes);
        out.bytes.push(b':');
        write_json(field, values, row, out);
    }
    out.bytes.push(b'}');
}

fn entries(pair: &Field, array: &StructArray, out: &mut Text) {
    let ([of_keys, of_values], [keys, values]) = (&**members_of(pair, array.fields()), array.columns()) else {
        return out.bytes.extend_from_slice(b"{}");
    };
    out.bytes.push(b'{');
    for row in 0..array.len() {
        if row > 0 {
            out.bytes.push(b',');
        }
        write_quoted(of_keys, keys, row, out);
        out.bytes.push(b':');
        write_json(of_values, values, row, out);
    }
    out.bytes.push(b'}');
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
        let raw = raw_batch(&batch, &batch.schema(), 1, BinaryText::Text);
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
