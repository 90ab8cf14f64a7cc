//! Arrow columns from fields, each typed at once, and the invalid values.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, LargeListBuilder, StringViewBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::NullBufferBuilder;
use arrow_schema::{DataType, Field, Schema};
use rayon::prelude::*;

use crate::batch::{BatchError, element_field};
use crate::schema::fit;
use crate::schema::{ColumnName, ColumnType, ERROR_DESC, ROW_HASH_ID};

use super::batch::RawBatch;
use super::built::{Built, invalid_value};
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
    let invalid_values = built.iter().map(|column| column.invalid_values.len() as u64).collect();
    let has_grown = built.iter().any(|column| column.has_grown);
    let errors = error_desc(batch, plan, &built);
    let rows_with_errors = (errors.len() - errors.null_count()) as u64;
    let names = plan.iter().map(|column| column.name.as_str()).chain(hashes.as_ref().map(|_| ROW_HASH_ID)).chain([ERROR_DESC]);
    let columns: Vec<ArrayRef> = built.into_iter().map(|built| built.array).chain(hashes).chain([errors]).collect();
    let fields = names.zip(&columns).map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema, columns).map_err(BatchError::from)?;
    Ok(TypedBatch { batch, invalid_values, rows_with_errors, has_grown })
}

fn build(batch: &RawBatch, column: &ColumnPlan, rules: &ValueRules) -> Result<Built, BatchError> {
    let nulls = &rules.nulls;
    let at = column.index;
    Ok(match &column.ty {
        ColumnType::String => texts(batch, at, nulls, u32::MAX)?,
        ColumnType::Varchar(limit) | ColumnType::Char(limit) => texts(batch, at, nulls, *limit)?,
        ColumnType::Boolean => booleans(batch, at, nulls),
        ColumnType::TinyInt => primitive::<Int8Type>(batch, at, nulls, |text| fit::integer(text)?.try_into().ok()),
        ColumnType::SmallInt => primitive::<Int16Type>(batch, at, nulls, |text| fit::integer(text)?.try_into().ok()),
        ColumnType::Int => primitive::<Int32Type>(batch, at, nulls, |text| fit::integer(text)?.try_into().ok()),
        ColumnType::BigInt => primitive::<Int64Type>(batch, at, nulls, fit::integer),
        ColumnType::Float => primitive::<Float32Type>(batch, at, nulls, fit::float),
        ColumnType::Double => primitive::<Float64Type>(batch, at, nulls, fit::double),
        ColumnType::Date => primitive::<Date32Type>(batch, at, nulls, |text| rules.formats.dates.parse(text)),
        ColumnType::Timestamp => {
            primitive::<TimestampMicrosecondType>(batch, at, nulls, |text| rules.formats.timestamps.parse(text))
        }
        ColumnType::Decimal { precision, scale } => decimals(batch, at, nulls, *precision, *scale)?,
        _ => nested::build(batch, column, rules)?,
    })
}

/// Returns the text of an error, in the words of the job that adg replaces: others read them.
fn describe(column: &ColumnName, text: &[u8]) -> String {
    format!("Type Conversion for column {column}. The source value is: {}", String::from_utf8_lossy(text))
}

/// Returns for each row its invalid values, in the order of the columns; null, not an empty list, if all are valid.
fn error_desc(batch: &RawBatch, plan: &[ColumnPlan], built: &[Built]) -> ArrayRef {
    let mut invalid_values: Vec<(usize, usize)> =
        built.iter().enumerate().flat_map(|(i, column)| column.invalid_values.iter().map(move |row| (*row, i))).collect();
    invalid_values.sort_unstable();
    let mut lists =
        LargeListBuilder::with_capacity(StringViewBuilder::new(), batch.rows()).with_field(element_field(DataType::Utf8View));
    let mut next = invalid_values.into_iter().peekable();
    for row in 0..batch.rows() {
        let mut any = false;
        while let Some((_, i)) = next.next_if(|(invalid_value, _)| *invalid_value == row) {
            any = true;
            let column = &plan[i];
            lists.values().append_value(describe(&column.name, batch.field(row, column.index).text));
        }
        lists.append(any);
    }
    Arc::new(lists.finish())
}

#[inline]
fn primitive<T: ArrowPrimitiveType>(
    batch: &RawBatch,
    column: usize,
    nulls: &Nulls,
    parse: impl Fn(&[u8]) -> Option<T::Native>,
) -> Built {
    let (array, invalid_values) = primitive_array::<T>(batch, column, nulls, parse);
    Built::new(array, invalid_values)
}

fn primitive_array<T: ArrowPrimitiveType>(
    batch: &RawBatch,
    column: usize,
    nulls: &Nulls,
    parse: impl Fn(&[u8]) -> Option<T::Native>,
) -> (PrimitiveArray<T>, Vec<usize>) {
    let rows = batch.rows();
    let mut values = Vec::with_capacity(rows);
    let mut validity = NullBufferBuilder::new(rows);
    let mut invalid_values = Vec::new();
    for row in 0..rows {
        let field = batch.field(row, column);
        let value = if nulls.is_null(field) {
            None
        } else {
            parse(field.text).or_else(|| invalid_value(&mut invalid_values, row, field))
        };
        match value {
            Some(_) => validity.append_non_null(),
            None => validity.append_null(),
        }
        values.push(value.unwrap_or_default());
    }
    (PrimitiveArray::new(values.into(), validity.finish()), invalid_values)
}

fn decimals(batch: &RawBatch, column: usize, nulls: &Nulls, precision: u8, scale: u8) -> Result<Built, BatchError> {
    let (array, invalid_values) =
        primitive_array::<Decimal128Type>(batch, column, nulls, |text| fit::decimal(text, precision, scale));
    let array = array.with_precision_and_scale(precision, scale.cast_signed())?;
    Ok(Built::new(array, invalid_values))
}

fn booleans(batch: &RawBatch, column: usize, nulls: &Nulls) -> Built {
    let mut builder = BooleanBuilder::with_capacity(batch.rows());
    let mut invalid_values = Vec::new();
    for row in 0..batch.rows() {
        let field = batch.field(row, column);
        let value = if nulls.is_null(field) {
            None
        } else {
            fit::boolean(field.text).or_else(|| invalid_value(&mut invalid_values, row, field))
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
