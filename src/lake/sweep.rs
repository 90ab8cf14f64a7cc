//! Removing what no reader is sent to any more.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::catchup::Superseded;
use crate::identity::{ProcessingDate, RunId};
use crate::metastore::PartitionValue;

use super::{Destination, LakeError, TableLayout};

impl Destination<'_> {
    /// Removes what earlier runs left of a date and never published, at once: no reader was ever sent there. What was replaced
    /// is left to [`sweep_replaced`](Self::sweep_replaced), what no run of adg wrote is left alone, and so is what a later run
    /// writes. Gives the number of folders removed.
    ///
    /// Where one who slept between the look at the fence and the publish may still send readers there, it has the grace of what
    /// was replaced: should it wake, they find old rows, and not none.
    pub fn sweep_unpublished(&self, date: ProcessingDate, now: Timestamp) -> Result<usize, LakeError> {
        let current = self.current(&PartitionValue::from(date))?;
        let partition = self.layout.partition(date);
        let replaced = self.ledger.superseded(&self.store.location(&partition))?;
        let is_known =
            |location: &str| current.as_deref() == Some(location) || replaced.iter().any(|note| note.location == location);
        let mut removed = 0;
        for folder in self.folders_of_earlier_runs(&partition)? {
            let location = self.store.location(&folder);
            if is_known(&location) {
                continue;
            }
            if self.metastore.fences_in_one_step() {
                self.store.delete_folder(&folder)?;
                removed += 1;
            } else {
                self.ledger.note_superseded(self.lease, &Superseded { location, at: now })?;
            }
        }
        // Quarantined records belong to the attempt that is published; those of earlier ones were replaced with it.
        Ok(removed + self.sweep_runs(&self.layout.quarantine(date))?)
    }

    /// Removes all that earlier runs wrote into the table's folders. What others wrote there stays, and so does what a later run
    /// writes, should this one have slept past its lease. Gives the number of folders removed.
    pub fn sweep_all(&self) -> Result<usize, LakeError> {
        let mut removed = 0;
        for parent in [self.layout.table().to_owned(), self.layout.quarantined()] {
            for name in self.store.folders(&parent)? {
                if self.layout.is_partition(&name) {
                    removed += self.sweep_runs(&format!("{parent}/{name}"))?;
                }
            }
        }
        Ok(removed)
    }

    /// Removes the folders of earlier runs in `folder`.
    fn sweep_runs(&self, folder: &str) -> Result<usize, LakeError> {
        let folders = self.folders_of_earlier_runs(folder)?;
        folders.iter().try_for_each(|run| self.store.delete_folder(run))?;
        Ok(folders.len())
    }

    fn folders_of_earlier_runs(&self, folder: &str) -> Result<Vec<String>, LakeError> {
        let is_earlier = |name: &String| RunId::from_str(name).is_ok_and(|id| id < self.run);
        let mut found = Vec::new();
        for parent in TableLayout::parents_of_runs(folder) {
            let names = self.store.folders(&parent)?.into_iter().filter(is_earlier);
            found.extend(names.map(|name| format!("{parent}/{name}")));
        }
        Ok(found)
    }

    /// Removes what was replaced longer than `grace` ago, on whichever date. Gives the number of folders removed.
    pub fn sweep_replaced(&self, grace: SignedDuration, now: Timestamp) -> Result<usize, LakeError> {
        let mut removed = 0;
        for note in self.ledger.superseded(&self.store.location(self.layout.table()))? {
            if note.at.checked_add(grace).is_ok_and(|due| now < due) {
                continue;
            }
            let Some((value, place)) = self.place(&note.location) else { continue };
            // The note is written before the swing: where that did not happen, readers are still sent there.
            if self.current(&value)?.as_ref() != Some(&note.location) {
                // Readers were sent there until the swing, and the note before it is as late as that. The one at hand may be of
                // somebody who died before swinging, read before another did.
                if !self.ledger.superseded(&note.location)?.contains(&note) {
                    continue;
                }
                match place {
                    Place::Run(folder) => self.store.delete_folder(&folder)?,
                    Place::Plain(folder) => self.delete_files_in(&folder, note.at)?,
                }
                removed += 1;
            }
            self.ledger.forget_superseded(self.lease, &note.location)?;
        }
        Ok(removed)
    }

    /// Deletes what lies directly in a folder, where it is not newer than `at`: the folders of runs lie in it too, and whoever
    /// writes there later is not adg.
    fn delete_files_in(&self, folder: &str, at: Timestamp) -> Result<(), LakeError> {
        let is_direct =
            |key: &str| key.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| !rest.contains('/'));
        let objects = self.store.list(folder)?.into_iter();
        let old = objects.filter(|object| is_direct(&object.key) && object.modified <= at).map(|object| object.key);
        Ok(self.store.delete(&old.collect::<Vec<_>>())?)
    }

    /// The partition at a location, and what lies there; none where it lies outside the table's partitions.
    pub(super) fn place(&self, location: &str) -> Option<(PartitionValue, Place)> {
        let folder = self.store.key_at(location)?;
        let below = folder.strip_prefix(self.layout.table())?.strip_prefix('/')?;
        let (partition, run) = match below.split_once('/') {
            Some((partition, run)) => (partition, Some(run)),
            None => (below, None),
        };
        let value = partition.strip_prefix(self.layout.partition_by().as_str())?.strip_prefix('=')?;
        let value = PartitionValue(value.to_owned());
        match run {
            Some(run) => TableLayout::run_in(run).map(|_| (value, Place::Run(folder))),
            None => Some((value, Place::Plain(folder))),
        }
    }
}

/// What lies at a location that was replaced.
pub(super) enum Place {
    /// A run's own folder.
    Run(String),
    /// The files that another tool wrote into the partition's folder itself, in the way of Hive and Spark.
    Plain(String),
}
