//! A built column, and the rows whose value did not fit.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};

use crate::schema::fit;

use super::batch::Field;

/// A column, and the rows whose value did not fit and is therefore null.
pub(super) struct Built {
    pub(super) array: ArrayRef,
    pub(super) misfits: Vec<usize>,
    /// Whether its values have members that its type does not have.
    pub(super) has_grown: bool,
}

impl Built {
    pub(super) fn new(array: impl Array + 'static, misfits: Vec<usize>) -> Self {
        Self { array: Arc::new(array), misfits, has_grown: false }
    }
}

/// Notes a value that did not fit, unless there is nothing but white space.
#[cold]
pub(super) fn misfit<T>(misfits: &mut Vec<usize>, row: usize, field: Field<'_>) -> Option<T> {
    if !fit::trim(field.text).is_empty() {
        misfits.push(row);
    }
    None
}
