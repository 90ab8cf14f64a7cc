//! Publishing of a day, and the report of what was done to its table.

use crate::catchup::Lease;
use crate::jobs::run::JobError;
use crate::lake::HiveSink;
use crate::metastore::create_table_ddl;
use crate::schema::{ColumnName, Evolution};
use crate::sink::{Commit, StagedRows, TableSink};

use super::attempt::{Day, Written};
use super::personal::list;

impl Day<'_> {
    /// Publishes the day, with the lease of the whole module.
    pub(super) fn publish(&mut self, written: &Written<'_>, lease: &Lease) -> Result<(), JobError> {
        let Written { evolution, staged, .. } = written;
        self.attempt.schema_fingerprint = Some(evolution.after.fingerprint().to_string());
        let sink = HiveSink { lease, ..self.sink() };
        let table = sink.evolve(evolution, &self.personal).inspect_err(|_| staged.abort())?;
        let location = sink.commit(&table, staged, &Commit::Replace)?;
        self.attempt.location = Some(location.clone());
        self.report.location = Some(location);
        Ok(())
    }

    /// Adds to the report what was done to the table.
    pub(super) fn tell(&mut self, evolution: &Evolution) {
        let table = &self.collection.table;
        if evolution.before.is_none() {
            if let Ok(Some(table)) = self.run.context.metastore.table(table) {
                self.report.schema_changes.push(create_table_ddl(&table));
            }
        } else {
            self.report.schema_changes.extend(evolution.ddl(&table.to_string()));
        }
        self.report.notes.extend(notes(evolution));
    }
}

/// Returns notes for a person about an evolution, in addition to its statements.
pub(crate) fn notes(evolution: &Evolution) -> Vec<String> {
    let told: [(&[ColumnName], &str); 3] = [
        (&evolution.filled, "columns missing in the source, filled with null"),
        (&evolution.without_value, "new columns without any value, not added yet"),
        (&evolution.ignored, "new columns ignored"),
    ];
    let told = told.into_iter().filter(|(names, _)| !names.is_empty());
    told.map(|(names, what)| format!("{what}: {}", list(names))).collect()
}
