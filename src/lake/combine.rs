//! Publishing of rows together with those that a slice has already: added to them, or merged by keys.
//!
//! A slice is one folder of one run, whatever the commit: rows that stay are copied there, file by file where none of a file's
//! rows is replaced. So readers, reverts and sweeps know no difference between a merge and a replacement.

use crate::sink::{Changes, Commit, Committed, SinkTable, StagedRows};
use crate::store::ObjectInfo;

use super::current::CurrentFiles;
use super::incoming::Incoming;
use super::parquet::{FileRows, FolderWriter, rows_of_file};
use super::replaces::{First, Replaces};
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
            Commit::Merge { keys, missing } => Replaces::Keys(Incoming::read(self, staged, keys, *missing)?),
            Commit::ReplaceFrom { column, first } => Replaces::From(First::new(staged.schema(), column, first)?),
            Commit::Append | Commit::Replace => Replaces::Nothing,
        };
        let mut kept = Vec::new();
        for current in published.map_or(Ok(Vec::new()), |published| self.at.current_files(published))? {
            kept.extend(Kept { sink: self, staged, current }.copied(&mut replaces)?);
        }
        Ok((staged.with(kept), replaces.changes(staged.extent().rows, &self.at.table.to_string())?))
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
