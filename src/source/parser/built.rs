//! A built column, and the rows with an invalid value.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};

use crate::schema::fit;

use super::batch::Field;

/// A column, and the rows whose value is invalid and therefore null.
pub(super) struct Built {
    pub(super) array: ArrayRef,
    pub(super) invalid_values: Vec<usize>,
    /// True if its values have members that its type does not have.
    pub(super) has_grown: bool,
}

impl Built {
    pub(super) fn new(array: impl Array + 'static, invalid_values: Vec<usize>) -> Self {
        Self { array: Arc::new(array), invalid_values, has_grown: false }
    }
}

/// Notes an invalid value, unless it is only white space.
#[cold]
pub(super) fn invalid_value<T>(invalid_values: &mut Vec<usize>, row: usize, field: Field<'_>) -> Option<T> {
    if !fit::trim(field.text).is_empty() {
        invalid_values.push(row);
    }
    None
}
