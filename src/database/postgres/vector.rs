//! Values of one column, on their way into an array.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder, StringViewBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, LargeListArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};

use crate::batch::{BatchError, element_field};

use super::field::{Malformed, field, fixed};
use super::list::List;
use super::numeric::Numeric;
use super::reading::Reading;
use super::text;

/// Days from 1970-01-01 to 2000-01-01, from which the server counts.
pub(super) const EPOCH_DAYS: i32 = 10_957;
/// Microseconds between the same days.
pub(super) const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A value that its column's type does not hold, and that is therefore null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Its path below the column: `[2]`.
    pub path: String,
    /// The value as the server shows it.
    pub text: String,
}

/// Values of one column.
#[derive(Debug)]
pub(super) enum Vector {
    Booleans(BooleanBuilder),
    SmallInts(PrimitiveBuilder<Int16Type>),
    Ints(PrimitiveBuilder<Int32Type>),
    BigInts(PrimitiveBuilder<Int64Type>),
    Oids(PrimitiveBuilder<Int64Type>),
    Reals(PrimitiveBuilder<Float32Type>),
    Doubles(PrimitiveBuilder<Float64Type>),
    Decimals { values: PrimitiveBuilder<Decimal128Type>, precision: u8, scale: u8 },
    Dates(PrimitiveBuilder<Date32Type>),
    Timestamps(PrimitiveBuilder<TimestampMicrosecondType>),
    Uuids(StringViewBuilder),
    Texts { values: StringViewBuilder, from: usize },
    Lists(Lists),
}

/// Values of a column of arrays.
#[derive(Debug)]
pub(super) struct Lists {
    item: Reading,
    items: Box<Vector>,
    ends: Vec<i64>,
    valid: NullBufferBuilder,
}

type Pushed = Result<Option<Misfit>, Malformed>;

impl Vector {
    pub(super) fn of(reading: &Reading) -> Self {
        match reading {
            Reading::Boolean => Self::Booleans(BooleanBuilder::new()),
            Reading::SmallInt => Self::SmallInts(PrimitiveBuilder::new()),
            Reading::Int => Self::Ints(PrimitiveBuilder::new()),
            Reading::BigInt => Self::BigInts(PrimitiveBuilder::new()),
            Reading::Oid => Self::Oids(PrimitiveBuilder::new()),
            Reading::Real => Self::Reals(PrimitiveBuilder::new()),
            Reading::Double => Self::Doubles(PrimitiveBuilder::new()),
            Reading::Decimal { precision, scale } => {
                let ty = arrow_schema::DataType::Decimal128(*precision, scale.cast_signed());
                let values = PrimitiveBuilder::new().with_data_type(ty);
                Self::Decimals { values, precision: *precision, scale: *scale }
            }
            Reading::Date => Self::Dates(PrimitiveBuilder::new()),
            Reading::Timestamp => Self::Timestamps(PrimitiveBuilder::new()),
            Reading::Uuid => Self::Uuids(StringViewBuilder::new()),
            Reading::Text { from } => Self::Texts { values: StringViewBuilder::new(), from: *from },
            Reading::List(item) => Self::Lists(Lists {
                item: (**item).clone(),
                items: Box::new(Self::of(item)),
                ends: Vec::new(),
                valid: NullBufferBuilder::new(0),
            }),
        }
    }

    /// Appends a value, `None` if it is null. Returns the value if it does not fit and is therefore null.
    #[inline]
    pub(super) fn push(&mut self, bytes: Option<&[u8]>) -> Pushed {
        let Some(bytes) = bytes else {
            self.push_null();
            return Ok(None);
        };
        match self {
            Self::Booleans(values) => values.append_value(fixed::<1>(bytes)? != [0]),
            Self::SmallInts(values) => values.append_value(i16::from_be_bytes(fixed(bytes)?)),
            Self::Ints(values) => values.append_value(i32::from_be_bytes(fixed(bytes)?)),
            Self::BigInts(values) => values.append_value(i64::from_be_bytes(fixed(bytes)?)),
            Self::Oids(values) => values.append_value(u32::from_be_bytes(fixed(bytes)?).into()),
            Self::Reals(values) => values.append_value(f32::from_be_bytes(fixed(bytes)?)),
            Self::Doubles(values) => values.append_value(f64::from_be_bytes(fixed(bytes)?)),
            Self::Decimals { values, precision, scale } => {
                let unscaled = Numeric::read(bytes)?.unscaled(*precision, *scale);
                return fitting(values, unscaled, &Reading::Decimal { precision: *precision, scale: *scale }, bytes);
            }
            Self::Dates(values) => return fitting(values, date(fixed(bytes)?), &Reading::Date, bytes),
            Self::Timestamps(values) => return fitting(values, timestamp(fixed(bytes)?), &Reading::Timestamp, bytes),
            Self::Uuids(values) => {
                let mut buffer = uuid::Uuid::encode_buffer();
                values.append_value(uuid::Uuid::from_bytes(fixed(bytes)?).hyphenated().encode_lower(&mut buffer));
            }
            Self::Texts { values, from } => {
                let text = simdutf8::basic::from_utf8(bytes.get(*from..).ok_or(Malformed)?).map_err(|_| Malformed)?;
                values.append_value(text);
            }
            Self::Lists(lists) => return lists.push(bytes),
        }
        Ok(None)
    }

    fn push_null(&mut self) {
        match self {
            Self::Booleans(values) => values.append_null(),
            Self::SmallInts(values) => values.append_null(),
            Self::Ints(values) => values.append_null(),
            Self::BigInts(values) | Self::Oids(values) => values.append_null(),
            Self::Reals(values) => values.append_null(),
            Self::Doubles(values) => values.append_null(),
            Self::Decimals { values, .. } => values.append_null(),
            Self::Dates(values) => values.append_null(),
            Self::Timestamps(values) => values.append_null(),
            Self::Uuids(values) | Self::Texts { values, .. } => values.append_null(),
            Self::Lists(lists) => lists.end(false),
        }
    }

    fn len(&self) -> usize {
        use arrow_array::builder::ArrayBuilder;
        match self {
            Self::Booleans(values) => values.len(),
            Self::SmallInts(values) => values.len(),
            Self::Ints(values) => values.len(),
            Self::BigInts(values) | Self::Oids(values) => values.len(),
            Self::Reals(values) => values.len(),
            Self::Doubles(values) => values.len(),
            Self::Decimals { values, .. } => values.len(),
            Self::Dates(values) => values.len(),
            Self::Timestamps(values) => values.len(),
            Self::Uuids(values) | Self::Texts { values, .. } => values.len(),
            Self::Lists(lists) => lists.ends.len(),
        }
    }

    /// Takes the values as an array.
    pub(super) fn take(&mut self) -> Result<ArrayRef, BatchError> {
        Ok(match self {
            Self::Booleans(values) => Arc::new(values.finish()),
            Self::SmallInts(values) => Arc::new(values.finish()),
            Self::Ints(values) => Arc::new(values.finish()),
            Self::BigInts(values) | Self::Oids(values) => Arc::new(values.finish()),
            Self::Reals(values) => Arc::new(values.finish()),
            Self::Doubles(values) => Arc::new(values.finish()),
            Self::Decimals { values, .. } => Arc::new(values.finish()),
            Self::Dates(values) => Arc::new(values.finish()),
            Self::Timestamps(values) => Arc::new(values.finish()),
            Self::Uuids(values) | Self::Texts { values, .. } => Arc::new(values.finish()),
            Self::Lists(lists) => lists.take()?,
        })
    }
}

impl Lists {
    fn push(&mut self, bytes: &[u8]) -> Pushed {
        let list = List::read(bytes)?;
        // A list has no bounds and no further dimensions: they would be lost.
        if !list.is_plain() {
            self.end(false);
            return misfit(&Reading::List(Box::new(self.item.clone())), bytes).map(Some);
        }
        let mut first = None;
        let mut rest = list.items;
        for nth in 0..list.dimensions.first().map_or(0, |(length, _)| *length) {
            let (item, after) = field(rest).ok_or(Malformed)?;
            rest = after;
            if let Some(misfit) = self.items.push(item)? {
                first.get_or_insert(Misfit { path: format!("[{nth}]{}", misfit.path), text: misfit.text });
            }
        }
        self.end(true);
        if rest.is_empty() { Ok(first) } else { Err(Malformed) }
    }

    fn end(&mut self, is_valid: bool) {
        self.ends.push(i64::try_from(self.items.len()).unwrap_or(i64::MAX));
        self.valid.append(is_valid);
    }

    fn take(&mut self) -> Result<ArrayRef, BatchError> {
        let items = self.items.take()?;
        let offsets: Vec<i64> = std::iter::once(0).chain(std::mem::take(&mut self.ends)).collect();
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let field = element_field(items.data_type().clone());
        Ok(Arc::new(LargeListArray::try_new(field, offsets, items, self.valid.finish())?))
    }
}

/// Appends a value, or null for one that does not fit.
#[inline]
fn fitting<T: ArrowPrimitiveType>(
    values: &mut PrimitiveBuilder<T>,
    value: Option<T::Native>,
    reading: &Reading,
    bytes: &[u8],
) -> Pushed {
    values.append_option(value);
    if value.is_some() { Ok(None) } else { misfit(reading, bytes).map(Some) }
}

#[cold]
fn misfit(reading: &Reading, bytes: &[u8]) -> Result<Misfit, Malformed> {
    let mut text = String::new();
    text::write(reading, bytes, &mut text)?;
    Ok(Misfit { path: String::new(), text })
}

/// Returns the days since 1970-01-01; `None` for `infinity`.
fn date(bytes: [u8; 4]) -> Option<i32> {
    let days = i32::from_be_bytes(bytes);
    if days == i32::MIN { None } else { days.checked_add(EPOCH_DAYS) }
}

/// Returns the microseconds since 1970-01-01; `None` for `infinity`, and for what is beyond 64 bits.
fn timestamp(bytes: [u8; 8]) -> Option<i64> {
    let micros = i64::from_be_bytes(bytes);
    if micros == i64::MIN { None } else { micros.checked_add(EPOCH_MICROS) }
}
