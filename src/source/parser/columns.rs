//! Arrow columns from fields, each typed at once, and the invalid values.

use std::cell::Cell;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, StringViewBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::{Field, Schema};
use rayon::prelude::*;

use crate::batch::{BatchError, describe_error, error_lists};
use crate::schema::fit::{self, Formats};
use crate::schema::{ColumnType, ERROR_DESC, Flat, ROW_HASH_ID};

use super::batch::{Field as RawField, RawBatch};
use super::built::{Built, invalid_value};
use super::cells;
use super::nested;
use super::plan::ColumnPlan;
use super::row_hash::RowHash;
use super::rules::{Nulls, ValueRules};

/// A batch of typed columns and those that adg writes itself.
#[derive(Debug)]
pub struct TypedBatch {
    /// The columns in the plan's order, then `row_hash_id` if it is requested, then `error_desc`.
    pub batch: RecordBatch,
    /// Number of invalid values, for each column of the plan.
    pub invalid_values: Vec<u64>,
    /// For each column of the plan, a type that would hold its invalid values too; `None` if there is none to propose.
    pub wider: Vec<Option<ColumnType>>,
    /// Number of integers that begin with zeros, which their type does not keep, for each column of the plan.
    pub zero_led: Vec<u64>,
    /// Structs of which objects have two members for one field: at most one for each column.
    pub alike: Vec<Flat>,
    /// Number of rows with an invalid value.
    pub rows_with_errors: u64,
    /// True if values of a column [that may grow](ColumnPlan::may_grow) have new members.
    pub has_grown: bool,
}

/// Builds the planned columns of a batch, side by side.
///
/// # Errors
/// The arrays do not form columns of the planned types and of one length: a bug of adg. An invalid value is not an error.
pub fn typed_batch(
    batch: &RawBatch,
    plan: &[ColumnPlan],
    rules: &ValueRules,
    hash: Option<&RowHash>,
) -> Result<TypedBatch, BatchError> {
    let columns = || plan.par_iter().map(|column| build(batch, column, rules)).collect::<Result<Vec<Built>, _>>();
    let (built, hashes) = rayon::join(columns, || hash.map(|hash| hash.column(batch, &rules.nulls)));
    let built = built?;
    let invalid_values = built.iter().map(|column| (column.invalid_values.len() + column.misfits.len()) as u64).collect();
    let wider = plan.iter().zip(&built).map(|(column, built)| wider(batch, column, built, rules)).collect();
    let zero_led = built.iter().map(|column| column.zero_led).collect();
    let has_grown = built.iter().any(|column| column.has_grown);
    let alike = built.iter().filter_map(|column| column.alike.clone()).collect();
    let errors = error_desc(batch, plan, &built);
    let rows_with_errors = (errors.len() - errors.null_count()) as u64;
    let names = plan.iter().map(|column| column.name.as_str()).chain(hashes.as_ref().map(|_| ROW_HASH_ID)).chain([ERROR_DESC]);
    let columns: Vec<ArrayRef> = built.into_iter().map(|built| built.array).chain(hashes).chain([errors]).collect();
    let fields = names.zip(&columns).map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema, columns).map_err(BatchError::from)?;
    Ok(TypedBatch { batch, invalid_values, wider, zero_led, alike, rows_with_errors, has_grown })
}

/// Maximum number of a column's invalid values in a batch that a type is proposed by.
const MOST_JUDGED: usize = 1_000;

/// Returns a type that would hold a column's invalid values too, by the first of them.
fn wider(batch: &RawBatch, column: &ColumnPlan, built: &Built, rules: &ValueRules) -> Option<ColumnType> {
    let rules = rules.of(&column.name);
    let own = |row| rules.of_typed.as_deref().filter(|_| batch.is_typed(row, column.index));
    let whole = built.invalid_values.iter().map(|row| (&[][..], batch.field(*row, column.index).text, own(*row)));
    let inner = built.misfits.iter().map(|misfit| (misfit.steps.as_slice(), misfit.text.as_bytes(), None));
    let types = whole.chain(inner).take(MOST_JUDGED).filter_map(|(steps, text, own)| {
        let scalar = |ty: &ColumnType| match own {
            Some(own) => fit::typed_scalar(ty, text, &rules.formats, own),
            None => fit::scalar(ty, text, &rules.formats),
        };
        column.ty.wider_for(steps, text, &|ty| scalar(ty).is_some())
    });
    types.reduce(|one, other| one.or_wider(&other))
}

fn is_text(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_))
}

fn build(batch: &RawBatch, column: &ColumnPlan, rules: &ValueRules) -> Result<Built, BatchError> {
    let rules = rules.of(&column.name);
    let (nulls, formats) = (&rules.nulls, &rules.formats);
    let at = column.index;
    if let Some(own) = rules.of_typed.as_ref().filter(|_| !column.ty.is_nested() && !is_text(&column.ty)) {
        return cells::build(batch, column, rules, own);
    }
    Ok(match &column.ty {
        ColumnType::String => texts(batch, at, nulls, u32::MAX)?,
        ColumnType::Varchar(limit) | ColumnType::Char(limit) => texts(batch, at, nulls, *limit)?,
        ColumnType::Boolean => booleans(batch, at, nulls, formats),
        ColumnType::TinyInt => integers::<Int8Type>(batch, at, nulls, formats),
        ColumnType::SmallInt => integers::<Int16Type>(batch, at, nulls, formats),
        ColumnType::Int => integers::<Int32Type>(batch, at, nulls, formats),
        ColumnType::BigInt => integers::<Int64Type>(batch, at, nulls, formats),
        ColumnType::Float if column.keeps_digits => primitive::<Float32Type>(batch, at, nulls, |text| formats.exact_float(text)),
        ColumnType::Double if column.keeps_digits => {
            primitive::<Float64Type>(batch, at, nulls, |text| formats.exact_double(text))
        }
        ColumnType::Float => primitive::<Float32Type>(batch, at, nulls, |text| formats.float(text)),
        ColumnType::Double => primitive::<Float64Type>(batch, at, nulls, |text| formats.double(text)),
        ColumnType::Date if rules.nested_in_text => primitive::<Date32Type>(batch, at, nulls, |text| formats.dates.parse(text)),
        ColumnType::Date => {
            of_json::<Date32Type>(batch, at, nulls, |text| formats.dates.parse(text), |number| formats.dates.parse_number(number))
        }
        ColumnType::Timestamp if rules.nested_in_text => {
            primitive::<TimestampMicrosecondType>(batch, at, nulls, |text| formats.timestamps.parse(text))
        }
        ColumnType::Timestamp => of_json::<TimestampMicrosecondType>(
            batch,
            at,
            nulls,
            |text| formats.timestamps.parse(text),
            |number| formats.timestamps.parse_number(number),
        ),
        ColumnType::Decimal { precision, scale } => decimals(batch, at, rules, *precision, *scale)?,
        _ => nested::build(batch, column, rules)?,
    })
}

/// Returns for each row its invalid values, in the order of the columns.
fn error_desc(batch: &RawBatch, plan: &[ColumnPlan], built: &[Built]) -> ArrayRef {
    let mut errors: Vec<(usize, String)> = Vec::new();
    for (column, built) in plan.iter().zip(built) {
        errors.extend(built.invalid_values.iter().map(|row| {
            let text = String::from_utf8_lossy(batch.field(*row, column.index).text);
            (*row, describe_error(&column.name, "", &text))
        }));
        errors.extend(built.misfits.iter().map(|misfit| (misfit.row, describe_error(&column.name, &misfit.path, &misfit.text))));
    }
    error_lists(batch.rows(), errors)
}

#[inline]
fn primitive<T: ArrowPrimitiveType>(
    batch: &RawBatch,
    column: usize,
    nulls: &Nulls,
    parse: impl Fn(&[u8]) -> Option<T::Native>,
) -> Built {
    let (array, invalid_values) = primitive_array::<T>(batch, column, nulls, |field| parse(field.text));
    Built::new(array, invalid_values)
}

/// Builds a column of integers, and counts those that begin with zeros.
#[inline]
fn integers<T: ArrowPrimitiveType>(batch: &RawBatch, column: usize, nulls: &Nulls, formats: &Formats) -> Built
where
    T::Native: TryFrom<i64>,
{
    let zero_led = Cell::new(0);
    let built = primitive::<T>(batch, column, nulls, |text| {
        let integer = formats.integer(text)?.try_into().ok()?;
        if text.first() == Some(&b'0') && text.len() > 1 {
            zero_led.set(zero_led.get() + 1);
        }
        Some(integer)
    });
    Built { zero_led: zero_led.get(), ..built }
}

/// Builds a column of JSON, whose numbers are read otherwise than its texts.
fn of_json<T: ArrowPrimitiveType>(
    batch: &RawBatch,
    column: usize,
    nulls: &Nulls,
    text: impl Fn(&[u8]) -> Option<T::Native>,
    number: impl Fn(&[u8]) -> Option<T::Native>,
) -> Built {
    let parse = |field: RawField<'_>| if field.quoted { text(field.text) } else { number(field.text) };
    let (array, invalid_values) = primitive_array::<T>(batch, column, nulls, parse);
    Built::new(array, invalid_values)
}

fn primitive_array<T: ArrowPrimitiveType>(
    batch: &RawBatch,
    column: usize,
    nulls: &Nulls,
    parse: impl Fn(RawField<'_>) -> Option<T::Native>,
) -> (PrimitiveArray<T>, Vec<usize>) {
    let rows = batch.rows();
    let mut values = Vec::with_capacity(rows);
    let mut validity = NullBufferBuilder::new(rows);
    let mut invalid_values = Vec::new();
    for row in 0..rows {
        let field = batch.field(row, column);
        let value =
            if nulls.is_null(field) { None } else { parse(field).or_else(|| invalid_value(&mut invalid_values, row, field)) };
        match value {
            Some(_) => validity.append_non_null(),
            None => validity.append_null(),
        }
        values.push(value.unwrap_or_default());
    }
    (PrimitiveArray::new(values.into(), validity.finish()), invalid_values)
}

fn decimals(batch: &RawBatch, column: usize, rules: &ValueRules, precision: u8, scale: u8) -> Result<Built, BatchError> {
    let (array, invalid_values) = primitive_array::<Decimal128Type>(batch, column, &rules.nulls, |field| {
        rules.formats.decimal(field.text, precision, scale)
    });
    let array = array.with_precision_and_scale(precision, scale.cast_signed())?;
    Ok(Built::new(array, invalid_values))
}

fn booleans(batch: &RawBatch, column: usize, nulls: &Nulls, formats: &Formats) -> Built {
    let mut builder = BooleanBuilder::with_capacity(batch.rows());
    let mut invalid_values = Vec::new();
    for row in 0..batch.rows() {
        let field = batch.field(row, column);
        let value = if nulls.is_null(field) {
            None
        } else {
            formats.boolean(field.text).or_else(|| invalid_value(&mut invalid_values, row, field))
        };
        builder.append_option(value);
    }
    Built::new(builder.finish(), invalid_values)
}

/// Builds a text column. Texts are not copied: the column's views point into the batch.
fn texts(batch: &RawBatch, column: usize, nulls: &Nulls, limit: u32) -> Result<Built, BatchError> {
    let mut builder = StringViewBuilder::with_capacity(batch.rows());
    let block = builder.append_block(batch.text.clone());
    let mut invalid_values = Vec::new();
    for row in 0..batch.rows() {
        let field = batch.field(row, column);
        if nulls.is_null_text(field) {
            builder.append_null();
        } else if fit::within_characters(field.text, limit) {
            let (offset, length) = batch.place(row, column);
            builder.try_append_view(block, offset, length)?;
        } else {
            invalid_values.push(row);
            builder.append_null();
        }
    }
    let array = builder.finish();
    debug_assert_eq!(array.len(), batch.rows());
    Ok(Built::new(array, invalid_values))
}
