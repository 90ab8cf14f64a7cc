//! Unpublishing of a partition, and sending its readers back to earlier files. Neither touches a file.

use jiff::Timestamp;

use crate::catchup::RetiredPath;
use crate::metastore::{Parameters, Partition, PartitionValue};
use crate::store::spelled_like;

use super::publish::partition_parameters;
use super::sweep::Place;
use super::{Destination, LakeError, RowsOfFiles};

impl Destination<'_> {
    /// Drops a partition. Its files are retained like replaced ones, and readers can be sent back to them during that time.
    ///
    /// The caller must have set the fence, so that a run that slept past its lease can't publish the dropped partition.
    pub fn withdraw(&self, value: &PartitionValue, now: Timestamp) -> Result<(), LakeError> {
        if let Some(location) = self.current(value)? {
            self.ledger.retire(self.lease, &RetiredPath { location, at: now })?;
        }
        Ok(self.metastore.drop_partition(self.table, value, self.lease.token)?)
    }

    /// Returns the location of another tool's files of a partition that adg has replaced; the files may still exist.
    pub fn replaced_of_others(&self, value: &PartitionValue) -> Result<Option<String>, LakeError> {
        let notes = self.ledger.retired(&self.store.location(&self.layout.folder_of(value)))?;
        let is_theirs = |location: &String| matches!(self.place(location), Some((of, Place::Plain(_))) if of == *value);
        Ok(notes.into_iter().map(|note| note.location).find(is_theirs))
    }

    /// Sends readers of a partition back to `location` if the files there match `expected` or, if that is unknown, if all of them
    /// can be read. Returns the files found there, which are none if the table does not exist.
    pub fn send_back(
        &self,
        value: &PartitionValue,
        location: &str,
        expected: Option<&RowsOfFiles>,
        schema_fingerprint: Option<&str>,
        now: Timestamp,
    ) -> Result<SentBack, LakeError> {
        let Some(table) = self.registered()? else { return Ok(SentBack::Refused(RowsOfFiles::default())) };
        self.metastore.fence_off(self.table, self.lease.token)?;
        let current = self.current(value)?;
        let found = match self.store.key_at(location) {
            Some(folder) => RowsOfFiles::in_folder(self.store, &folder)?,
            None => RowsOfFiles::default(),
        };
        let is_whole = expected.map_or(found.files > 0 && found.damaged.is_empty(), |expected| *expected == found);
        if !is_whole {
            return Ok(SentBack::Refused(found));
        }
        if current.as_deref() != Some(location) {
            if let Some(current) = current {
                self.ledger.retire(self.lease, &RetiredPath { location: current, at: now })?;
            }
            let location_as_spelled = spelled_like(location, &table.location);
            let parameters = self.parameters_of(location, &found, schema_fingerprint);
            self.swing(Partition { value: value.clone(), location: location_as_spelled, parameters })?;
        }
        Ok(SentBack::Done(found))
    }

    fn parameters_of(&self, location: &str, found: &RowsOfFiles, schema_fingerprint: Option<&str>) -> Parameters {
        let run = self.place(location).and_then(|(_, place)| place.run());
        partition_parameters(found.rows, found.files, found.bytes, run, schema_fingerprint)
    }
}

/// Result of sending readers back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SentBack {
    /// Readers see these files.
    Done(RowsOfFiles),
    /// Refused: readers see the same files as before, since only these files are at the location.
    Refused(RowsOfFiles),
}
