//! Removing what no reader is sent to any more.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Lease, Ledger};
use crate::identity::{ProcessingDate, RunId};
use crate::metastore::{Metastore, PartitionValue, TableName};
use crate::store::Store;

use super::{LakeError, TableLayout};

/// A table, and what is needed to sweep it.
pub struct Sweeper<'a> {
    /// Where its files are.
    pub store: &'a Store,
    /// Which says what readers are sent to.
    pub metastore: &'a dyn Metastore,
    /// Which knows what was replaced, and when.
    pub ledger: &'a dyn Ledger,
    /// The right to do so.
    pub lease: &'a Lease,
    /// The table.
    pub table: &'a TableName,
    /// Its folders.
    pub layout: &'a TableLayout,
}

impl Sweeper<'_> {
    /// Removes a date's attempts that were never published, at once: no reader was ever sent there. What was replaced is left
    /// to [`replaced`](Self::replaced), and what no run of adg wrote is left alone. Gives the number of folders removed.
    pub fn unpublished(&self, date: ProcessingDate) -> Result<usize, LakeError> {
        let current = self.current(&PartitionValue::from(date))?;
        let partition = self.layout.partition(date);
        let replaced = self.ledger.superseded(&self.store.location(&partition))?;
        let mut removed = 0;
        for run in self.store.folders(&partition)? {
            let folder = format!("{partition}/{run}");
            let location = self.store.location(&folder);
            let known = current.as_ref() == Some(&location) || replaced.iter().any(|note| note.location == location);
            if !known && RunId::from_str(&run).is_ok() {
                self.store.delete_folder(&folder)?;
                removed += 1;
            }
        }
        self.stale_quarantine(date, current.as_deref())?;
        Ok(removed)
    }

    /// Removes what was replaced longer than `grace` ago, on whichever date. Gives the number of folders removed.
    pub fn replaced(&self, grace: SignedDuration, now: Timestamp) -> Result<usize, LakeError> {
        let mut removed = 0;
        for note in self.ledger.superseded(&self.store.location(self.layout.table()))? {
            if now < note.at + grace {
                continue;
            }
            let Some((value, folder)) = self.place(&note.location) else { continue };
            // The note is written before the swing: where that did not happen, readers are still sent there.
            if self.current(&value)?.as_ref() != Some(&note.location) {
                self.store.delete_folder(folder)?;
                removed += 1;
            }
            self.ledger.forget_superseded(self.lease, &note.location)?;
        }
        Ok(removed)
    }

    fn current(&self, value: &PartitionValue) -> Result<Option<String>, LakeError> {
        Ok(self.metastore.partition(self.table, value)?.map(|partition| partition.location))
    }

    /// The partition of an attempt's location, and its folder in the store; none where no run of adg wrote it.
    fn place<'l>(&self, location: &'l str) -> Option<(PartitionValue, &'l str)> {
        let folder = self.store.key_at(location)?;
        let below = folder.strip_prefix(self.layout.table())?.strip_prefix('/')?;
        let (partition, run) = below.split_once('/')?;
        let value = partition.strip_prefix(self.layout.partition_by().as_str())?.strip_prefix('=')?;
        RunId::from_str(run).ok().map(|_| (PartitionValue(value.to_owned()), folder))
    }

    /// Quarantined records belong to the attempt that is published; those of earlier ones were replaced with it.
    fn stale_quarantine(&self, date: ProcessingDate, current: Option<&str>) -> Result<(), LakeError> {
        let Some(run) = current.and_then(|location| location.rsplit('/').next()) else { return Ok(()) };
        let published = format!("/{run}.jsonl");
        let objects = self.store.list(&self.layout.quarantine(date))?;
        let stale: Vec<String> = objects.into_iter().map(|object| object.key).filter(|key| !key.ends_with(&published)).collect();
        Ok(self.store.delete(&stale)?)
    }
}
