//! Sweeping of files that no reader is sent to any more.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Attempt, Seen, Slice, Status, Unit};
use crate::identity::RunId;
use crate::metastore::PartitionValue;
use crate::store::EarlierRun;

use super::readers::Readers;
use super::{HiveSink, LakeError, TableHandle, TableLayout};

impl HiveSink<'_> {
    /// Deletes leftovers of earlier runs at a slice that were never published, at once: no reader was ever sent there. Replaced
    /// files are left to [`expire`](crate::sink::TableSink::expire); files that no run of adg wrote, and files of a later run,
    /// are left alone. Returns the number of folders deleted.
    ///
    /// If a run that slept between the fence check and the publish may still send readers to a folder, the folder is retained
    /// like a replaced one: should that run wake, its readers find old rows rather than none.
    ///
    /// A folder that any registered table points at is kept. So is a folder that the ledger knows as published but the metastore
    /// no longer registers: once it is replaced, it is retained like any other.
    ///
    /// # Errors
    /// The table has no such slices; the lease was lost; the ledger, the metastore or the store fails. Some folders may be
    /// deleted by then.
    pub fn sweep_unpublished(&self, slice: &Slice) -> Result<usize, LakeError> {
        self.sweep_unpublished_of(&self.value_of(slice)?, &Readers::of(&self.at))
    }

    /// Does the same for every partition in the table's folder, published or not. Returns the number of folders deleted.
    ///
    /// # Errors
    /// Those of [`sweep_unpublished`](Self::sweep_unpublished).
    pub fn sweep_all_unpublished(&self) -> Result<usize, LakeError> {
        let mut values = self.partitions_in(self.at.layout.table())?;
        values.extend(self.partitions_in(&self.at.layout.quarantined())?);
        let readers = Readers::of(&self.at);
        values.iter().map(|value| self.sweep_unpublished_of(value, &readers)).sum()
    }

    /// Returns the partitions that have a folder in that one.
    fn partitions_in(&self, folder: &str) -> Result<BTreeSet<PartitionValue>, LakeError> {
        let mut paths = self.at.store.folders(folder)?;
        for _ in 1..self.at.layout.depth() {
            let mut deeper = Vec::new();
            for path in paths {
                let found = self.at.store.folders(&format!("{folder}/{path}"))?;
                deeper.extend(found.into_iter().map(|name| format!("{path}/{name}")));
            }
            paths = deeper;
        }
        Ok(paths.iter().filter_map(|path| Some(self.at.layout.value_of(path)?.0)).collect())
    }

    fn sweep_unpublished_of(&self, value: &PartitionValue, readers: &Readers<'_>) -> Result<usize, LakeError> {
        let partition = self.at.layout.folder_of(value);
        let current = self.at.locations(value)?;
        let replaced = self.ledger.retired(&self.at.store.location(&partition))?.into_iter().map(|note| note.location);
        let mut known: Vec<String> = current.iter().cloned().chain(replaced).collect();
        let mut removed = 0;
        for run in self.earlier_runs(&TableLayout::parents_of_runs(&partition))? {
            let location = self.at.store.location(&run.folder);
            if known.contains(&location) {
                continue;
            }
            if readers.are_at(&location)? || (current.is_empty() && self.is_published_by_ledger(value, &location)?) {
                known.push(location);
            } else if self.at.metastore.fences_in_one_step() && !self.was_published(value, &location)? {
                self.at.store.delete_folder(&run.folder)?;
                removed += 1;
            } else {
                self.retire(location.clone())?;
                known.push(location);
            }
        }
        Ok(removed + self.sweep_quarantine(value, &known)?)
    }

    /// Returns the attempts at a partition, oldest first; none if its value is that of no slice.
    fn attempts_at(&self, value: &PartitionValue) -> Result<Vec<Attempt>, LakeError> {
        let Some(slice) = self.at.layout.keys().slice_of(value) else { return Ok(Vec::new()) };
        Ok(self.ledger.attempts(&Unit::new(self.at.module.clone(), self.at.table.table.clone(), slice))?)
    }

    /// Returns true, and logs a warning, if the ledger says that readers see the files at a location. It is called for partitions
    /// that the metastore does not register.
    fn is_published_by_ledger(&self, value: &PartitionValue, location: &str) -> Result<bool, LakeError> {
        let attempts = self.attempts_at(value)?;
        let is_seen = Seen::after(&attempts).rows().is_some_and(|attempt| attempt.location.as_deref() == Some(location));
        if is_seen {
            tracing::warn!(
                event = "partition_unregistered", formerly = "partition_forgotten", table = %self.at.table, %value, location,
                "kept files that the ledger knows as published, though the metastore has no partition for them"
            );
        }
        Ok(is_seen)
    }

    /// Returns true if readers were ever sent to a location, by the ledger.
    fn was_published(&self, value: &PartitionValue, location: &str) -> Result<bool, LakeError> {
        let is_there = |attempt: &Attempt| attempt.status == Status::Completed && attempt.location.as_deref() == Some(location);
        Ok(self.attempts_at(value)?.iter().any(is_there))
    }

    /// Deletes quarantined records of runs whose rows are at none of the `known` locations. Returns the number of folders
    /// deleted.
    fn sweep_quarantine(&self, value: &PartitionValue, known: &[String]) -> Result<usize, LakeError> {
        let known: Vec<RunId> = known.iter().filter_map(|location| self.at.place(location)?.1.run()).collect();
        let mut removed = 0;
        for run in self.earlier_runs(&[self.at.layout.quarantine_folder(value)])? {
            if !known.contains(&run.id) {
                self.at.store.delete_folder(&run.folder)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Returns the folders of earlier runs.
    fn earlier_runs(&self, parents: &[String]) -> Result<Vec<EarlierRun>, LakeError> {
        let mut found = Vec::new();
        for parent in parents {
            found.extend(self.at.store.earlier_runs(parent, self.run)?);
        }
        Ok(found)
    }

    /// Deletes the files of any date that were replaced longer than `retention` ago. Returns the number of folders deleted.
    pub(super) fn sweep_replaced(&self, retention: SignedDuration) -> Result<usize, LakeError> {
        let (mut removed, readers, now) = (0, Readers::of(&self.at), self.clock.now());
        for note in self.ledger.retired(&self.at.store.location(self.at.layout.table()))? {
            if note.at.checked_add(retention).is_ok_and(|due| now < due) {
                continue;
            }
            let Some((value, place)) = self.at.place(&note.location) else { continue };
            let current = self.at.locations(&value)?;
            // A run that died before the swap left the note, and another tool dropped the partition since: the rows are done.
            if current.is_empty() && self.is_published_by_ledger(&value, &note.location)? {
                continue;
            }
            // The note is written before the swap: where that did not happen, readers are still sent there.
            if !current.contains(&note.location) {
                // Readers were sent there until the swap, and the note before it is as late as that. The one at hand may be of
                // somebody who died before swapping, read before another did.
                if !self.ledger.retired(&note.location)?.contains(&note) {
                    continue;
                }
                let has_readers = match place {
                    Place::Run(..) => readers.are_at(&note.location)?,
                    Place::Plain(_) => readers.are_directly_at(&note.location)?,
                };
                if has_readers {
                    continue;
                }
                match place {
                    Place::Run(run, folder) => {
                        self.at.store.delete_folder(&folder)?;
                        self.at.store.delete_folder(&self.at.layout.quarantine_of(&value, run))?;
                    }
                    Place::Plain(folder) => self.delete_files_in(&folder, note.at)?,
                }
                removed += 1;
            }
            self.ledger.forget_retired(self.lease, &note.location)?;
        }
        Ok(removed)
    }

    /// Deletes the files directly in a folder that are not newer than `at`. The folders of runs lie in it too, and files written
    /// there later are not adg's.
    fn delete_files_in(&self, folder: &str, at: Timestamp) -> Result<(), LakeError> {
        let is_direct =
            |key: &str| key.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| !rest.contains('/'));
        let objects = self.at.store.list(folder)?.into_iter();
        let old = objects.filter(|object| is_direct(&object.key) && object.modified <= at).map(|object| object.key);
        Ok(self.at.store.delete(&old.collect::<Vec<_>>())?)
    }
}

impl TableHandle<'_> {
    /// Returns the partition of a location and the kind of files there; none if it lies outside the table's partitions.
    pub(super) fn place(&self, location: &str) -> Option<(PartitionValue, Place)> {
        let folder = self.store.key_at(location)?;
        if self.layout.keys().is_whole() && folder == self.layout.table() {
            return Some((PartitionValue::default(), Place::Plain(folder)));
        }
        let below = folder.strip_prefix(self.layout.table())?.strip_prefix('/')?;
        let (value, run) = self.layout.value_of(below)?;
        match run {
            Some(run) => TableLayout::run_in(run).map(|id| (value, Place::Run(id, folder))),
            None => Some((value, Place::Plain(folder))),
        }
    }
}

/// Kind of files at a location that readers are, or were, sent to.
pub(super) enum Place {
    /// A run's own folder.
    Run(RunId, String),
    /// Files that another tool wrote directly into the partition's folder, as Hive and Spark do.
    Plain(String),
}

impl Place {
    /// Returns the run whose folder it is.
    pub(super) fn run(&self) -> Option<RunId> {
        match self {
            Self::Run(run, _) => Some(*run),
            Self::Plain(_) => None,
        }
    }
}
