//! The files that a slice has, as its last publish left them or meant to leave them.

use std::collections::BTreeSet;

use crate::metastore::Partition;
use crate::store::{ObjectInfo, normal_location};

use super::parameters::{PARTITION_SCHEMA, RUN};
use super::parquet::files_in_folder;
use super::{LakeError, PublishedDate, TableHandle};

/// Files of one partition.
pub(super) struct CurrentFiles {
    /// Name of the partition's folder in that of a run, with a slash at its end; or nothing.
    pub(super) below: String,
    /// Fingerprint of the table's columns when they were written, if it is known.
    pub(super) schema: Option<String>,
    pub(super) files: Vec<ObjectInfo>,
}

impl TableHandle<'_> {
    /// Returns the files of a slice. Where a publish of several partitions was interrupted, they are those of its attempt, whose
    /// folder was whole before the first partition was swapped: the partitions together could have a row twice, at its old day
    /// and its new one. Those that another tool wrote are taken as they are registered.
    ///
    /// # Errors
    /// The rows lie outside the store; or it fails.
    pub(super) fn current_files(&self, published: &PublishedDate) -> Result<Vec<CurrentFiles>, LakeError> {
        let latest = published.location();
        let is_of_run = self.place(latest).is_some_and(|(_, place)| place.run().is_some());
        if self.layout.keys().row_day().is_none() || published.is_whole() || !is_of_run {
            return published.partitions().iter().map(|partition| self.registered_files(partition)).collect();
        }
        let is_of_latest = |partition: &&Partition| normal_location(&partition.location).starts_with(&format!("{latest}/"));
        let is_right = |partition: &&Partition| is_of_latest(partition) || !partition.parameters.contains_key(RUN);
        let registered = published.partitions().iter().filter(is_right);
        let mut all = registered.map(|partition| self.registered_files(partition)).collect::<Result<Vec<_>, _>>()?;
        let schema = published.partitions().iter().find(is_of_latest).and_then(|one| one.parameters.get(PARTITION_SCHEMA));
        let known: BTreeSet<String> = all.iter().map(|files| files.below.clone()).collect();
        let folder = self.key_of(latest)?;
        for name in self.store.folders(&folder)? {
            let below = format!("{name}/");
            if self.layout.keys().row_day().is_some_and(|row_day| row_day.value_in(&name).is_some()) && !known.contains(&below) {
                let files = files_in_folder(self.store, &format!("{folder}/{name}"))?;
                all.push(CurrentFiles { below, schema: schema.cloned(), files });
            }
        }
        Ok(all)
    }

    fn registered_files(&self, partition: &Partition) -> Result<CurrentFiles, LakeError> {
        let folder = self.key_of(&normal_location(&partition.location))?;
        let below = match (self.layout.keys().row_day(), partition.value.texts().last()) {
            (Some(row_day), Some(day)) => format!("{}/", row_day.folder(day)),
            _ => String::new(),
        };
        let schema = partition.parameters.get(PARTITION_SCHEMA).cloned();
        Ok(CurrentFiles { below, schema, files: files_in_folder(self.store, &folder)? })
    }

    fn key_of(&self, location: &str) -> Result<String, LakeError> {
        self.store.key_at(location).ok_or_else(|| LakeError::Unsupported {
            table: self.table.to_string(),
            reason: format!("its rows lie outside the store, at {location}"),
            hint: "publish whole slices: `mode: replace`".to_owned(),
        })
    }
}
