//! Personal data: its columns, and the folder of a table that has any.

use std::collections::BTreeSet;

use crate::jobs::ingest::context::Context;
use crate::jobs::ingest::module::Collection;
use crate::jobs::run::JobError;
use crate::lake::TableLayout;
use crate::metastore::Table;
use crate::schema::{ColumnName, ERROR_DESC, Evolution};
use crate::source::Header;

use super::attempt::Day;

/// Decides from the files' own lists of fields, the module and the existing table in which folder a day goes, and which columns
/// are personal data. `layout` is that of the table as far as it is known. A table that lies among those without personal data
/// never gets any.
pub(crate) fn route<'c>(
    context: &Context<'_>,
    collection: &'c Collection,
    layout: &'c TableLayout,
    table: Option<&Table>,
    headers: &[Header],
    evolution: &Evolution,
) -> Result<(&'c TableLayout, BTreeSet<ColumnName>), JobError> {
    let marked = headers.iter().filter_map(|header| header.marked.as_ref()).flat_map(|marked| &marked.personal);
    let mut personal: BTreeSet<ColumnName> = table.map(Table::personal).unwrap_or_default();
    personal.extend(marked.chain(&collection.personal).cloned());
    if collection.array.as_ref().is_some_and(|array| personal.contains(array)) {
        personal.extend(evolution.after.columns().iter().map(|column| column.name.clone()));
    }
    personal.retain(|column| evolution.after.has(column));
    let is_personal = context.module.target.pii || !personal.is_empty();
    if table.is_some() && is_personal && collection.layouts.is_for_others_only(layout) {
        return Err(JobError::Personal { table: collection.table.to_string(), columns: list(&personal) });
    }
    // It quotes the values that did not fit.
    personal.extend(ColumnName::new(ERROR_DESC).ok().filter(|_| !personal.is_empty()));
    Ok((if table.is_some() { layout } else { collection.layouts.of(is_personal) }, personal))
}

impl Day<'_> {
    /// Decides in which folder the day goes, and notes columns that the file's own list of fields does not have.
    pub(super) fn route(&mut self, table: Option<&Table>, headers: &[Header], evolution: &Evolution) -> Result<(), JobError> {
        let (layout, personal) = route(self.run.context, self.collection, self.layout, table, headers, evolution)?;
        (self.layout, self.personal) = (layout, personal);
        self.note_unlisted(headers);
        Ok(())
    }

    fn note_unlisted(&mut self, headers: &[Header]) {
        // The list has the members of records, not those of the items in their arrays.
        if self.collection.is_child() {
            return;
        }
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

pub(super) fn list<'c>(columns: impl IntoIterator<Item = &'c ColumnName>) -> String {
    columns.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
