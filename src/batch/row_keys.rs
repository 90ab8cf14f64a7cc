//! Rows told apart by the values of some columns.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_row::{RowConverter, SortField};
use arrow_schema::{ArrowError, DataType};
use xxhash_rust::xxh3::xxh3_128;

use crate::schema::{ColumnName, TableSchema};

use super::{BatchError, arrow_schema};

/// Hashes of rows over some of their columns. Two rows have the same one if their values are the same; that others have it too is
/// as likely as a damaged memory.
#[derive(Debug)]
pub struct RowKeys {
    columns: Vec<ColumnName>,
    converter: RowConverter,
}

impl RowKeys {
    /// Returns the hashes over these columns of batches with that schema; none if a type can't be compared, as maps can't.
    ///
    /// # Errors
    /// There is no such column.
    pub fn new(columns: &[ColumnName], schema: &TableSchema) -> Result<Option<Self>, BatchError> {
        let schema = arrow_schema(schema);
        let ty = |column: &ColumnName| Ok::<DataType, ArrowError>(schema.field_with_name(column.as_str())?.data_type().clone());
        let fields = columns.iter().map(|column| Ok(SortField::new(ty(column)?))).collect::<Result<Vec<_>, ArrowError>>()?;
        if !RowConverter::supports_fields(&fields) {
            return Ok(None);
        }
        Ok(Some(Self { columns: columns.to_vec(), converter: RowConverter::new(fields)? }))
    }

    /// Returns the hashes over all columns; none if a type can't be compared.
    ///
    /// # Errors
    /// A bug of adg.
    pub fn of_all(schema: &TableSchema) -> Result<Option<Self>, BatchError> {
        let names: Vec<ColumnName> = schema.columns().iter().map(|column| column.name.clone()).collect();
        Self::new(&names, schema)
    }

    /// Returns the hash of each row.
    ///
    /// # Errors
    /// The batch has other columns.
    pub fn of(&self, batch: &RecordBatch) -> Result<Vec<u128>, BatchError> {
        let rows = self.converter.convert_columns(&self.arrays(batch)?)?;
        Ok(rows.iter().map(|row| xxh3_128(row.as_ref())).collect())
    }

    /// Returns texts of bytes that sort as the values of the rows do; null is before all values.
    ///
    /// # Errors
    /// The batch has other columns.
    pub fn sorted(&self, batch: &RecordBatch) -> Result<Vec<Box<[u8]>>, BatchError> {
        let rows = self.converter.convert_columns(&self.arrays(batch)?)?;
        Ok(rows.iter().map(|row| row.as_ref().into()).collect())
    }

    /// Returns the first column that has a null.
    ///
    /// # Errors
    /// The batch has other columns.
    pub fn null_in(&self, batch: &RecordBatch) -> Result<Option<&ColumnName>, BatchError> {
        let nulls = self.arrays(batch)?.into_iter().map(|array| array.null_count() > 0);
        Ok(self.columns.iter().zip(nulls).find(|(_, has_null)| *has_null).map(|(column, _)| column))
    }

    fn arrays(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>, ArrowError> {
        let missing = |name: &ColumnName| ArrowError::SchemaError(format!("no column {name}"));
        let array = |name: &ColumnName| batch.column_by_name(name.as_str()).map(Arc::clone).ok_or_else(|| missing(name));
        self.columns.iter().map(array).collect()
    }
}
