//! Where one run writes one date.

#[cfg(feature = "spark")]
use std::time::{Duration, Instant};

use crate::identity::{Causes, ProcessingDate};
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
            tracing::warn!(
                event = "cleanup_failed", formerly = "not_removed", folder = self.path, error = %Causes(&error),
                "could not delete unpublished files; the next attempt deletes them"
            );
        }
    }

    /// Removes what others write here who were told to end it, until nothing has come for so long as `quiet`, or for so long as `most`
    /// altogether.
    #[cfg(feature = "spark")]
    pub fn give_up_until_quiet(&self, quiet: Duration, most: Duration) {
        let (begun, mut last) = (Instant::now(), Instant::now());
        while last.elapsed() < quiet && begun.elapsed() < most {
            // What can't be listed can't be removed, which is then said.
            if !self.store.list(&self.path).is_ok_and(|found| found.is_empty()) {
                self.give_up();
                last = Instant::now();
            }
            std::thread::sleep(quiet / 10);
        }
    }
}

#[cfg(all(test, feature = "spark"))]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_is_removed_too_as_long_as_it_comes_soon() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::folder("published", place.path().to_owned(), true).unwrap();
        let folder = RunFolder { store: &store, path: "table/run".into(), tags: Tags::default() };
        let late = |after: u64| {
            let file = place.path().join(format!("table/run/_temporary/{after}"));
            std::thread::sleep(Duration::from_millis(after));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "x").unwrap();
        };
        std::thread::scope(|scope| {
            for after in [0, 400, 1200] {
                scope.spawn(move || late(after));
            }
            folder.give_up_until_quiet(Duration::from_secs(1), Duration::from_secs(60));
        });
        assert!(store.list("table").unwrap().is_empty());
        std::thread::scope(|scope| {
            for after in [0, 400] {
                scope.spawn(move || late(after));
            }
            folder.give_up_until_quiet(Duration::from_secs(1), Duration::from_millis(200));
        });
        assert_eq!(store.list("table").unwrap().len(), 1);
    }
}
