//! Builders of the plain values of a nested column.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{ArrayRef, BooleanArray, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};

use crate::batch::BatchError;
use crate::schema::ColumnType;
use crate::schema::fit::{self, Formats, Scalar};
use crate::source::parser::json::scan::{Kind, Value};

/// Values, and the validity of each.
#[derive(Debug)]
struct Slots<T> {
    values: Vec<T>,
    valid: Vec<bool>,
}

impl<T: Copy + Default + PartialEq> Slots<T> {
    fn new() -> Self {
        Self { values: Vec::new(), valid: Vec::new() }
    }

    fn push(&mut self, value: Option<T>) {
        self.valid.push(value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    fn truncate(&mut self, length: usize) {
        self.values.truncate(length);
        self.valid.truncate(length);
    }

    fn repeats_last(&self, from: usize) -> bool {
        let Some((last, before)) = self.values.split_last() else { return false };
        before.get(from..).unwrap_or_default().contains(last)
    }

    /// Converts the values to the type of the column, which every value fits.
    fn primitive<A: ArrowPrimitiveType>(self, convert: impl Fn(T) -> Option<A::Native>) -> PrimitiveArray<A> {
        let values: Vec<A::Native> = self.values.into_iter().map(|value| convert(value).unwrap_or_default()).collect();
        PrimitiveArray::new(values.into(), nulls(self.valid))
    }

    fn integers<A: ArrowPrimitiveType>(self) -> ArrayRef
    where
        A::Native: TryFrom<T>,
    {
        Arc::new(self.primitive::<A>(|value| A::Native::try_from(value).ok()))
    }
}

/// Returns the null buffer; `None` if all values are valid.
pub(super) fn nulls(valid: Vec<bool>) -> Option<NullBuffer> {
    Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0)
}

/// Place of a text: in the batch, or, unescaped, in a buffer of the column's own.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Place {
    is_own: bool,
    start: u32,
    length: u32,
}

#[derive(Debug)]
struct Texts {
    /// Maximum number of characters.
    limit: u32,
    places: Slots<Place>,
    own: Vec<u8>,
}

impl Texts {
    fn append(&mut self, text: &[u8], value: Value) -> bool {
        let place = |is_own, start: usize, length: usize| {
            Some(Place { is_own, start: u32::try_from(start).ok()?, length: u32::try_from(length).ok()? })
        };
        let place = if value.kind == (Kind::Text { escaped: true }) {
            let start = self.own.len();
            self.own.extend_from_slice(value.meaning(text).as_bytes());
            place(true, start, self.own.len() - start)
        } else {
            place(false, value.start, value.end - value.start)
        };
        let Some(place) = place.filter(|place| fit::within_characters(self.text(text, *place), self.limit)) else {
            return false;
        };
        self.places.push(Some(place));
        true
    }

    fn text<'t>(&'t self, text: &'t [u8], place: Place) -> &'t [u8] {
        let start = place.start as usize;
        let buffer = if place.is_own { &self.own } else { text };
        buffer.get(start..start + place.length as usize).unwrap_or_default()
    }

    fn repeats_last(&self, text: &[u8], from: usize) -> bool {
        let Some((last, before)) = self.places.values.split_last() else { return false };
        let last = self.text(text, *last);
        before.get(from..).unwrap_or_default().iter().any(|place| self.text(text, *place) == last)
    }

    fn finish(self, text: &Buffer) -> Result<ArrayRef, BatchError> {
        let mut builder = StringViewBuilder::with_capacity(self.places.values.len());
        let blocks = [builder.append_block(text.clone()), builder.append_block(Buffer::from_vec(self.own))];
        for (place, valid) in self.places.values.into_iter().zip(self.places.valid) {
            if valid {
                builder.try_append_view(blocks[usize::from(place.is_own)], place.start, place.length)?;
            } else {
                builder.append_null();
            }
        }
        Ok(Arc::new(builder.finish()))
    }
}

#[derive(Debug)]
enum Values {
    Booleans(Slots<bool>),
    /// Integers; also dates and timestamps.
    Integers(Slots<i64>),
    Reals(Slots<f64>),
    /// Numbers that give all digits of their text back.
    ExactReals(Slots<f64>),
    Decimals(Slots<i128>),
    Texts(Texts),
}

/// Builder of a column of a plain type.
#[derive(Debug)]
pub(in crate::source::parser) struct Leaf<'a> {
    ty: &'a ColumnType,
    values: Values,
}

impl<'a> Leaf<'a> {
    pub(in crate::source::parser) fn of(ty: &'a ColumnType) -> Self {
        let texts = |limit| Values::Texts(Texts { limit, places: Slots::new(), own: Vec::new() });
        let values = match ty {
            ColumnType::Varchar(limit) | ColumnType::Char(limit) => texts(*limit),
            ColumnType::Boolean => Values::Booleans(Slots::new()),
            ColumnType::Float | ColumnType::Double => Values::Reals(Slots::new()),
            ColumnType::Decimal { .. } => Values::Decimals(Slots::new()),
            ColumnType::TinyInt
            | ColumnType::SmallInt
            | ColumnType::Int
            | ColumnType::BigInt
            | ColumnType::Date
            | ColumnType::Timestamp => Values::Integers(Slots::new()),
            ColumnType::String | ColumnType::Array(_) | ColumnType::Struct(_) | ColumnType::Map(..) => texts(u32::MAX),
        };
        Self { ty, values }
    }

    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Booleans(slots) => slots.valid.len(),
            Values::Integers(slots) => slots.valid.len(),
            Values::Reals(slots) | Values::ExactReals(slots) => slots.valid.len(),
            Values::Decimals(slots) => slots.valid.len(),
            Values::Texts(texts) => texts.places.valid.len(),
        }
    }

    /// Appends a value that lies in `text`. Returns false, and appends nothing, if it does not fit.
    pub(super) fn append(&mut self, text: &[u8], value: Value, formats: &Formats) -> bool {
        if let Values::Texts(texts) = &mut self.values {
            return texts.append(text, value);
        }
        let scalar = match value.kind {
            Kind::Text { escaped: true } => fit::scalar(self.ty, value.meaning(text).as_bytes(), formats),
            Kind::Text { escaped: false } => fit::scalar(self.ty, value.text(text), formats),
            _ => fit::json_scalar(self.ty, value.text(text), formats),
        };
        self.append_scalar(scalar) || self.append_exact(text, value, formats)
    }

    /// Appends a number of which all digits are kept. Returns false, and appends nothing, if the values are others.
    #[cold]
    fn append_exact(&mut self, text: &[u8], value: Value, formats: &Formats) -> bool {
        let Values::ExactReals(slots) = &mut self.values else { return false };
        let own = formats.of_programs();
        let formats = if matches!(value.kind, Kind::Text { .. }) { formats } else { &own };
        let number = value.meaning(text);
        let real = match self.ty {
            ColumnType::Float => formats.exact_float(number.as_bytes()).map(f64::from),
            _ => formats.exact_double(number.as_bytes()),
        };
        if real.is_some() {
            slots.push(real);
        }
        real.is_some()
    }

    /// Refuses numbers of which not all digits would be kept.
    pub(super) fn keep_digits(&mut self) {
        if let Values::Reals(_) = self.values {
            self.values = Values::ExactReals(Slots::new());
        }
    }

    /// Appends a value that is no text. Returns false, and appends nothing, if it is none of the type.
    #[inline]
    pub(in crate::source::parser) fn append_scalar(&mut self, scalar: Option<Scalar>) -> bool {
        match (&mut self.values, scalar) {
            (Values::Booleans(slots), Some(Scalar::Boolean(value))) => slots.push(Some(value)),
            (Values::Integers(slots), Some(Scalar::Integer(value))) => slots.push(Some(value)),
            (Values::Reals(slots), Some(Scalar::Real(value))) => slots.push(Some(value)),
            (Values::Decimals(slots), Some(Scalar::Decimal(value))) => slots.push(Some(value)),
            _ => return false,
        }
        true
    }

    pub(in crate::source::parser) fn append_null(&mut self) {
        match &mut self.values {
            Values::Booleans(slots) => slots.push(None),
            Values::Integers(slots) => slots.push(None),
            Values::Reals(slots) | Values::ExactReals(slots) => slots.push(None),
            Values::Decimals(slots) => slots.push(None),
            Values::Texts(texts) => texts.places.push(None),
        }
    }

    pub(super) fn truncate(&mut self, length: usize) {
        match &mut self.values {
            Values::Booleans(slots) => slots.truncate(length),
            Values::Integers(slots) => slots.truncate(length),
            Values::Reals(slots) | Values::ExactReals(slots) => slots.truncate(length),
            Values::Decimals(slots) => slots.truncate(length),
            Values::Texts(texts) => texts.places.truncate(length),
        }
    }

    /// Returns true if the last value repeats one of those from `from` on.
    pub(super) fn repeats_last(&self, text: &[u8], from: usize) -> bool {
        match &self.values {
            Values::Booleans(slots) => slots.repeats_last(from),
            Values::Integers(slots) => slots.repeats_last(from),
            Values::Reals(slots) | Values::ExactReals(slots) => slots.repeats_last(from),
            Values::Decimals(slots) => slots.repeats_last(from),
            Values::Texts(texts) => texts.repeats_last(text, from),
        }
    }

    /// Builds the array. `text` is the batch's text.
    pub(in crate::source::parser) fn finish(self, text: &Buffer) -> Result<ArrayRef, BatchError> {
        Ok(match (self.values, self.ty) {
            (Values::Texts(texts), _) => texts.finish(text)?,
            (Values::Booleans(slots), _) => Arc::new(BooleanArray::new(BooleanBuffer::from(slots.values), nulls(slots.valid))),
            (Values::Integers(slots), ColumnType::TinyInt) => slots.integers::<Int8Type>(),
            (Values::Integers(slots), ColumnType::SmallInt) => slots.integers::<Int16Type>(),
            (Values::Integers(slots), ColumnType::Int) => slots.integers::<Int32Type>(),
            (Values::Integers(slots), ColumnType::Date) => slots.integers::<Date32Type>(),
            (Values::Integers(slots), ColumnType::Timestamp) => slots.integers::<TimestampMicrosecondType>(),
            (Values::Integers(slots), _) => slots.integers::<Int64Type>(),
            #[allow(clippy::cast_possible_truncation)] // Was a float before.
            (Values::Reals(slots) | Values::ExactReals(slots), ColumnType::Float) => {
                Arc::new(slots.primitive::<Float32Type>(|value| Some(value as f32)))
            }
            (Values::Reals(slots) | Values::ExactReals(slots), _) => Arc::new(slots.primitive::<Float64Type>(Some)),
            (Values::Decimals(slots), ty) => {
                let array = slots.primitive::<Decimal128Type>(Some);
                let ColumnType::Decimal { precision, scale } = ty else { return Ok(Arc::new(array)) };
                Arc::new(array.with_precision_and_scale(*precision, scale.cast_signed())?)
            }
        })
    }
}
