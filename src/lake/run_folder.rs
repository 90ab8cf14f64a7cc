//! The folder that one run writes a date to.

#[cfg(feature = "spark")]
use std::time::{Duration, Instant};

use crate::identity::Causes;
use crate::store::{Store, Tags, Upload};

/// The folder that one run writes a date to. No reader is sent there before the partition is swapped to it. Nothing points at
/// leftovers of a crash, and the next attempt sweeps them.
#[derive(Clone)]
pub struct RunFolder<'a> {
    store: &'a Store,
    path: String,
    tags: Tags,
}

impl<'a> RunFolder<'a> {
    /// Returns a folder of the store. Nothing is written yet.
    pub(super) fn new(store: &'a Store, path: String, tags: Tags) -> Self {
        Self { store, path, tags }
    }
}

impl RunFolder<'_> {
    /// Returns the store of the folder.
    #[cfg(feature = "spark")]
    pub(super) fn store(&self) -> &Store {
        self.store
    }

    /// Returns the tags of its files.
    #[cfg(feature = "spark")]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Returns its location.
    pub fn location(&self) -> String {
        self.store.location(&self.path)
    }

    /// Returns the key of a file in it.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// Starts the upload of a file.
    pub(super) fn begin(&self, name: &str) -> Upload {
        self.store.upload(&self.key(name), &self.tags)
    }

    /// Deletes all files of the run, which will not be published. The next attempt sweeps files that can't be deleted now.
    pub fn give_up(&self) {
        if let Err(error) = self.store.delete_folder(&self.path) {
            tracing::warn!(
                event = "cleanup_failed", formerly = "not_removed", folder = self.path, error = %Causes(&error),
                "could not delete unpublished files; the next attempt deletes them"
            );
        }
    }

    /// Deletes files that tasks of an interrupted engine still write here, until no new file appears for `quiet`, or for at most
    /// `most` in total.
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
            folder.give_up_until_quiet(Duration::from_secs(1), Duration::from_mins(1));
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
