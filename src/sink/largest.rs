//! The largest value of a column.

use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::batch::{BatchError, RowKeys};
use crate::schema::TableSchema;

/// The largest value of a column among the rows that readers see.
#[derive(Debug)]
pub struct Largest {
    /// The value, as an array of one.
    pub value: ArrayRef,
    /// Bytes that sort as values of the type do.
    order: Box<[u8]>,
}

impl Largest {
    /// Returns the largest value of batches of one column; none if they have none, or if values of its type have no order.
    ///
    /// # Errors
    /// A batch can't be read, or has another column.
    pub fn of<E: From<BatchError>>(
        column: &TableSchema,
        batches: impl IntoIterator<Item = Result<RecordBatch, E>>,
    ) -> Result<Option<Self>, E> {
        let Some(order) = RowKeys::of_all(column)? else { return Ok(None) };
        let mut largest: Option<Self> = None;
        for batch in batches {
            let batch = batch?;
            let rows = order.sorted(&batch)?.into_iter().enumerate();
            let Some((row, bytes)) = rows.max_by(|one, other| one.1.cmp(&other.1)) else { continue };
            let values = batch.column(0);
            if values.is_valid(row) && largest.as_ref().is_none_or(|known| known.order < bytes) {
                largest = Some(Self { value: values.slice(row, 1), order: bytes });
            }
        }
        Ok(largest)
    }

    /// Returns true if it is less than that of another table, whose column has the same type.
    pub fn is_before(&self, other: &Self) -> bool {
        self.order < other.order
    }
}
