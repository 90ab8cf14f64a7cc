//! Columns of files that are older than their table.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, LargeListArray, StructArray, cast::AsArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, Field};
use polars::prelude::{Column, DataFrame};

use crate::schema::ColumnType;

use super::frame::{self, FrameError};
use super::types::polars_type;

/// Returns the column with the struct members that its files are too old to have, filled with null.
pub(super) fn grown(column: &Column, ty: &ColumnType) -> Result<Column, FrameError> {
    let rows = column.len();
    let [array] = one(frame::to_arrow(&DataFrame::new(rows, vec![column.clone()])?)?)?;
    let frame = frame::from_arrow(rows, vec![(column.name().as_str(), grown_array(&array, ty)?)])?;
    Ok(frame.column(column.name())?.clone())
}

fn grown_array(array: &ArrayRef, ty: &ColumnType) -> Result<ArrayRef, FrameError> {
    match ty {
        ColumnType::Array(items) => grown_list(array, |values| grown_array(values, items)),
        ColumnType::Map(_, values) => grown_list(array, |entries| {
            let entries = entries.as_struct();
            let values = grown_array(entries.column(1), values)?;
            let fields = ["key", "value"].into_iter().zip([Arc::clone(entries.column(0)), values]);
            structure(fields, entries.len(), entries.nulls().cloned())
        }),
        ColumnType::Struct(fields) => {
            let found = array.as_struct();
            let columns = fields.iter().map(|field| {
                let name = field.name.as_str();
                let column = match found.column_by_name(name) {
                    Some(column) => grown_array(column, &field.ty)?,
                    None => nulls(&field.ty, found.len())?,
                };
                Ok((name, column))
            });
            let columns = columns.collect::<Result<Vec<_>, FrameError>>()?;
            structure(columns.into_iter(), found.len(), found.nulls().cloned())
        }
        _ => Ok(Arc::clone(array)),
    }
}

fn grown_list(array: &ArrayRef, grow: impl FnOnce(&ArrayRef) -> Result<ArrayRef, FrameError>) -> Result<ArrayRef, FrameError> {
    let list: &LargeListArray = array.as_list();
    let values = grow(list.values())?;
    let field = Arc::new(Field::new("item", values.data_type().clone(), true));
    Ok(Arc::new(LargeListArray::try_new(field, list.offsets().clone(), values, list.nulls().cloned())?))
}

fn structure<'n>(
    columns: impl Iterator<Item = (&'n str, ArrayRef)>,
    rows: usize,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, FrameError> {
    let named = |(name, column): (&str, ArrayRef)| (Field::new(name, column.data_type().clone(), true), column);
    let (fields, columns): (Vec<_>, Vec<_>) = columns.map(named).unzip();
    Ok(Arc::new(StructArray::try_new_with_length(fields.into(), columns, nulls, rows)?))
}

fn nulls(ty: &ColumnType, rows: usize) -> Result<ArrayRef, FrameError> {
    let column = Column::full_null("".into(), rows, &polars_type(ty));
    let [array] = one(frame::to_arrow(&DataFrame::new(rows, vec![column])?)?)?;
    Ok(array)
}

fn one(arrays: Vec<ArrayRef>) -> Result<[ArrayRef; 1], FrameError> {
    arrays.try_into().map_err(|_| ArrowError::ComputeError("one column is one array".into()).into())
}
