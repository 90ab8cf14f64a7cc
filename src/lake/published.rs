//! Partitions of a date, as the metastore has them: one, or one for each day of its rows.

use std::collections::{BTreeMap, BTreeSet};

use crate::metastore::{Partition, PartitionValue};
use crate::schema::TableSchema;
use crate::store::normal_location;

use super::parameters::RUN;
use super::{LakeError, PartitionKeys, RowsOfFiles, TableHandle, columns_in_folder};

/// Partition parameter with the number of partitions that were published together, where a date has one for each day of its rows.
pub(super) const TOGETHER: &str = "adg.partitions";

/// The partitions of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDate {
    /// They are never none.
    partitions: Vec<Partition>,
    locations: BTreeSet<String>,
}

impl PublishedDate {
    /// Returns the partitions.
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// Returns the locations of the attempts that wrote its rows: several if the last publish was interrupted.
    pub fn locations(&self) -> &BTreeSet<String> {
        &self.locations
    }

    /// Returns the location of the attempt that wrote its rows: the latest if the last publish was interrupted.
    pub fn location(&self) -> &str {
        self.locations.last().map_or("", String::as_str)
    }

    /// Returns true if its partitions are all those that were published together, and no others.
    pub fn is_whole(&self) -> bool {
        let count = Some(self.partitions.len() as u64);
        let is_of_all =
            |partition: &Partition| !partition.parameters.contains_key(TOGETHER) || partition.number(TOGETHER) == count;
        self.locations.len() == 1 && self.partitions.iter().all(is_of_all)
    }

    /// Returns true if it has that partition, at the same location.
    pub(super) fn has(&self, wanted: &Partition) -> bool {
        let is_same = |found: &Partition| {
            found.value == wanted.value && normal_location(&found.location) == normal_location(&wanted.location)
        };
        self.partitions.iter().any(is_same)
    }

    /// Returns the number of its rows; none if the metastore does not say it.
    pub fn rows(&self) -> Option<u64> {
        self.partitions.iter().map(|partition| partition.number("numRows")).sum()
    }
}

impl TableHandle<'_> {
    /// Returns what the metastore has of a date; none if nothing.
    ///
    /// # Errors
    /// The metastore fails.
    pub fn published(&self, value: &PartitionValue) -> Result<Option<PublishedDate>, LakeError> {
        if self.is_one_folder() {
            return self.published_whole();
        }
        let partitions = match self.layout.keys().row_day() {
            None => self.metastore.partition(self.table, value)?.into_iter().collect(),
            Some(_) => self.metastore.partitions_of(self.table, value)?,
        };
        Ok(by_date(self.layout.keys(), partitions).into_values().next())
    }

    /// Returns true if the table is one folder of files: no column divides it into partitions.
    pub(super) fn is_one_folder(&self) -> bool {
        self.layout.keys().is_whole() && self.layout.keys().row_day().is_none()
    }

    /// Returns what the metastore has of a table without partition columns; `None` if it has no rows yet, or none any more.
    fn published_whole(&self) -> Result<Option<PublishedDate>, LakeError> {
        let Some(whole) = self.metastore.partition(self.table, &PartitionValue::default())? else { return Ok(None) };
        let (folder, location) = (self.layout.table(), normal_location(&whole.location));
        let is_nothing = location == self.store.location(&self.layout.nothing());
        // Registered at its own folder, where no run writes: it is new, or another tool's.
        let is_new = || location == self.store.location(folder) && !whole.parameters.contains_key(RUN);
        if is_nothing || (is_new() && RowsOfFiles::in_folder(self.store, folder)?.extent.files == 0) {
            return Ok(None);
        }
        Ok(by_date(self.layout.keys(), vec![whole]).into_values().next())
    }

    /// Returns the files of a date by the name of their folder in that of the attempt; that of a date with one partition is
    /// nothing.
    ///
    /// # Errors
    /// The store can't be listed or read. A damaged file is not an error.
    pub(super) fn files_of_date(&self, attempt: &str) -> Result<BTreeMap<String, RowsOfFiles>, LakeError> {
        let Some(row_day) = self.layout.keys().row_day() else {
            return Ok(BTreeMap::from([(String::new(), RowsOfFiles::in_folder(self.store, attempt)?)]));
        };
        let mut found = BTreeMap::new();
        for name in self.store.folders(attempt)? {
            if row_day.value_in(&name).is_some() {
                let rows = RowsOfFiles::in_folder(self.store, &format!("{attempt}/{name}"))?;
                found.insert(name, rows);
            }
        }
        Ok(found)
    }

    /// Returns the columns of the first whole file of a date in the folder of an attempt; none if there is no such file.
    ///
    /// # Errors
    /// The store can't be listed or read.
    pub fn columns_of_date(&self, attempt: &str) -> Result<Option<TableSchema>, LakeError> {
        for name in self.files_of_date(attempt)?.keys() {
            let folder = format!("{attempt}/{name}");
            if let Some(columns) = columns_in_folder(self.store, folder.trim_end_matches('/'))? {
                return Ok(Some(columns));
            }
        }
        Ok(None)
    }

    /// Counts the files of a date in the folder of an attempt.
    ///
    /// # Errors
    /// The store can't be listed or read. A damaged file is not an error.
    pub fn rows_of_date(&self, attempt: &str) -> Result<RowsOfFiles, LakeError> {
        Ok(self.files_of_date(attempt)?.into_values().fold(RowsOfFiles::default(), RowsOfFiles::and))
    }
}

/// Returns what the metastore has of each date, by the date's values.
pub fn by_date(keys: &PartitionKeys, partitions: Vec<Partition>) -> BTreeMap<PartitionValue, PublishedDate> {
    let mut dates: BTreeMap<PartitionValue, PublishedDate> = BTreeMap::new();
    for partition in partitions {
        let date = dates.entry(keys.date_value(&partition.value));
        let date = date.or_insert_with(|| PublishedDate { partitions: Vec::new(), locations: BTreeSet::new() });
        date.locations.insert(attempt_of(keys, &normal_location(&partition.location)).to_owned());
        date.partitions.push(partition);
    }
    dates
}

/// Returns the location of the attempt that wrote the files of a partition.
fn attempt_of<'l>(keys: &PartitionKeys, location: &'l str) -> &'l str {
    match (keys.row_day(), location.rsplit_once('/')) {
        (Some(row_day), Some((attempt, name))) if row_day.value_in(name).is_some() => attempt,
        _ => location,
    }
}
