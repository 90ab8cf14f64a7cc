//! The largest value of a column among the rows that readers see.

use arrow_array::{Array, ArrayRef};

use crate::batch::RowKeys;
use crate::catchup::Slice;
use crate::schema::{Column, ColumnName, TableSchema};

use super::parquet::FileRows;
use super::{LakeError, TableHandle};

/// The largest value of a column.
#[derive(Debug)]
pub struct Largest {
    /// The value, as an array of one.
    pub value: ArrayRef,
    /// Bytes that sort as values of the type do.
    order: Box<[u8]>,
}

impl Largest {
    /// Returns true if it is less than that of another table, whose column has the same type.
    pub fn is_before(&self, other: &Self) -> bool {
        self.order < other.order
    }
}

impl TableHandle<'_> {
    /// Returns the largest value of a column of a slice; none if the table, or the column, has none.
    ///
    /// # Errors
    /// The metastore fails; or a file can't be read.
    pub fn largest(&self, slice: &Slice, column: &ColumnName) -> Result<Option<Largest>, LakeError> {
        let (Some(table), Some(value)) = (self.registered()?, self.layout.keys().value_of(slice)) else { return Ok(None) };
        let Some(ty) = table.schema.type_of(column) else { return Ok(None) };
        let columns = TableSchema::new(vec![Column::new(column.clone(), ty.clone())]);
        let Some(order) = RowKeys::of_all(&columns)? else { return Ok(None) };
        let mut largest: Option<Largest> = None;
        let current = self.published(&value)?.map_or(Ok(Vec::new()), |published| self.current_files(&published))?;
        for file in current.iter().flat_map(|current| &current.files) {
            for batch in FileRows::open(self.store, file, &columns)? {
                let batch = batch?;
                let rows = order.sorted(&batch)?.into_iter().enumerate();
                let Some((row, bytes)) = rows.max_by(|one, other| one.1.cmp(&other.1)) else { continue };
                let values = batch.column(0);
                if values.is_valid(row) && largest.as_ref().is_none_or(|known| known.order < bytes) {
                    largest = Some(Largest { value: values.slice(row, 1), order: bytes });
                }
            }
        }
        Ok(largest)
    }
}
