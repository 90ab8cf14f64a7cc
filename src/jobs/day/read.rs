//! From a day's files to Parquet files in scratch: headers, evolution, rows.

use std::sync::Arc;

use crate::jobs::JobError;
use crate::jobs::pipeline::{self, Counted, FileCounts, FilePlan};
use crate::lake::{QuarantineFile, TableWriter, WrittenFile};
use crate::report::CollectionProgress;
use crate::schema::{ColumnName, Evolution, Incoming, TableSchema, TypeChange, TypeGuess};
use crate::source::{ColumnPlan, CsvBatches, Header, SourceKey, Survey, open_text};
use crate::store::StoreError;

use super::Day;

impl Day<'_> {
    pub(super) fn open(
        &self,
        key: &SourceKey,
        existing: &TableSchema,
        progress: Option<&Arc<dyn CollectionProgress>>,
    ) -> Result<(Header, CsvBatches), JobError> {
        let name = &key.object.key;
        let mut bytes = self.run.source.open_object(&key.object)?;
        if let Some(progress) = progress {
            bytes = Box::new(Counted { inner: bytes, progress: Arc::clone(progress) });
        }
        let text = open_text(name, bytes, self.run.csv.encoding)?;
        let (csv, naming, sizes) = (&self.run.csv, self.run.module.column_names, self.run.budget.read_sizes());
        Ok(CsvBatches::open(name, text, csv, sizes, naming, existing, &self.run.reserved)?)
    }

    /// The header of each file. A camel-case acronym keeps the table's spelling.
    pub(super) fn headers(&self, table: Option<&TableSchema>) -> Result<Vec<Header>, JobError> {
        let existing = table.unwrap_or(&self.collection.declared);
        self.keys.iter().map(|key| self.open(key, existing, None).map(|(header, _)| header)).collect()
    }

    /// What the day's columns do to the table. Columns whose type must be found out cost a first reading of the files.
    pub(super) fn evolve(&self, table: Option<&TableSchema>, headers: &[Header]) -> Result<Evolution, JobError> {
        let declared = &self.collection.declared;
        let known = table.unwrap_or(declared);
        let mut columns: Vec<ColumnName> = Vec::new();
        for column in headers.iter().flat_map(|header| &header.columns) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        let policy = self.run.module.evolution;
        let guesses = columns.iter().filter_map(|column| match known.type_of(column) {
            Some(ty) => (policy.type_change != TypeChange::Keep).then(|| (column.clone(), TypeGuess::widening(ty))),
            None => declared.type_of(column).is_none().then(|| (column.clone(), TypeGuess::fresh())),
        });
        let survey = self.survey(Survey::of(guesses), known)?;
        let incoming: Vec<Incoming> = columns
            .into_iter()
            .map(|name| {
                let guess = survey.guess(&name);
                let ty = guess.and_then(TypeGuess::result).cloned();
                Incoming { ty, examined: guess.is_some_and(TypeGuess::has_seen), name }
            })
            .collect();
        Evolution::compute(table, declared, &incoming, policy)
            .map_err(|source| JobError::Refused { table: self.collection.table.to_string(), source })
    }

    pub(super) fn survey(&self, mut survey: Survey, existing: &TableSchema) -> Result<Survey, JobError> {
        if survey.is_empty() {
            return Ok(survey);
        }
        for key in &self.keys {
            let (header, mut file) = self.open(key, existing, None)?;
            while let Some(batch) = file.next_batch()? {
                survey.see(&batch, &header.columns, &self.run.csv);
            }
        }
        Ok(survey)
    }

    /// Reads the files into Parquet files in scratch.
    pub(super) fn write(
        &self,
        evolution: &Evolution,
        mut writer: TableWriter,
        quarantine: &mut QuarantineFile,
        progress: &Arc<dyn CollectionProgress>,
    ) -> Result<(Vec<WrittenFile>, FileCounts), JobError> {
        let mut found = FileCounts::default();
        for key in &self.keys {
            let (header, file) = self.open(key, &evolution.after, Some(progress))?;
            let columns: Vec<ColumnPlan> = header
                .columns
                .iter()
                .enumerate()
                .filter_map(|(index, name)| {
                    let ty = evolution.after.type_of(name)?.clone();
                    Some(ColumnPlan { index, name: name.clone(), ty })
                })
                .collect();
            let plan = FilePlan { key: &header.key, columns: &columns, table: &evolution.after, format: &self.run.csv };
            pipeline::run(file, &plan, &mut writer, quarantine, &**progress, &mut found)?;
            let now = self.run.source.head(&header.key)?;
            if (now.size, &now.etag) != (key.object.size, &key.object.etag) {
                let store = self.run.source.shown();
                return Err(StoreError::Changed { store, key: header.key }.into());
            }
        }
        Ok((writer.finish()?, found))
    }
}
