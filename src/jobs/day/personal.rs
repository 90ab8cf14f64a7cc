//! Personal data: which columns are it, and that they go where it belongs.

use std::collections::BTreeSet;

use crate::jobs::JobError;
use crate::metastore::Table;
use crate::schema::{ColumnName, ERROR_DESC, Evolution};
use crate::source::Header;

use super::Day;

impl Day<'_> {
    /// Decides by the files' own lists of fields, the module and what the table had before, where the day goes. A table that
    /// lies among those without personal data never gets any.
    pub(super) fn route(&mut self, table: Option<&Table>, headers: &[Header], evolution: &Evolution) -> Result<(), JobError> {
        let marked = headers.iter().filter_map(|header| header.marked.as_ref()).flat_map(|marked| &marked.personal);
        let mut personal: BTreeSet<ColumnName> = table.map(Table::personal).unwrap_or_default();
        personal.extend(marked.chain(&self.collection.personal).cloned());
        personal.retain(|column| evolution.after.has(column));
        let is_personal = self.run.module.target.pii || !personal.is_empty();
        if table.is_none() {
            self.layout = self.collection.layouts.of(is_personal);
        } else if is_personal && self.collection.layouts.is_for_others_only(self.layout) {
            return Err(JobError::Personal { table: self.collection.table.to_string(), columns: list(&personal) });
        }
        // It quotes the values that did not fit.
        personal.extend(ColumnName::new(ERROR_DESC).ok().filter(|_| !personal.is_empty()));
        self.personal = personal;
        self.note_unlisted(headers);
        Ok(())
    }

    fn note_unlisted(&mut self, headers: &[Header]) {
        let unlisted: BTreeSet<ColumnName> = headers
            .iter()
            .filter_map(|header| Some((header, header.marked.as_ref()?)))
            .flat_map(|(header, marked)| header.columns.iter().filter(|column| !marked.listed.contains(*column)))
            .cloned()
            .collect();
        if !unlisted.is_empty() {
            let note = format!(
                "columns that the file's own list of fields does not have, taken for no personal data: {}",
                list(&unlisted)
            );
            self.report.notes.push(note);
        }
    }
}

fn list(columns: &BTreeSet<ColumnName>) -> String {
    columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
