//! Readers of a folder: those of any table of the metastore, whoever made it. A table that was renamed, or copied by hand, points at
//! files of the table that adg writes.

use std::cell::OnceCell;

use crate::metastore::Registered;

use super::{LakeError, TablePlace};

/// The tables whose readers are sent to files below a table's folder. The metastore is asked with the first question, since it
/// has to look at every table for the answer.
pub(super) struct Readers<'a> {
    at: &'a TablePlace<'a>,
    found: OnceCell<Vec<Registered>>,
}

impl<'a> Readers<'a> {
    pub(super) fn of(at: &'a TablePlace<'a>) -> Self {
        Self { at, found: OnceCell::new() }
    }

    /// Whether the files at a location have readers, which is then said.
    ///
    /// # Errors
    /// The metastore can't say it: then the files are to be kept.
    pub(super) fn are_at(&self, location: &str) -> Result<bool, LakeError> {
        let found = match self.found.get() {
            Some(found) => found,
            None => {
                let folder = self.at.store.location(self.at.layout.table());
                let asked = self.at.metastore.registered_below(&folder)?;
                self.found.get_or_init(|| asked)
            }
        };
        let below =
            |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // A table without partitions that lies above reads all that is below it.
        let folder = self.at.store.location(self.at.layout.table());
        let is_read = |one: &&Registered| below(&one.location, location) || below(&folder, &one.location);
        let Some(reader) = found.iter().find(is_read) else { return Ok(false) };
        tracing::warn!(
            event = "files_kept",
            location,
            table = reader.table,
            "kept files that are to be swept, since a registered table points at them"
        );
        Ok(true)
    }
}
