//! Readers of a folder, from any table of the metastore, whoever created it. A table that was renamed, or copied by hand, points
//! at files of the table that adg writes.

use std::cell::OnceCell;

use crate::metastore::Registered;

use super::{LakeError, TableHandle};

/// The registered tables that point at files below a table's folder. The metastore is asked on first use only, since it has to
/// look at every table for the answer.
pub(super) struct Readers<'a> {
    at: &'a TableHandle<'a>,
    found: OnceCell<Vec<Registered>>,
}

impl<'a> Readers<'a> {
    pub(super) fn of(at: &'a TableHandle<'a>) -> Self {
        Self { at, found: OnceCell::new() }
    }

    /// Returns true, and logs a warning, if a registered table points at files in or below a folder.
    ///
    /// # Errors
    /// The metastore can't answer: then the files must be kept.
    pub(super) fn are_at(&self, location: &str) -> Result<bool, LakeError> {
        self.find(location, |one| is_within(one, location))
    }

    /// Returns true, and logs a warning, if a registered table points at the folder itself; adg's own files may lie below it.
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
