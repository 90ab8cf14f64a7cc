//! Unpublishing of a date, and sending its readers back to earlier files. Neither touches a file.

use std::collections::BTreeMap;

use crate::metastore::{Partition, PartitionValue};
use crate::sink::{Extent, Reverted, Revision};
use crate::store::spelled_like;

use super::publish::{DateFiles, partition_parameters};
use super::sweep::Place;
use super::{HiveSink, LakeError, PublishedDate, RowsOfFiles};

impl HiveSink<'_> {
    /// Drops the partitions of a date. Its files are retained like replaced ones, and readers can be sent back to them during
    /// that time.
    ///
    /// The caller must have set the fence, so that a run that slept past its lease can't publish the dropped partition.
    ///
    /// # Errors
    /// The lease was lost, or a later run has set the fence; the table does not exist; the ledger or the metastore fails.
    pub fn unpublish(&self, value: &PartitionValue) -> Result<(), LakeError> {
        self.retire_all(value)?;
        if self.at.is_one_folder() {
            return self.send_to_nothing(value);
        }
        let published = self.at.published(value)?;
        for partition in published.iter().flat_map(PublishedDate::partitions) {
            self.at.metastore.drop_partition(self.at.table, &partition.value, self.lease.token)?;
        }
        Ok(())
    }

    /// Sends the readers of a table without partition columns to a folder without files.
    fn send_to_nothing(&self, value: &PartitionValue) -> Result<(), LakeError> {
        let Some(table) = self.at.registered()? else { return Ok(()) };
        let location = spelled_like(&self.at.store.location(&self.at.layout.nothing()), &table.location);
        let parameters = partition_parameters(Extent::default(), None, None);
        let nothing = Partition { value: value.clone(), location, parameters };
        Ok(self.at.metastore.publish(self.at.table, &[nothing], self.lease.token)?)
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
        let published = self.at.published(value)?;
        let files = match self.at.store.key_at(location) {
            Some(folder) => self.at.files_of_date(&folder)?,
            None => BTreeMap::new(),
        };
        let folders = files.iter().map(|(name, rows)| (name.clone(), rows.extent)).collect();
        let found = files.into_values().fold(RowsOfFiles::default(), RowsOfFiles::and);
        let is_whole = found.damaged.is_empty() && extent.map_or(found.extent.files > 0, |extent| extent == found.extent);
        if !is_whole {
            return Ok(Reverted::Refused(found.extent));
        }
        if !published.is_some_and(|date| date.is_whole() && date.location() == location) {
            for other in self.at.locations(value)?.into_iter().filter(|other| other != location) {
                self.retire(other)?;
            }
            let run = self.at.place(location).and_then(|(_, place)| place.run());
            let written = DateFiles { folders, run, schema_fingerprint: schema_fingerprint.as_deref() };
            self.swap(value, location, &table.location, &written)?;
        }
        Ok(Reverted::Done(found.extent))
    }
}
