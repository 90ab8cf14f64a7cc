//! Removing what no reader is sent to any more.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::identity::{ProcessingDate, RunId};
use crate::metastore::PartitionValue;

use super::{Destination, LakeError};

impl Destination<'_> {
    /// Removes what earlier runs left of a date and never published, at once: no reader was ever sent there. What was replaced
    /// is left to [`sweep_replaced`](Self::sweep_replaced), what no run of adg wrote is left alone, and so is what a later run
    /// writes. Gives the number of folders removed.
    pub fn sweep_unpublished(&self, date: ProcessingDate) -> Result<usize, LakeError> {
        let current = self.current(&PartitionValue::from(date))?;
        let partition = self.layout.partition(date);
        let replaced = self.ledger.superseded(&self.store.location(&partition))?;
        let removed = self.sweep_runs(&partition, |location| {
            current.as_deref() == Some(location) || replaced.iter().any(|note| note.location == location)
        })?;
        // Quarantined records belong to the attempt that is published; those of earlier ones were replaced with it.
        Ok(removed + self.sweep_runs(&self.layout.quarantine(date), |_| false)?)
    }

    /// Removes all that earlier runs wrote into the table's folders. What others wrote there stays, and so does what a later run
    /// writes, should this one have slept past its lease. Gives the number of folders removed.
    pub fn sweep_all(&self) -> Result<usize, LakeError> {
        let mut removed = 0;
        for parent in [self.layout.table().to_owned(), self.layout.quarantined()] {
            for name in self.store.folders(&parent)? {
                if self.layout.is_partition(&name) {
                    removed += self.sweep_runs(&format!("{parent}/{name}"), |_| false)?;
                }
            }
        }
        Ok(removed)
    }

    /// Removes the folders of earlier runs in `folder`, beside those to keep.
    fn sweep_runs(&self, folder: &str, keep: impl Fn(&str) -> bool) -> Result<usize, LakeError> {
        let mut removed = 0;
        for name in self.store.folders(folder)? {
            let run = format!("{folder}/{name}");
            let is_earlier = RunId::from_str(&name).is_ok_and(|id| id < self.run);
            if is_earlier && !keep(&self.store.location(&run)) {
                self.store.delete_folder(&run)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes what was replaced longer than `grace` ago, on whichever date. Gives the number of folders removed.
    pub fn sweep_replaced(&self, grace: SignedDuration, now: Timestamp) -> Result<usize, LakeError> {
        let mut removed = 0;
        for note in self.ledger.superseded(&self.store.location(self.layout.table()))? {
            if note.at.checked_add(grace).is_ok_and(|due| now < due) {
                continue;
            }
            let Some((value, folder)) = self.place(&note.location) else { continue };
            // The note is written before the swing: where that did not happen, readers are still sent there.
            if self.current(&value)?.as_ref() != Some(&note.location) {
                self.store.delete_folder(&folder)?;
                removed += 1;
            }
            self.ledger.forget_superseded(self.lease, &note.location)?;
        }
        Ok(removed)
    }

    /// The partition of an attempt's location, and its folder in the store; none where no run of adg wrote it.
    fn place(&self, location: &str) -> Option<(PartitionValue, String)> {
        let folder = self.store.key_at(location)?;
        let below = folder.strip_prefix(self.layout.table())?.strip_prefix('/')?;
        let (partition, run) = below.split_once('/')?;
        let value = partition.strip_prefix(self.layout.partition_by().as_str())?.strip_prefix('=')?;
        RunId::from_str(run).ok()?;
        Some((PartitionValue(value.to_owned()), folder.clone()))
    }
}
