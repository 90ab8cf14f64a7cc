//! The largest value of a column among the rows that readers see.

use crate::catchup::Slice;
use crate::schema::{Column, ColumnName, TableSchema};
use crate::sink::Largest;

use super::parquet::FileRows;
use super::{LakeError, TableHandle};

impl TableHandle<'_> {
    /// Returns the largest value of a column of a slice; none if the table, or the column, has none.
    ///
    /// # Errors
    /// The metastore fails; or a file can't be read.
    pub fn largest(&self, slice: &Slice, column: &ColumnName) -> Result<Option<Largest>, LakeError> {
        let (Some(table), Some(value)) = (self.registered()?, self.layout.keys().value_of(slice)) else { return Ok(None) };
        let Some(ty) = table.schema.type_of(column) else { return Ok(None) };
        let columns = TableSchema::new(vec![Column::new(column.clone(), ty.clone())]);
        let mut largest: Option<Largest> = None;
        let current = self.published(&value)?.map_or(Ok(Vec::new()), |published| self.current_files(&published))?;
        for file in current.iter().flat_map(|current| &current.files) {
            let found = Largest::of(&columns, FileRows::open(self.store, file, &columns)?)?;
            if let Some(found) = found
                && largest.as_ref().is_none_or(|known| known.is_before(&found))
            {
                largest = Some(found);
            }
        }
        Ok(largest)
    }
}
