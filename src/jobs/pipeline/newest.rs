//! Rows that are to be merged: of several with the same key, the newest.

use std::collections::{HashMap, HashSet};

use arrow_array::{BooleanArray, RecordBatch};

use crate::batch::{BatchError, RowKeys};
use crate::config::TieRule;
use crate::identity::NodeName;
use crate::jobs::run::{JobError, PipelineError};
use crate::schema::ColumnName;
use crate::sql::StagedTable;

use super::mode::Merge;

/// Places of rows that a newer one with the same key supersedes.
#[derive(Debug, Default)]
pub(super) struct Superseded(HashSet<u64>);

/// The newest row so far of a key that several have.
struct Newest {
    order: Box<[u8]>,
    place: u64,
    /// Hash over all columns; none if they can't be compared.
    value: Option<u128>,
    /// True if another row is as new, and has other values.
    is_tied: bool,
}

impl Superseded {
    /// Finds the superseded rows of a node.
    ///
    /// # Errors
    /// Rows have the same key, and nothing tells which of them is the newest.
    pub(super) fn of(node: &NodeName, rows: &StagedTable, merge: &Merge) -> Result<Self, JobError> {
        let schema = rows.schema();
        let keys = comparable(&merge.keys, rows)?;
        let repeated = repeated(node, rows, &keys)?;
        if repeated.is_empty() {
            return Ok(Self::default());
        }
        let listed = merge.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let refused = |reason: String, hint: &str| PipelineError::Keys { node: node.to_string(), reason, hint: hint.to_owned() };
        let Some(order_by) = &merge.order_by else {
            let reason = format!("{} keys ({listed}) stand in more than one row", repeated.len());
            return Err(refused(reason, "take the newest of each by `order_by` of the sink, or correct the source").into());
        };
        let (order, values) = (comparable(std::slice::from_ref(order_by), rows)?, RowKeys::of_all(schema).map_err(bug)?);
        let mut found = Self::default();
        let mut newest: HashMap<u128, Newest> = HashMap::new();
        each(node, rows, |first, batch| {
            let values = values.as_ref().map(|values| values.of(batch)).transpose()?;
            for (row, (key, order)) in keys.of(batch)?.into_iter().zip(order.sorted(batch)?).enumerate() {
                if repeated.contains(&key) {
                    let value = values.as_ref().map(|values| values[row]);
                    let row = Newest { order, place: first + row as u64, value, is_tied: false };
                    found.add(&mut newest, key, row, merge.on_tie);
                }
            }
            Ok(())
        })?;
        match newest.values().filter(|newest| newest.is_tied).count() {
            0 => Ok(found),
            count => {
                let reason = format!("{count} keys ({listed}) have several newest rows by `{order_by}`, with different values");
                Err(refused(reason, "name another `order_by`, or take the one that was read last: `on_tie: last_read`").into())
            }
        }
    }

    fn add(&mut self, newest: &mut HashMap<u128, Newest>, key: u128, row: Newest, on_tie: TieRule) {
        let Some(known) = newest.get_mut(&key) else {
            newest.insert(key, row);
            return;
        };
        let is_same = known.value.is_some() && known.value == row.value;
        let replaces = match row.order.cmp(&known.order) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => {
                known.is_tied |= !is_same && on_tie == TieRule::Fail;
                on_tie == TieRule::LastRead
            }
        };
        self.0.insert(if replaces { known.place } else { row.place });
        if replaces {
            *known = row;
        }
    }

    /// Returns their number.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Returns true for each row of a batch that is none of them; `first` is the place of its first row.
    pub(super) fn others(&self, first: u64, batch: &RecordBatch) -> BooleanArray {
        (first..first + batch.num_rows() as u64).map(|place| Some(!self.0.contains(&place))).collect()
    }
}

fn bug(error: BatchError) -> JobError {
    JobError::Bug(crate::identity::Causes(&error).to_string())
}

fn comparable(columns: &[ColumnName], rows: &StagedTable) -> Result<RowKeys, JobError> {
    let keys = RowKeys::new(columns, rows.schema()).map_err(bug)?;
    keys.ok_or_else(|| JobError::Bug("columns that can't be compared".to_owned()))
}

/// Returns the keys that several rows have.
fn repeated(node: &NodeName, rows: &StagedTable, keys: &RowKeys) -> Result<HashSet<u128>, JobError> {
    let (mut seen, mut repeated) = (HashSet::new(), HashSet::new());
    each(node, rows, |_, batch| {
        repeated.extend(keys.of(batch)?.into_iter().filter(|key| !seen.insert(*key)));
        Ok(())
    })?;
    Ok(repeated)
}

/// Hands each batch with the place of its first row to `take`.
fn each(
    node: &NodeName,
    rows: &StagedTable,
    mut take: impl FnMut(u64, &RecordBatch) -> Result<(), BatchError>,
) -> Result<(), JobError> {
    let mut first = 0;
    for batch in rows.batches() {
        let batch = batch.map_err(|source| PipelineError::Sql { node: node.to_string(), source })?;
        take(first, &batch).map_err(bug)?;
        first += batch.num_rows() as u64;
    }
    Ok(())
}
