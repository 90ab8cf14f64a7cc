//! Publishing of rows together with those that a slice has already: added to them, or merged by keys.
//!
//! A slice is one folder of one run, whatever the commit: rows that stay are copied there, file by file where none of a file's
//! rows is replaced. So readers, reverts and sweeps know no difference between a merge and a replacement.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;

use crate::batch::{BatchError, RowKeys, arrow_schema};
use crate::schema::{ColumnName, TableSchema};
use crate::sink::{Changes, Commit, Committed, SinkTable, StagedRows};
use crate::store::ObjectInfo;

use super::current::CurrentFiles;
use super::parquet::{FileRows, FolderWriter, rows_of_file};
use super::{HiveSink, LakeError, PublishedDate, StagedFiles, WrittenFile};

impl HiveSink<'_> {
    /// Publishes staged rows and those of their slice that they do not replace.
    pub(super) fn combine(
        &self,
        table: &SinkTable,
        staged: &StagedFiles<'_>,
        commit: &Commit<'_>,
    ) -> Result<Committed, LakeError> {
        let published = self.at.published(staged.value())?;
        let own = staged.folder().location();
        if published.as_ref().is_some_and(|published| published.location() == own) {
            // The reply to an earlier try was lost.
            return Ok(Committed { location: own, changes: Changes::default() });
        }
        let combined = self.combined(staged, commit, published.as_ref());
        let (all, changes) = combined.inspect_err(|_| staged.abort())?;
        let location = match &published {
            Some(published) if changes.is_nothing() && published.is_whole() => {
                staged.abort();
                published.location().to_owned()
            }
            _ => self.publish(table, &all)?,
        };
        Ok(Committed { location, changes })
    }

    /// Copies the rows that stay beside the staged ones. Returns all files.
    fn combined<'s>(
        &self,
        staged: &StagedFiles<'s>,
        commit: &Commit<'_>,
        published: Option<&PublishedDate>,
    ) -> Result<(StagedFiles<'s>, Changes), LakeError> {
        let mut replaces = match commit {
            Commit::Merge { keys } => Replaces::Keys(Incoming::read(self, staged, keys)?),
            Commit::ReplaceFrom { column, first } => Replaces::From(First::new(staged.schema(), column, first)?),
            Commit::Append | Commit::Replace => Replaces::Nothing,
        };
        let mut kept = Vec::new();
        for current in published.map_or(Ok(Vec::new()), |published| self.at.current_files(published))? {
            kept.extend(Kept { sink: self, staged, current }.copied(&mut replaces)?);
        }
        Ok((staged.with(kept), replaces.changes(staged.extent().rows)))
    }
}

/// Returns half of a hash.
fn value_at(values: Option<&Vec<u128>>, place: usize) -> u64 {
    // The other half makes no difference.
    #[expect(clippy::cast_possible_truncation)]
    values.map_or(0, |values| values[place] as u64)
}

/// Rows of the table that staged ones replace.
enum Replaces {
    Nothing,
    Keys(Incoming),
    From(First),
}

impl Replaces {
    /// Returns the columns that tell whether a row is replaced; none if no row is.
    fn columns(&self) -> Option<&TableSchema> {
        match self {
            Self::Nothing => None,
            Self::Keys(incoming) => Some(&incoming.columns),
            Self::From(first) => Some(&first.columns),
        }
    }

    /// Returns true if one of these rows is replaced.
    fn any_of(&self, batch: &RecordBatch) -> Result<bool, BatchError> {
        match self {
            Self::Nothing => Ok(false),
            Self::Keys(incoming) => incoming.have_one_of(batch),
            Self::From(first) => Ok(first.stay(batch)?.false_count() > 0),
        }
    }

    /// Returns the rows that are not replaced, and counts the others.
    fn others(&mut self, batch: RecordBatch) -> Result<RecordBatch, BatchError> {
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

    fn changes(&self, staged: u64) -> Changes {
        let deleted = match self {
            Self::Nothing => 0,
            Self::Keys(incoming) => return incoming.changes(),
            Self::From(first) => first.deleted,
        };
        Changes { inserted: staged, deleted, ..Changes::default() }
    }
}

/// The rows from a value of a column on.
struct First {
    columns: TableSchema,
    order: RowKeys,
    value: Box<[u8]>,
    deleted: u64,
}

impl First {
    fn new(schema: &TableSchema, column: &ColumnName, first: &ArrayRef) -> Result<Self, LakeError> {
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

/// Staged rows by their keys.
struct Incoming {
    keys: RowKeys,
    columns: TableSchema,
    /// Hash over all columns; none if a type can't be compared.
    values: Option<RowKeys>,
    rows: HashMap<u128, Row>,
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
    fn read(sink: &HiveSink<'_>, staged: &StagedFiles<'_>, keys: &[ColumnName]) -> Result<Self, LakeError> {
        let table = sink.at.table;
        let refused = |reason: String| LakeError::Keys { table: table.to_string(), reason };
        let by = RowKeys::new(keys, staged.schema())?;
        let by = by.ok_or_else(|| refused("columns with maps are no keys".to_owned()))?;
        let values = RowKeys::of_all(staged.schema())?;
        let columns = staged.schema().columns().iter().filter(|column| keys.contains(&column.name)).cloned().collect();
        let mut incoming = Self { keys: by, columns: TableSchema::new(columns), values, rows: HashMap::new() };
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
            if self.rows.insert(key, row).is_some() {
                return Ok(Some("two rows have the same key".to_owned()));
            }
        }
        Ok(None)
    }

    /// Returns true for each row of the table that none of these replaces, and notes the others.
    fn stay(&mut self, batch: &RecordBatch) -> Result<BooleanArray, BatchError> {
        let hashes = self.keys.of(batch)?;
        let is_compared = hashes.iter().any(|key| self.rows.contains_key(key));
        let values = self.values.as_ref().filter(|_| is_compared).map(|values| values.of(batch)).transpose()?;
        let mut stay = Vec::with_capacity(hashes.len());
        for (place, key) in hashes.into_iter().enumerate() {
            let row = self.rows.get_mut(&key);
            stay.push(row.is_none());
            if let Some(row) = row {
                let is_same = values.is_some() && row.value == value_at(values.as_ref(), place);
                row.found = if is_same && row.found != Found::Other { Found::Same } else { Found::Other };
            }
        }
        Ok(BooleanArray::from(stay))
    }

    fn have_one_of(&self, batch: &RecordBatch) -> Result<bool, BatchError> {
        Ok(self.keys.of(batch)?.iter().any(|key| self.rows.contains_key(key)))
    }

    fn changes(&self) -> Changes {
        let count = |found: Found| self.rows.values().filter(|row| row.found == found).count() as u64;
        let (updated, unchanged) = (count(Found::Other), count(Found::Same));
        Changes { inserted: count(Found::Nothing), updated, unchanged, deleted: 0 }
    }
}

/// The rows of a partition that stay.
struct Kept<'k, 's> {
    sink: &'k HiveSink<'k>,
    staged: &'k StagedFiles<'s>,
    current: CurrentFiles,
}

impl Kept<'_, '_> {
    /// Copies them into the folder of the staged rows.
    fn copied(self, replaces: &mut Replaces) -> Result<Vec<WrittenFile>, LakeError> {
        let CurrentFiles { below, schema, files } = &self.current;
        // Files with all columns of the table can be copied as they are.
        let are_alike = schema.as_ref() == Some(&self.staged.schema().fingerprint().to_string());
        let first = self.staged.files().iter().filter(|file| file.name.starts_with(below)).count();
        let writer = FolderWriter::new(self.staged.folder(), self.staged.schema(), self.staged.settings());
        let mut writer = writer.at(below, first);
        let mut kept = Vec::new();
        for (number, file) in files.iter().enumerate() {
            if are_alike && !self.is_touched(file, replaces)? {
                kept.push(self.copy(file, number)?);
            } else {
                self.rewrite(file, replaces, &mut writer)?;
            }
        }
        kept.extend(writer.finish_if_begun()?);
        Ok(kept)
    }

    fn is_touched(&self, file: &ObjectInfo, replaces: &Replaces) -> Result<bool, LakeError> {
        let Some(columns) = replaces.columns() else { return Ok(false) };
        for batch in FileRows::open(self.sink.at.store, file, columns)? {
            if replaces.any_of(&batch?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn copy(&self, file: &ObjectInfo, number: usize) -> Result<WrittenFile, LakeError> {
        let name = format!("{}kept-{number:05}.parquet", self.current.below);
        self.sink.at.store.copy(&file.key, &self.staged.folder().key(&name))?;
        Ok(WrittenFile { name, rows: rows_of_file(self.sink.at.store, file)?, bytes: file.size })
    }

    fn rewrite(&self, file: &ObjectInfo, replaces: &mut Replaces, writer: &mut FolderWriter<'_>) -> Result<(), LakeError> {
        for batch in FileRows::open(self.sink.at.store, file, self.staged.schema())? {
            let others = replaces.others(batch?)?;
            if others.num_rows() > 0 {
                writer.write(&others)?;
            }
        }
        Ok(())
    }
}
