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

    /// Whether the files in a folder, and below it, have readers, which is then said.
    ///
    /// # Errors
    /// The metastore can't say it: then the files are to be kept.
    pub(super) fn are_at(&self, location: &str) -> Result<bool, LakeError> {
        self.find(location, |one| is_within(one, location))
    }

    /// The same of the files that lie directly in a folder, below which adg may have its own.
    pub(super) fn are_directly_at(&self, location: &str) -> Result<bool, LakeError> {
        self.find(location, |one| one == location)
    }

    fn find(&self, location: &str, is_read: impl Fn(&str) -> bool) -> Result<bool, LakeError> {
        let folder = self.at.store.location(self.at.layout.table());
        let found = match self.found.get() {
            Some(found) => found,
            None => {
                let asked = self.at.metastore.registered_below(&folder)?;
                self.found.get_or_init(|| asked)
            }
        };
        // A table without partitions that lies above reads all that is below it.
        let reader = found.iter().find(|one| is_read(&one.location) || is_within(&folder, &one.location));
        let Some(reader) = reader else { return Ok(false) };
        tracing::warn!(
            event = "files_kept",
            location,
            table = reader.table,
            "kept files that are to be swept, since a registered table points at them"
        );
        Ok(true)
    }
}

fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
