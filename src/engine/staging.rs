//! Staging folders for copies of files that a cluster can't read in place.

use crate::config::StagedFiles;
use crate::identity::{CollectionName, ModuleName, ProcessingDate, RunId};
use crate::store::{Store, StoreError};

/// Top folder of all copies: the store may also hold the tables.
pub const STAGING: &str = "adg-staging";

/// A store for staged files, and the choice of files to stage.
#[cfg_attr(not(feature = "spark"), expect(dead_code, reason = "only a cluster's files are staged"))]
pub struct Staging {
    pub(super) store: Store,
    pub(super) files: StagedFiles,
}

impl Staging {
    /// Creates a staging area in `store`.
    pub fn new(store: Store, files: StagedFiles) -> Self {
        Self { store, files }
    }

    /// Returns the folder for a collection's day.
    pub fn folder(
        &self,
        module: &ModuleName,
        collection: &CollectionName,
        date: ProcessingDate,
        run: RunId,
    ) -> StagingFolder<'_> {
        StagingFolder { staging: self, day: format!("{STAGING}/{module}/{collection}/{date}"), run }
    }
}

/// The folder of a collection's day in which each run stages files in a subfolder of its own.
pub struct StagingFolder<'s> {
    pub(super) staging: &'s Staging,
    day: String,
    run: RunId,
}

impl StagingFolder<'_> {
    /// Returns the run's own folder.
    #[cfg(feature = "spark")]
    pub(super) fn own(&self) -> String {
        format!("{}/{}", self.day, self.run)
    }

    /// Deletes leftovers of earlier runs at the day, which are dead.
    ///
    /// # Errors
    /// The store fails.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let store = &self.staging.store;
        store.earlier_runs(&self.day, self.run)?.iter().try_for_each(|left| store.delete_folder(&left.folder))
    }
}
