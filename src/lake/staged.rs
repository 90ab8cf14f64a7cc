//! Files of one slice that no reader sees yet.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::FieldRef;

use crate::batch::{BatchError, RowKeys, arrow_type};
use crate::catchup::Slice;
use crate::metastore::PartitionValue;
use crate::schema::{Column, ColumnName, TableSchema};
use crate::sink::{Extent, StagedRows};

use super::{FileSettings, LakeError, RowDay, RunFolder, TableWriter, WrittenFile};

/// Files of one slice in a run's own folder, with the table's columns.
pub struct StagedFiles<'a> {
    slice: Slice,
    value: PartitionValue,
    folder: RunFolder<'a>,
    schema: TableSchema,
    settings: FileSettings,
    row_day: Option<RowDay>,
    /// Writer of single batches, once there is one.
    writer: Option<TableWriter<'a>>,
    files: Vec<WrittenFile>,
    /// Hashes of keys whose rows a merge deletes.
    deleted: HashSet<u128>,
}

impl<'a> StagedFiles<'a> {
    pub(super) fn new(
        (slice, value): (Slice, PartitionValue),
        folder: RunFolder<'a>,
        schema: &TableSchema,
        settings: FileSettings,
        row_day: Option<RowDay>,
    ) -> Self {
        let (schema, deleted) = (schema.clone(), HashSet::new());
        Self { slice, value, folder, schema, settings, row_day, writer: None, files: Vec::new(), deleted }
    }

    /// Returns the slice.
    pub fn slice(&self) -> &Slice {
        &self.slice
    }

    /// Returns the values of its partition, or those that all its partitions begin with.
    pub(super) fn value(&self) -> &PartitionValue {
        &self.value
    }

    /// Returns the folder.
    pub fn folder(&self) -> &RunFolder<'a> {
        &self.folder
    }

    /// Returns the columns of the rows.
    pub fn schema(&self) -> &TableSchema {
        &self.schema
    }

    /// Returns the settings of the files.
    pub fn settings(&self) -> FileSettings {
        self.settings
    }

    /// Returns the partition column with the day of each row, if there is one.
    pub fn row_day(&self) -> Option<&RowDay> {
        self.row_day.as_ref()
    }

    /// Returns a writer into the folder, for an engine that writes the files itself and passes them to
    /// [`written`](Self::written).
    pub fn writer(&self) -> TableWriter<'a> {
        TableWriter::new(&self.folder, &self.schema, self.settings, self.row_day.as_ref())
    }

    /// Records the files that an engine wrote into the folder.
    pub fn written(&mut self, files: Vec<WrittenFile>) {
        self.files.extend(files);
    }

    /// Returns the finished files.
    pub fn files(&self) -> &[WrittenFile] {
        &self.files
    }

    /// Returns the hashes of keys whose rows a merge deletes.
    pub(super) fn deleted(&self) -> &HashSet<u128> {
        &self.deleted
    }

    /// Returns the extent of the finished files by the name of their folder in the run's folder; those of a date with one
    /// partition lie in that itself.
    pub(super) fn folders(&self) -> BTreeMap<String, Extent> {
        let mut folders: BTreeMap<String, Extent> = BTreeMap::new();
        for file in &self.files {
            let folder = match file.name.rsplit_once('/') {
                Some((folder, _)) if self.row_day.is_some() => folder,
                _ => "",
            };
            let extent = folders.entry(folder.to_owned()).or_default();
            *extent = *extent + file.extent();
        }
        folders
    }

    /// Returns these files and others in the same folder.
    pub(super) fn with(&self, others: Vec<WrittenFile>) -> Self {
        Self {
            slice: self.slice.clone(),
            value: self.value.clone(),
            folder: self.folder.clone(),
            schema: self.schema.clone(),
            settings: self.settings,
            row_day: self.row_day.clone(),
            writer: None,
            files: self.files.iter().cloned().chain(others).collect(),
            deleted: HashSet::new(),
        }
    }

    /// Returns the extent of the finished files.
    pub fn extent(&self) -> Extent {
        self.files.iter().map(WrittenFile::extent).sum()
    }
}

impl StagedRows for StagedFiles<'_> {
    type Error = LakeError;

    fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.writer(),
        };
        self.writer.insert(writer).write(batch)
    }

    fn delete(&mut self, keys: &RecordBatch) -> Result<(), LakeError> {
        let names = keys.schema();
        let is_key = |column: &&Column| names.field_with_name(column.name.as_str()).is_ok();
        let columns = TableSchema::new(self.schema.columns().iter().filter(is_key).cloned().collect());
        // In the types of the table, as its rows are hashed.
        let cast = |(array, field): (&ArrayRef, &FieldRef)| {
            let ty = columns.columns().iter().find(|column| column.name.as_str() == field.name()).map(|column| &column.ty);
            ty.map_or_else(|| Ok(Arc::clone(array)), |ty| cast(array, &arrow_type(ty)))
        };
        let arrays = keys.columns().iter().zip(names.fields()).map(cast).collect::<Result<Vec<_>, _>>();
        let by_name = names.fields().iter().map(|field| field.name().as_str());
        let batch =
            arrays.and_then(|arrays| RecordBatch::try_from_iter(by_name.clone().zip(arrays))).map_err(BatchError::from)?;
        let order: Vec<ColumnName> = by_name.filter_map(|name| ColumnName::new(name).ok()).collect();
        if let Some(by) = RowKeys::new(&order, &columns)? {
            self.deleted.extend(by.of(&batch)?);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Extent, LakeError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.writer(),
        };
        self.files.extend(writer.finish()?);
        Ok(self.extent())
    }

    fn abort(&self) {
        self.folder.give_up();
    }
}
