//! Publishing of a day, and the report of what was done to its table.

use crate::catchup::Lease;
use crate::jobs::ingest::children::arrays;
use crate::jobs::ingest::context::Context;
use crate::jobs::ingest::module::Collection;
use crate::jobs::ingest::{documents, flat};
use crate::jobs::run::JobError;
use crate::lake::HiveSink;
use crate::metastore::create_table_ddl;
use crate::report::shortened;
use crate::schema::{ColumnName, Evolution};
use crate::sink::{Commit, StagedRows, TableSink};
use crate::source::Header;

use super::attempt::{Day, Written};
use super::personal::list;

impl Day<'_> {
    /// Publishes the day, with the lease of the whole module.
    pub(super) fn publish(&mut self, written: &Written<'_>, lease: &Lease) -> Result<(), JobError> {
        let Written { evolution, staged, .. } = written;
        self.attempt.schema_fingerprint = Some(evolution.after.fingerprint().to_string());
        let sink = HiveSink { lease, ..self.sink() };
        let table = sink.evolve(evolution, &self.personal).inspect_err(|_| staged.abort())?;
        let location = sink.commit(&table, staged, &Commit::Replace)?.location;
        self.attempt.location = Some(location.clone());
        self.report.location = Some(location);
        Ok(())
    }

    /// Adds to the report what was done to the table.
    pub(super) fn tell(&mut self, headers: &[Header], evolution: &Evolution) {
        let table = &self.collection.table;
        if evolution.before.is_none() {
            if let Ok(Some(table)) = self.run.context.metastore.table(table) {
                self.report.schema_changes.push(create_table_ddl(&table));
            }
        } else {
            self.report.schema_changes.extend(evolution.ddl(&table.to_string()));
        }
        self.report.notes.extend(notes(self.run.context, self.collection, headers, evolution));
        self.report.notes.extend(self.sent_twice.clone());
    }
}

/// Returns a note about columns that are to be personal data, and that the table does not have: maybe another name was meant.
fn unknown_personal(context: &Context<'_>, collection: &Collection, evolution: &Evolution) -> Option<String> {
    // A table of an array has those of its records too.
    if collection.is_child() {
        return None;
    }
    let arrays: Vec<ColumnName> = arrays(context.module, &collection.name).collect();
    let is_unknown = |column: &&ColumnName| !evolution.after.has(column) && !arrays.contains(column);
    let unknown: Vec<&ColumnName> = collection.personal.iter().filter(is_unknown).collect();
    (!unknown.is_empty()).then(|| {
        format!("`pii` of `{}` in the module file lists what the table does not have: {}", collection.name, list(unknown))
    })
}

/// Returns notes for a person about an evolution, in addition to its statements.
pub(crate) fn notes(context: &Context<'_>, collection: &Collection, headers: &[Header], evolution: &Evolution) -> Vec<String> {
    let told: [(&[ColumnName], &str); 4] = [
        (&evolution.filled, "columns missing in the source, filled with null"),
        (&evolution.without_value, "new columns without any value, not added yet"),
        (&evolution.ignored, "new columns ignored"),
        (
            &evolution.ambiguous,
            "new columns kept as text, since `1.000` may be a thousand; declare them, or set `decimal` beside the format",
        ),
    ];
    let told = told.into_iter().filter(|(names, _)| !names.is_empty());
    let columns = told.map(|(names, what)| format!("{what}: {}", list(names)));
    let blank: Vec<&str> = headers.iter().filter(|header| header.is_blank).map(|header| header.key.as_str()).collect();
    let table = collection.table.to_string();
    let flat = evolution.flat.iter().map(|flat| flat::explained(&table, flat, evolution));
    let naming = context.reading(collection).naming;
    let documents = documents::notes(context.module, (&collection.name, &collection.table), naming, evolution);
    let of_files = headers.iter().flat_map(|header| header.notes.iter().cloned());
    let columns = of_files.chain(columns).chain(flat).chain(documents).chain(unknown_personal(context, collection, evolution));
    columns.chain((!blank.is_empty()).then(|| format!("empty files, skipped: {}", shortened(blank.join(", "))))).collect()
}
