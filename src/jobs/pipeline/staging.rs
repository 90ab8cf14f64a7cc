//! Rows on their way into a table, before it is published.

use arrow_array::cast::AsArray;
use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;

use crate::identity::NodeName;
use crate::jobs::run::{JobError, PipelineError};
use crate::schema::ColumnName;
use crate::sink::{Extent, StagedRows};
use crate::sql::StagedTable;
use crate::stop::Stop;

use super::mode::Merge;
use super::newest::Superseded;

/// Rows of a node that are to be staged.
pub(super) struct Staging<'s> {
    pub(super) node: &'s NodeName,
    pub(super) rows: &'s StagedTable,
    pub(super) superseded: &'s Superseded,
    /// Columns of the keys, and the one that marks deleted rows, if there is one.
    pub(super) marks: Option<(&'s [ColumnName], &'s ColumnName)>,
}

impl<'s> Staging<'s> {
    /// Returns the columns by which a merge deletes rows.
    pub(super) fn marks(merge: &'s Merge) -> Option<(&'s [ColumnName], &'s ColumnName)> {
        Some((&merge.keys, merge.marked_by.as_ref()?))
    }

    /// Stages the rows that no newer one supersedes. Returns their extent, and the number of those that are marked as deleted.
    pub(super) fn write<S: StagedRows>(&self, staged: &mut S, stop: &Stop) -> Result<(Extent, u64), JobError>
    where
        JobError: From<S::Error>,
    {
        let bug = |error: ArrowError| JobError::Bug(error.to_string());
        let (mut first, mut marked) = (0, 0);
        for batch in self.rows.batches() {
            stop.check()?;
            let batch = batch.map_err(|source| PipelineError::Sql { node: self.node.to_string(), source })?;
            let count = batch.num_rows() as u64;
            let newest = match self.superseded.count() {
                0 => batch,
                _ => filter_record_batch(&batch, &self.superseded.others(first, &batch)).map_err(bug)?,
            };
            first += count;
            let Some((keys, mark)) = self.marks else {
                staged.write(&newest)?;
                continue;
            };
            let (present, deleted) = parted(&newest, mark).map_err(bug)?;
            staged.write(&present)?;
            if deleted.num_rows() > 0 {
                marked += deleted.num_rows() as u64;
                staged.delete(&self.keys_of(&deleted, keys)?)?;
            }
        }
        Ok((staged.finish()?, marked))
    }

    fn keys_of(&self, rows: &RecordBatch, keys: &[ColumnName]) -> Result<RecordBatch, JobError> {
        let places = keys.iter().map(|key| rows.schema().index_of(key.as_str())).collect::<Result<Vec<_>, _>>();
        let keys = places.and_then(|places| rows.project(&places)).map_err(|error| JobError::Bug(error.to_string()))?;
        if keys.columns().iter().any(|key| key.null_count() > 0) {
            return Err(PipelineError::Keys {
                node: self.node.to_string(),
                reason: "a row that is marked as deleted has a null in its keys".to_owned(),
                hint: "correct the source, or leave such rows out in a transform".to_owned(),
            }
            .into());
        }
        Ok(keys)
    }
}

/// Returns the rows in which a boolean column is not true, and those in which it is.
fn parted(rows: &RecordBatch, mark: &ColumnName) -> Result<(RecordBatch, RecordBatch), ArrowError> {
    let column = rows.column_by_name(mark.as_str()).and_then(|column| column.as_boolean_opt());
    let column = column.ok_or_else(|| ArrowError::SchemaError(format!("no boolean {mark}")))?;
    let is_marked: BooleanArray = column.iter().map(|mark| Some(mark == Some(true))).collect();
    let others: BooleanArray = is_marked.iter().map(|mark| Some(mark != Some(true))).collect();
    Ok((filter_record_batch(rows, &others)?, filter_record_batch(rows, &is_marked)?))
}
