//! Staged rows by their keys, for a merge.

use std::collections::{HashMap, HashSet};

use arrow_array::{BooleanArray, RecordBatch};

use crate::batch::{BatchError, RowKeys};
use crate::schema::{ColumnName, TableSchema};
use crate::sink::{Changes, Missing, TooManyMissing};

use super::parquet::FileRows;
use super::{HiveSink, LakeError, StagedFiles};

/// Returns half of a hash.
fn value_at(values: Option<&Vec<u128>>, place: usize) -> u64 {
    // The other half makes no difference.
    #[expect(clippy::cast_possible_truncation)]
    values.map_or(0, |values| values[place] as u64)
}

/// Staged rows by their keys.
pub(super) struct Incoming {
    keys: RowKeys,
    pub(super) columns: TableSchema,
    /// Hash over all columns; none if a type can't be compared.
    values: Option<RowKeys>,
    rows: HashMap<u128, Row>,
    /// Hashes of keys whose rows are deleted.
    deleted: HashSet<u128>,
    missing: Missing,
    /// Rows of the table.
    seen: Seen,
}

/// Numbers of rows of the table.
#[derive(Default)]
struct Seen {
    all: u64,
    deleted: u64,
    /// Those whose keys no staged row has, and that are deleted for that.
    missing: u64,
}

/// A staged row. There may be millions: it is small.
struct Row {
    /// Half of the hash over all columns.
    value: u64,
    found: Found,
}

/// The row of the table with the same key.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    Nothing,
    Same,
    Other,
}

impl Incoming {
    /// Reads the staged rows, and refuses those with a null or the same key.
    pub(super) fn read(
        sink: &HiveSink<'_>,
        staged: &StagedFiles<'_>,
        keys: &[ColumnName],
        missing: Missing,
    ) -> Result<Self, LakeError> {
        let table = sink.at.table;
        let refused = |reason: String| LakeError::Keys { table: table.to_string(), reason };
        let by = RowKeys::new(keys, staged.schema())?;
        let by = by.ok_or_else(|| refused("columns with maps are no keys".to_owned()))?;
        let values = RowKeys::of_all(staged.schema())?;
        let columns = staged.schema().columns().iter().filter(|column| keys.contains(&column.name)).cloned().collect();
        let (columns, deleted) = (TableSchema::new(columns), staged.deleted().clone());
        let mut incoming = Self { keys: by, columns, values, rows: HashMap::new(), deleted, missing, seen: Seen::default() };
        for file in staged.files() {
            let file = sink.at.store.head(&staged.folder().key(&file.name))?;
            for batch in FileRows::open(sink.at.store, &file, staged.schema())? {
                incoming.add(&batch?)?.map_or(Ok(()), |reason| Err(refused(reason)))?;
            }
        }
        Ok(incoming)
    }

    /// Adds rows. Returns the reason for which they can't be merged, if there is one.
    fn add(&mut self, batch: &RecordBatch) -> Result<Option<String>, BatchError> {
        if let Some(column) = self.keys.null_in(batch)? {
            return Ok(Some(format!("the key column `{column}` has a null")));
        }
        let hashes = self.keys.of(batch)?;
        let values = self.values.as_ref().map(|values| values.of(batch)).transpose()?;
        for (place, key) in hashes.into_iter().enumerate() {
            let row = Row { value: value_at(values.as_ref(), place), found: Found::Nothing };
            if self.rows.insert(key, row).is_some() || self.deleted.contains(&key) {
                return Ok(Some("two rows have the same key".to_owned()));
            }
        }
        Ok(None)
    }

    /// Returns true for each row of the table that none of these replaces, and notes the others.
    pub(super) fn stay(&mut self, batch: &RecordBatch) -> Result<BooleanArray, BatchError> {
        let hashes = self.keys.of(batch)?;
        let is_compared = hashes.iter().any(|key| self.rows.contains_key(key));
        let values = self.values.as_ref().filter(|_| is_compared).map(|values| values.of(batch)).transpose()?;
        let mut stay = Vec::with_capacity(hashes.len());
        for (place, key) in hashes.into_iter().enumerate() {
            self.seen.all += 1;
            let Some(row) = self.rows.get_mut(&key) else {
                let (is_deleted, is_missing) = (self.deleted.contains(&key), self.missing != Missing::Keep);
                self.seen.deleted += u64::from(is_deleted);
                self.seen.missing += u64::from(is_missing && !is_deleted);
                stay.push(!is_deleted && !is_missing);
                continue;
            };
            stay.push(false);
            let is_same = values.is_some() && row.value == value_at(values.as_ref(), place);
            row.found = if is_same && row.found != Found::Other { Found::Same } else { Found::Other };
        }
        Ok(BooleanArray::from(stay))
    }

    /// Returns true if one of these rows of the table does not stay.
    pub(super) fn have_one_of(&self, batch: &RecordBatch) -> Result<bool, BatchError> {
        let goes = |key: &u128| self.rows.contains_key(key) || self.deleted.contains(key);
        Ok(self.missing != Missing::Keep || self.keys.of(batch)?.iter().any(goes))
    }

    /// Counts what became of the rows.
    pub(super) fn changes(&self, table: &str) -> Result<Changes, TooManyMissing> {
        let Seen { all, deleted, missing } = self.seen;
        if !self.missing.allows(missing, all) {
            return Err(TooManyMissing { table: table.to_owned(), missing, rows: all });
        }
        let count = |found: Found| self.rows.values().filter(|row| row.found == found).count() as u64;
        let (updated, unchanged) = (count(Found::Other), count(Found::Same));
        Ok(Changes { inserted: count(Found::Nothing), updated, unchanged, deleted: deleted + missing })
    }
}
