//! Rows in the binary form of `COPY … FROM STDIN (FORMAT binary)`.
//!
//! Source: <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4>.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array,
    LargeListArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow_cast::cast;
use arrow_json::writer::{EncoderOptions, make_encoder};
use arrow_schema::{ArrowError, DataType, Field, TimeUnit};
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::Oid;

use super::super::numeric;
use super::super::vector::{EPOCH_DAYS, EPOCH_MICROS};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Length of a null.
const NULL: i32 = -1;
/// Version of the binary form of `jsonb`.
const JSONB: u8 = 1;

/// Binary form of a column's values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Encoding {
    Boolean,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Date,
    Timestamp,
    Text,
    Jsonb,
    List(Oid, Box<Encoding>),
}

/// A value that the server has no form for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// Text with a character of code 0.
    Zero,
    /// Date or time outside the server's range.
    Range,
}

/// Appends what stands before the first row.
pub(super) fn put_header(out: &mut BytesMut) {
    out.put_slice(SIGNATURE);
    // Flags, and the length of an extension.
    out.put_i32(0);
    out.put_i32(0);
}

/// Appends what stands behind the last row.
pub(super) fn put_trailer(out: &mut BytesMut) {
    out.put_i16(-1);
}

impl Encoding {
    /// Prepares the values of a column. Integers, decimals and floats become those of the form.
    ///
    /// # Errors
    /// The values have another type: a bug of adg.
    pub(super) fn values(&self, array: &ArrayRef) -> Result<Values, ArrowError> {
        let as_type = |ty: DataType| if *array.data_type() == ty { Ok(Arc::clone(array)) } else { cast(array, &ty) };
        Ok(match self {
            Self::Boolean => Values::Boolean(as_type(DataType::Boolean)?.as_boolean().clone()),
            Self::Int2 => Values::Int2(as_type(DataType::Int16)?.as_primitive::<Int16Type>().clone()),
            Self::Int4 => Values::Int4(as_type(DataType::Int32)?.as_primitive::<Int32Type>().clone()),
            Self::Int8 => Values::Int8(as_type(DataType::Int64)?.as_primitive::<Int64Type>().clone()),
            Self::Float4 => Values::Float4(as_type(DataType::Float32)?.as_primitive::<Float32Type>().clone()),
            Self::Float8 => Values::Float8(as_type(DataType::Float64)?.as_primitive::<Float64Type>().clone()),
            Self::Numeric => {
                let decimals = match array.data_type() {
                    DataType::Decimal128(..) => Arc::clone(array),
                    _ => cast(array, &DataType::Decimal128(19, 0))?,
                };
                let scale = match decimals.data_type() {
                    DataType::Decimal128(_, scale) => u8::try_from(*scale).unwrap_or(0),
                    _ => 0,
                };
                Values::Numeric(decimals.as_primitive::<Decimal128Type>().clone(), scale)
            }
            Self::Date => Values::Date(as_type(DataType::Date32)?.as_primitive::<Date32Type>().clone()),
            Self::Timestamp => {
                let micros = as_type(DataType::Timestamp(TimeUnit::Microsecond, None))?;
                Values::Timestamp(micros.as_primitive::<TimestampMicrosecondType>().clone())
            }
            Self::Text => Values::Text(texts(array)?),
            Self::Jsonb => Values::Jsonb(texts(array)?),
            Self::List(oid, item) => match array.as_list_opt::<i64>() {
                Some(lists) => Values::List(lists.clone(), *oid, Box::new(item.values(lists.values())?)),
                None => return Err(ArrowError::CastError(format!("no list: {}", array.data_type()))),
            },
        })
    }
}

/// Returns values as text: those of nested types as JSON.
fn texts(array: &ArrayRef) -> Result<StringViewArray, ArrowError> {
    if !array.data_type().is_nested() {
        return Ok(cast(array, &DataType::Utf8View)?.as_string_view().clone());
    }
    let field = Arc::new(Field::new("value", array.data_type().clone(), true));
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(&field, array, &options)?;
    let (mut texts, mut text) = (StringViewBuilder::with_capacity(array.len()), Vec::new());
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        encoder.encode(row, &mut text);
        texts.append_value(std::str::from_utf8(&text).map_err(|error| ArrowError::JsonError(error.to_string()))?);
    }
    Ok(texts.finish())
}

/// Values of a column of a batch.
pub(super) enum Values {
    /// Nulls only: the batch does not have the column.
    Missing,
    Boolean(BooleanArray),
    Int2(Int16Array),
    Int4(Int32Array),
    Int8(Int64Array),
    Float4(Float32Array),
    Float8(Float64Array),
    Numeric(Decimal128Array, u8),
    Date(Date32Array),
    Timestamp(TimestampMicrosecondArray),
    Text(StringViewArray),
    Jsonb(StringViewArray),
    List(LargeListArray, Oid, Box<Values>),
}

impl Values {
    /// Appends the value of a row, with its length.
    #[inline]
    pub(super) fn put(&self, row: usize, out: &mut BytesMut) -> Result<(), Unfit> {
        if self.is_null(row) {
            out.put_i32(NULL);
            return Ok(());
        }
        match self {
            Self::Missing => out.put_i32(NULL),
            Self::Boolean(values) => put_boolean(values.value(row), out),
            Self::Int2(values) => {
                out.put_i32(2);
                out.put_i16(values.value(row));
            }
            Self::Int4(values) => {
                out.put_i32(4);
                out.put_i32(values.value(row));
            }
            Self::Int8(values) => {
                out.put_i32(8);
                out.put_i64(values.value(row));
            }
            Self::Float4(values) => {
                out.put_i32(4);
                out.put_f32(values.value(row));
            }
            Self::Float8(values) => {
                out.put_i32(8);
                out.put_f64(values.value(row));
            }
            Self::Numeric(values, scale) => {
                return with_length(out, |out| {
                    numeric::put(values.value(row), *scale, out);
                    Ok(())
                });
            }
            // The least value of both types means infinity.
            Self::Date(values) => {
                out.put_i32(4);
                out.put_i32(values.value(row).checked_sub(EPOCH_DAYS).filter(|days| *days != i32::MIN).ok_or(Unfit::Range)?);
            }
            Self::Timestamp(values) => {
                out.put_i32(8);
                let micros = values.value(row).checked_sub(EPOCH_MICROS).filter(|micros| *micros != i64::MIN);
                out.put_i64(micros.ok_or(Unfit::Range)?);
            }
            Self::Text(values) => put_text(values.value(row), None, out)?,
            Self::Jsonb(values) => put_text(values.value(row), Some(JSONB), out)?,
            Self::List(lists, oid, items) => return put_list(lists, *oid, items, row, out),
        }
        Ok(())
    }

    #[inline]
    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Missing => true,
            Self::Boolean(values) => values.is_null(row),
            Self::Int2(values) => values.is_null(row),
            Self::Int4(values) => values.is_null(row),
            Self::Int8(values) => values.is_null(row),
            Self::Float4(values) => values.is_null(row),
            Self::Float8(values) => values.is_null(row),
            Self::Numeric(values, _) => values.is_null(row),
            Self::Date(values) => values.is_null(row),
            Self::Timestamp(values) => values.is_null(row),
            Self::Text(values) | Self::Jsonb(values) => values.is_null(row),
            Self::List(values, ..) => values.is_null(row),
        }
    }
}

/// Appends a boolean, with its length.
#[inline]
pub(super) fn put_boolean(value: bool, out: &mut BytesMut) {
    out.put_i32(1);
    out.put_u8(value.into());
}

#[inline]
fn put_text(text: &str, version: Option<u8>, out: &mut BytesMut) -> Result<(), Unfit> {
    if memchr::memchr(0, text.as_bytes()).is_some() {
        return Err(Unfit::Zero);
    }
    let length = text.len() + usize::from(version.is_some());
    out.put_i32(i32::try_from(length).map_err(|_| Unfit::Range)?);
    if let Some(version) = version {
        out.put_u8(version);
    }
    out.put_slice(text.as_bytes());
    Ok(())
}

/// Appends a list of one dimension, whose lower bound is 1.
fn put_list(lists: &LargeListArray, oid: Oid, items: &Values, row: usize, out: &mut BytesMut) -> Result<(), Unfit> {
    let offset = |row: usize| usize::try_from(lists.value_offsets()[row]).unwrap_or(0);
    let rows = offset(row)..offset(row + 1);
    let length = i32::try_from(rows.len()).map_err(|_| Unfit::Range)?;
    let has_nulls = rows.clone().any(|item| items.is_null(item));
    with_length(out, |out| {
        out.put_i32(i32::from(length > 0));
        out.put_i32(has_nulls.into());
        out.put_u32(oid);
        if length > 0 {
            out.put_i32(length);
            out.put_i32(1);
        }
        rows.into_iter().try_for_each(|item| items.put(item, out))
    })
}

/// Appends what `put` appends, with its length before it.
fn with_length(out: &mut BytesMut, put: impl FnOnce(&mut BytesMut) -> Result<(), Unfit>) -> Result<(), Unfit> {
    let at = out.len();
    out.put_i32(0);
    put(out)?;
    let length = i32::try_from(out.len() - at - 4).map_err(|_| Unfit::Range)?;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}
