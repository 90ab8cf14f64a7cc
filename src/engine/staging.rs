//! Where files are copied that a cluster can't read as they lie.

use crate::config::StagedFiles;
use crate::identity::{CollectionName, ModuleName, ProcessingDate, RunId};
use crate::store::{Store, StoreError};

/// Below which all of it lies: the store may be that of the tables.
pub const STAGING: &str = "adg-staging";

/// Where files are staged, and which.
#[cfg_attr(not(feature = "spark"), expect(dead_code, reason = "only a cluster's files are staged"))]
pub struct Staging {
    pub(super) store: Store,
    pub(super) files: StagedFiles,
}

impl Staging {
    /// A place for copies in `store`.
    pub fn new(store: Store, files: StagedFiles) -> Self {
        Self { store, files }
    }

    /// The folder for a collection's day.
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

/// Where a run stages the files of a collection's day, which is the run's alone.
pub struct StagingFolder<'s> {
    pub(super) staging: &'s Staging,
    day: String,
    run: RunId,
}

impl StagingFolder<'_> {
    /// The run's own.
    #[cfg(feature = "spark")]
    pub(super) fn own(&self) -> String {
        format!("{}/{}", self.day, self.run)
    }

    /// Removes what earlier runs left at the day, who are dead.
    ///
    /// # Errors
    /// The store refuses it.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let store = &self.staging.store;
        store.earlier_runs(&self.day, self.run)?.iter().try_for_each(|left| store.delete_folder(&left.folder))
    }
}
