//! Unpublishing of a partition, and sending its readers back to earlier files. Neither touches a file.

use crate::metastore::{Partition, PartitionValue};
use crate::sink::{Extent, Reverted, Revision};
use crate::store::spelled_like;

use super::publish::partition_parameters;
use super::sweep::Place;
use super::{HiveSink, LakeError, RowsOfFiles};

impl HiveSink<'_> {
    /// Drops a partition. Its files are retained like replaced ones, and readers can be sent back to them during that time.
    ///
    /// The caller must have set the fence, so that a run that slept past its lease can't publish the dropped partition.
    ///
    /// # Errors
    /// The lease was lost, or a later run has set the fence; the table does not exist; the ledger or the metastore fails.
    pub fn unpublish(&self, value: &PartitionValue) -> Result<(), LakeError> {
        if let Some(location) = self.at.current(value)? {
            self.retire(location)?;
        }
        Ok(self.at.metastore.drop_partition(self.at.table, value, self.lease.token)?)
    }

    /// Returns the location of another tool's files of a partition that adg has replaced; the files may still exist.
    ///
    /// # Errors
    /// The ledger can't be read.
    pub fn replaced_of_others(&self, value: &PartitionValue) -> Result<Option<String>, LakeError> {
        let notes = self.ledger.retired(&self.at.store.location(&self.at.layout.folder_of(value)))?;
        let is_theirs = |location: &String| matches!(self.at.place(location), Some((of, Place::Plain(_))) if of == *value);
        Ok(notes.into_iter().map(|note| note.location).find(is_theirs))
    }

    /// Sends readers of a partition back to a revision if the files there match its extent or, if that is unknown, if all of them
    /// can be read. If the table does not exist, nothing is left of the revision.
    pub(super) fn send_back(&self, value: &PartitionValue, revision: &Revision) -> Result<Reverted, LakeError> {
        let Revision { location, extent, schema_fingerprint } = revision;
        let Some(table) = self.at.registered()? else { return Ok(Reverted::Refused(Extent::default())) };
        self.at.metastore.fence_off(self.at.table, self.lease.token)?;
        let current = self.at.current(value)?;
        let found = match self.at.store.key_at(location) {
            Some(folder) => RowsOfFiles::in_folder(self.at.store, &folder)?,
            None => RowsOfFiles::default(),
        };
        let is_whole = found.damaged.is_empty() && extent.map_or(found.files > 0, |extent| extent == found.extent());
        if !is_whole {
            return Ok(Reverted::Refused(found.extent()));
        }
        if current.as_deref() != Some(location) {
            if let Some(current) = current {
                self.retire(current)?;
            }
            let location_as_spelled = spelled_like(location, &table.location);
            let run = self.at.place(location).and_then(|(_, place)| place.run());
            let parameters = partition_parameters(found.extent(), run, schema_fingerprint.as_deref());
            self.swap(Partition { value: value.clone(), location: location_as_spelled, parameters })?;
        }
        Ok(Reverted::Done(found.extent()))
    }
}
