//! A trial reading of a module's files: what a run would say of them, without a table.

use std::collections::BTreeMap;

use crate::identity::{CollectionName, LoadType, RunId};
use crate::jobs::run::{JobError, RunOptions, Services};
use crate::schema::{ColumnName, ColumnType};
use crate::source::{Sample, typed_batch};

use super::context::Context;
use super::day::column_plan;
use super::flat;
use super::incoming::DayFiles;
use super::module::collections;
use super::slices::source_keys;

/// Findings of a trial reading of a collection's files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trial {
    /// Number of records.
    pub(crate) records: u64,
    /// Records in quarantine, by the reason.
    pub(crate) quarantined: BTreeMap<String, u64>,
    /// Number of invalid values by column, with the type of the column.
    pub(crate) invalid: BTreeMap<ColumnName, (ColumnType, u64)>,
    /// Notes for the report about objects whose members do not fit.
    pub(crate) notes: Vec<String>,
}

/// Reads the files of all dates of a collection as a run does.
///
/// # Errors
/// Those for which a run refuses the files.
pub(crate) fn trial(services: &Services, module: &str, collection: &CollectionName) -> Result<Trial, JobError> {
    let environment = &services.environment;
    let module = environment.module(module, LoadType::Full)?;
    let now = environment.clock.now();
    let context = Context::new(services, &module, &RunOptions::without_reading(), now, RunId::new(now))?;
    let collections = collections(&module, std::slice::from_ref(collection))?;
    let mut trial = Trial::default();
    for ((name, _), keys) in source_keys(&module, &collections, &context.source, &environment.zone, None)? {
        let Some(collection) = collections.iter().find(|collection| collection.name == name) else { continue };
        trial.read(&DayFiles { context: &context, collection, keys: &keys })?;
    }
    Ok(trial)
}

impl Trial {
    fn read(&mut self, files: &DayFiles<'_>) -> Result<(), JobError> {
        let (headers, evolution) = files.evolve(None, Sample::Full)?;
        let reading = files.context.reading(files.collection);
        let ahead = files.ahead();
        for (key, header) in files.keys.iter().zip(&headers) {
            self.notes.extend(header.notes.iter().cloned());
            let plan = column_plan(header, &evolution);
            let mut records = reading.records(header, files.bytes(key, &ahead, None)?)?;
            while let Some(batch) = records.next_batch()? {
                let valued = typed_batch(&batch, &plan, files.context.format.values(), None)
                    .map_err(|error| JobError::Bug(error.to_string()))?;
                self.records += (batch.rows() + batch.bad.len()) as u64;
                for record in &batch.bad {
                    *self.quarantined.entry(record.reason.clone()).or_default() += 1;
                }
                for (column, count) in plan.iter().zip(&valued.invalid_values).filter(|(_, count)| **count > 0) {
                    self.invalid.entry(column.name.clone()).or_insert_with(|| (column.ty.clone(), 0)).1 += count;
                }
                let table = files.collection.table.to_string();
                let notes = valued.alike.iter().map(|alike| flat::explained(&table, alike, &evolution));
                let new = notes.filter(|note| !self.notes.contains(note)).collect::<Vec<_>>();
                self.notes.extend(new);
            }
        }
        Ok(())
    }
}
