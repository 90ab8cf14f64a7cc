//! A table's batches as Parquet files in a run's own folder.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;

use crate::lake::{LakeError, RowDay, RunFolder};
use crate::metastore::HIVE_DEFAULT;
use crate::schema::TableSchema;

use super::writer::FolderWriter;
use super::{FileSettings, WrittenFile};

/// Writes batches of one table into as many files as they need: in one folder, or in one for each day of its rows.
pub struct TableWriter<'a>(Target<'a>);

enum Target<'a> {
    Folder(Box<FolderWriter<'a>>),
    Days(Box<Days<'a>>),
}

impl<'a> TableWriter<'a> {
    /// A writer into `folder`, where the files are sent to while they are written; into a folder for each day of the rows if
    /// there is a `row_day`.
    pub fn new(folder: &RunFolder<'a>, schema: &TableSchema, settings: FileSettings, row_day: Option<&RowDay>) -> Self {
        Self(match row_day {
            None => Target::Folder(Box::new(FolderWriter::new(folder, schema, settings))),
            Some(row_day) => Target::Days(Box::new(Days::new(folder, schema, settings, row_day))),
        })
    }

    /// Writes a batch. Its columns have the table's types, in any order; missing columns are null.
    ///
    /// # Errors
    /// The store refuses a file, or the Parquet writer fails. The file's rows are lost: nothing more may be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        match &mut self.0 {
            Target::Folder(writer) => writer.write(batch),
            Target::Days(days) => days.write(batch),
        }
    }

    /// Finishes the last files, if any were begun.
    ///
    /// # Errors
    /// The store refuses a file, or the Parquet writer fails.
    pub fn finish_if_begun(self) -> Result<Vec<WrittenFile>, LakeError> {
        match self.0 {
            Target::Folder(writer) => writer.finish_if_begun(),
            Target::Days(days) => days.finish(),
        }
    }

    /// Finishes the last files. Without any batch this writes one file without rows, so that readers find the schema.
    ///
    /// # Errors
    /// The store refuses a file, or the Parquet writer fails.
    pub fn finish(self) -> Result<Vec<WrittenFile>, LakeError> {
        match self.0 {
            Target::Folder(writer) => writer.finish(),
            Target::Days(days) => days.finish_with_one(),
        }
    }
}

/// Writes each row into the folder of its day. Rows wait in memory until they make up a half of a row group, and then become a
/// file for each day; the last file stays open, so that files of one day alone become as large as any.
struct Days<'a> {
    folder: RunFolder<'a>,
    schema: TableSchema,
    settings: FileSettings,
    row_day: RowDay,
    waiting: BTreeMap<String, Vec<RecordBatch>>,
    /// Approximate size of the waiting rows in bytes.
    bytes: usize,
    open: Option<(String, FolderWriter<'a>)>,
    written: BTreeMap<String, Vec<WrittenFile>>,
}

impl<'a> Days<'a> {
    fn new(folder: &RunFolder<'a>, schema: &TableSchema, settings: FileSettings, row_day: &RowDay) -> Self {
        Self {
            folder: folder.clone(),
            schema: schema.clone(),
            settings: FileSettings { row_group_bytes: settings.row_group_bytes / 2, ..settings },
            row_day: row_day.clone(),
            waiting: BTreeMap::new(),
            bytes: 0,
            open: None,
            written: BTreeMap::new(),
        }
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        for (value, rows) in self.row_day.split(batch)? {
            self.waiting.entry(value).or_default().push(rows);
        }
        self.bytes += batch.get_array_memory_size();
        if self.bytes < self.settings.row_group_bytes { Ok(()) } else { self.write_waiting() }
    }

    fn write_waiting(&mut self) -> Result<(), LakeError> {
        self.bytes = 0;
        let mut waiting = std::mem::take(&mut self.waiting);
        // First that whose file is open.
        let first = self.open.as_ref().and_then(|(value, _)| waiting.remove_entry(value));
        for (value, batches) in first.into_iter().chain(waiting) {
            let writer = self.writer(&value)?;
            batches.iter().try_for_each(|batch| writer.write(batch))?;
        }
        Ok(())
    }

    /// Returns the writer into the folder of that value; a file for another value is finished.
    fn writer(&mut self, value: &str) -> Result<&mut FolderWriter<'a>, LakeError> {
        let open = match self.open.take() {
            Some((of, writer)) if of == value => (of, writer),
            other => {
                self.finish_file(other)?;
                let count = self.written.get(value).map_or(0, Vec::len);
                let writer = FolderWriter::new(&self.folder, &self.schema, self.settings);
                (value.to_owned(), writer.below(&self.row_day.folder(value), count))
            }
        };
        Ok(&mut self.open.insert(open).1)
    }

    fn finish_file(&mut self, open: Option<(String, FolderWriter<'a>)>) -> Result<(), LakeError> {
        if let Some((value, writer)) = open {
            self.written.entry(value).or_default().extend(writer.finish_if_begun()?);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<WrittenFile>, LakeError> {
        self.write_waiting()?;
        let open = self.open.take();
        self.finish_file(open)?;
        Ok(self.written.into_values().flatten().collect())
    }

    fn finish_with_one(self) -> Result<Vec<WrittenFile>, LakeError> {
        let empty = FolderWriter::new(&self.folder, &self.schema, self.settings);
        let empty = empty.below(&self.row_day.folder(HIVE_DEFAULT), 0);
        let files = self.finish()?;
        if files.is_empty() { empty.finish() } else { Ok(files) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lake::RowsOfFiles;
    use crate::schema::{Column, ColumnName, ColumnType, TimestampEncoding};
    use crate::store::{Store, Tags};
    use arrow_array::{ArrayRef, Date32Array, Int64Array};

    fn column(name: &str, ty: ColumnType) -> Column {
        Column::new(ColumnName::new(name).unwrap(), ty)
    }

    /// Writes batches of rows of these days, with row groups of so many bytes. Returns the rows of each folder, and its files.
    fn written(batches: &[&[i32]], row_group_bytes: usize) -> BTreeMap<String, (u64, u64)> {
        let place = tempfile::tempdir().unwrap();
        let store = Store::folder("published", place.path().to_owned(), true).unwrap();
        let folder = RunFolder::new(&store, "table/run".into(), Tags::default());
        let schema = TableSchema::new(vec![column("id", ColumnType::BigInt), column("at", ColumnType::Date)]);
        let settings = FileSettings { timestamps: TimestampEncoding::default(), row_group_bytes, file_bytes: 1 << 20 };
        let row_day = RowDay { name: ColumnName::new("day").unwrap(), of: ColumnName::new("at").unwrap() };
        let mut writer = TableWriter::new(&folder, &schema, settings, Some(&row_day));
        for days in batches {
            let ids: ArrayRef = Arc::new(Int64Array::from(vec![7; days.len()]));
            let dates: ArrayRef = Arc::new(Date32Array::from(days.to_vec()));
            writer.write(&RecordBatch::try_from_iter([("id", ids), ("at", dates)]).unwrap()).unwrap();
        }
        let files = writer.finish().unwrap();
        let names: std::collections::BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names.len(), files.len());
        let found: BTreeMap<String, (u64, u64)> = store
            .folders("table/run")
            .unwrap()
            .into_iter()
            .map(|name| {
                let rows = RowsOfFiles::in_folder(&store, &format!("table/run/{name}")).unwrap();
                (name, (rows.extent.rows, rows.extent.files))
            })
            .collect();
        assert_eq!(files.iter().map(|file| file.rows).sum::<u64>(), found.values().map(|(rows, _)| rows).sum::<u64>());
        found
    }

    #[test]
    fn each_day_has_a_folder_and_no_row_is_lost_when_memory_is_short() {
        let days = |first: (u64, u64), second: (u64, u64)| {
            BTreeMap::from([("day=1970-01-01".to_owned(), first), ("day=1970-01-02".to_owned(), second)])
        };
        let (mixed, one) = ([0, 1, 0], [1, 1]);
        assert_eq!(written(&[&mixed, &one, &mixed], 1 << 20), days((4, 1), (4, 1)));
        // Each batch is more than half a row group: the file of the last day stays open, and the next batch goes on with it.
        assert_eq!(written(&[&mixed, &one, &mixed], 2), days((4, 2), (4, 1)));
    }

    #[test]
    fn no_rows_are_an_empty_file_for_null() {
        assert_eq!(written(&[], 1 << 20), BTreeMap::from([("day=__HIVE_DEFAULT_PARTITION__".to_owned(), (0, 1))]));
    }
}
