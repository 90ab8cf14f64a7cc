//! A built column, and the rows with an invalid value.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};

use crate::schema::{Flat, TypeStep, fit};

use super::batch::Field;

/// A column, and the rows whose value is invalid and therefore null.
pub(super) struct Built {
    pub(super) array: ArrayRef,
    pub(super) invalid_values: Vec<usize>,
    /// Values in those of the column that are invalid and therefore null.
    pub(super) misfits: Vec<Misfit>,
    /// A struct of which an object has two members for one field, if one was found.
    pub(super) alike: Option<Flat>,
    /// Number of integers that begin with zeros.
    pub(super) zero_led: u64,
    /// True if its values have members that its type does not have.
    pub(super) has_grown: bool,
}

impl Built {
    pub(super) fn new(array: impl Array + 'static, invalid_values: Vec<usize>) -> Self {
        Self { invalid_values, ..Self::of(Arc::new(array)) }
    }

    /// Creates a column without invalid values.
    pub(super) fn of(array: ArrayRef) -> Self {
        Self { array, invalid_values: Vec::new(), misfits: Vec::new(), alike: None, zero_led: 0, has_grown: false }
    }
}

/// An invalid value in that of a nested column.
pub(super) struct Misfit {
    pub(super) row: usize,
    /// Its path below the column: `.a[2].b`.
    pub(super) path: String,
    /// The way from the column's type to its own.
    pub(super) steps: Vec<TypeStep>,
    /// The value as it is written; a text without quotes and escapes.
    pub(super) text: String,
}

/// Notes an invalid value, unless it is only white space.
#[cold]
pub(super) fn invalid_value<T>(invalid_values: &mut Vec<usize>, row: usize, field: Field<'_>) -> Option<T> {
    if !fit::trim(field.text).is_empty() {
        invalid_values.push(row);
    }
    None
}
