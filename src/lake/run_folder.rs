//! Where one run writes one date.

use crate::identity::ProcessingDate;
use crate::metastore::PartitionValue;
use crate::store::{Store, Tags, Upload};

use super::sweep::Place;
use super::{Destination, LakeError};

/// The folder that one run writes a date to. No reader is sent there before the partition is swung to it; what a crash leaves in
/// it nothing points at, and the next attempt sweeps it.
pub struct RunFolder<'a> {
    store: &'a Store,
    path: String,
    tags: Tags,
}

impl<'a> Destination<'a> {
    /// The run's own folder for a date.
    pub fn run_folder(&self, date: ProcessingDate) -> Result<RunFolder<'a>, LakeError> {
        let path = self.folder_for(date, self.current(&PartitionValue::from(date))?);
        Ok(RunFolder { store: self.store, path, tags: self.tags() })
    }

    /// A hidden step below the partition's, where other files lie in that itself, or lately did.
    fn folder_for(&self, date: ProcessingDate, current: Option<String>) -> String {
        let beside = self.layout.attempt_beside(date, self.run);
        let hidden = self.store.location(beside.rsplit_once('/').map_or("", |(parent, _)| parent));
        match current {
            Some(location) if matches!(self.place(&location), Some((_, Place::Plain(_)))) || location.starts_with(&hidden) => {
                beside
            }
            _ => self.layout.attempt(date, self.run),
        }
    }
}

impl RunFolder<'_> {
    /// The store that it is in.
    #[cfg(feature = "spark")]
    pub(super) fn store(&self) -> &Store {
        self.store
    }

    /// What its files are tagged with.
    #[cfg(feature = "spark")]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Its address.
    pub fn location(&self) -> String {
        self.store.location(&self.path)
    }

    /// The key of a file in it.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// Begins a file.
    pub(super) fn begin(&self, name: &str) -> Upload {
        self.store.upload(&self.key(name), &self.tags)
    }

    /// Removes all that was written, which is not to be published. What can't be removed now is swept by the next attempt.
    pub fn give_up(&self) {
        if let Err(error) = self.store.delete_folder(&self.path) {
            tracing::warn!(event = "not_removed", folder = self.path, %error);
        }
    }
}
