//! Rows of a table that staged ones replace.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;

use crate::batch::{BatchError, RowKeys, arrow_schema};
use crate::schema::{ColumnName, TableSchema};
use crate::sink::{Changes, TooManyMissing};

use super::LakeError;
use super::incoming::Incoming;

/// Rows of the table that staged ones replace.
pub(super) enum Replaces {
    Nothing,
    Keys(Incoming),
    From(First),
}

impl Replaces {
    /// Returns the columns that tell whether a row is replaced; none if no row is.
    pub(super) fn columns(&self) -> Option<&TableSchema> {
        match self {
            Self::Nothing => None,
            Self::Keys(incoming) => Some(&incoming.columns),
            Self::From(first) => Some(&first.columns),
        }
    }

    /// Returns true if one of these rows is replaced.
    pub(super) fn any_of(&self, batch: &RecordBatch) -> Result<bool, BatchError> {
        match self {
            Self::Nothing => Ok(false),
            Self::Keys(incoming) => incoming.have_one_of(batch),
            Self::From(first) => Ok(first.stay(batch)?.false_count() > 0),
        }
    }

    /// Returns the rows that are not replaced, and counts the others.
    pub(super) fn others(&mut self, batch: RecordBatch) -> Result<RecordBatch, BatchError> {
        let stay = match self {
            Self::Nothing => return Ok(batch),
            Self::Keys(incoming) => incoming.stay(&batch)?,
            Self::From(first) => {
                let stay = first.stay(&batch)?;
                first.deleted += stay.false_count() as u64;
                stay
            }
        };
        Ok(filter_record_batch(&batch, &stay)?)
    }

    /// Counts what became of the rows.
    pub(super) fn changes(&self, staged: u64, table: &str) -> Result<Changes, TooManyMissing> {
        let deleted = match self {
            Self::Nothing => 0,
            Self::Keys(incoming) => return incoming.changes(table),
            Self::From(first) => first.deleted,
        };
        Ok(Changes { inserted: staged, deleted, ..Changes::default() })
    }
}

/// The rows from a value of a column on.
pub(super) struct First {
    columns: TableSchema,
    order: RowKeys,
    value: Box<[u8]>,
    deleted: u64,
}

impl First {
    pub(super) fn new(schema: &TableSchema, column: &ColumnName, first: &ArrayRef) -> Result<Self, LakeError> {
        let columns = TableSchema::new(schema.columns().iter().filter(|one| one.name == *column).cloned().collect());
        let unordered = || BatchError::from(ArrowError::SchemaError(format!("{column} has no order")));
        let order = RowKeys::of_all(&columns)?.ok_or_else(unordered)?;
        let row = RecordBatch::try_new(Arc::new(arrow_schema(&columns)), vec![Arc::clone(first)]).map_err(BatchError::from)?;
        let value = order.sorted(&row)?.pop().ok_or_else(unordered)?;
        Ok(Self { columns, order, value, deleted: 0 })
    }

    /// Returns true for each row before the value. Null is before all values.
    fn stay(&self, batch: &RecordBatch) -> Result<BooleanArray, BatchError> {
        Ok(self.order.sorted(batch)?.into_iter().map(|row| Some(row < self.value)).collect())
    }
}
