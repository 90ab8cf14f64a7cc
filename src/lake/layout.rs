//! Folder layout of a table in its store.

use crate::identity::{ProcessingDate, RunId};
use crate::metastore::PartitionValue;
use crate::schema::ColumnName;

/// Folder of quarantined records. Hive, Spark, Athena and BigQuery ignore folders whose names begin with an underscore.
const HIDDEN: &str = "_quarantine";

/// Hidden parent of run folders for a date whose files another tool wrote directly into the partition's folder: Hive's readers
/// fail on a folder beside the files unless it is hidden. A run's own folder must not be hidden, or readers would see nothing in
/// it.
const BESIDE: &str = "_adg";

/// The folders of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLayout {
    folder: String,
    partition_by: ColumnName,
}

impl TableLayout {
    /// Creates the layout of a table in the folder `folder` of its store.
    pub fn new(folder: &str, partition_by: ColumnName) -> Self {
        Self { folder: folder.trim_matches('/').to_owned(), partition_by }
    }

    /// Returns the table's folder.
    pub fn table(&self) -> &str {
        &self.folder
    }

    /// Returns the column that the table is partitioned by.
    pub fn partition_by(&self) -> &ColumnName {
        &self.partition_by
    }

    /// Returns the folder of all attempts at a date.
    pub fn partition(&self, date: ProcessingDate) -> String {
        self.folder_of(&PartitionValue::from(date))
    }

    /// Returns the folder that one run writes a date to. No other run ever writes there.
    pub fn attempt(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/{run}", self.partition(date))
    }

    /// Returns the run's folder for a date if another tool's files lie directly in the partition's folder.
    pub fn attempt_beside(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/{BESIDE}/{run}", self.partition(date))
    }

    /// Returns the folders that can hold a partition's run folders.
    pub fn parents_of_runs(partition: &str) -> [String; 2] {
        [partition.to_owned(), format!("{partition}/{BESIDE}")]
    }

    /// Parses the run id from a path relative to a partition's folder; none if no run of adg wrote there.
    pub fn run_in(below: &str) -> Option<RunId> {
        below.strip_prefix(BESIDE).and_then(|rest| rest.strip_prefix('/')).unwrap_or(below).parse().ok()
    }

    /// Returns the partition whose folder has that name; none if it is not a partition's folder.
    pub fn value_of(&self, name: &str) -> Option<PartitionValue> {
        let value = name.strip_prefix(self.partition_by.as_str())?.strip_prefix('=')?;
        Some(PartitionValue(value.to_owned()))
    }

    /// Returns the folder of all attempts at a partition.
    pub fn folder_of(&self, value: &PartitionValue) -> String {
        format!("{}/{}={value}", self.folder, self.partition_by)
    }

    /// Returns the folder of all quarantined records.
    pub fn quarantined(&self) -> String {
        format!("{}/{HIDDEN}", self.folder)
    }

    /// Returns the folder of the records of a partition that one run quarantined.
    pub fn quarantine_of(&self, value: &PartitionValue, run: RunId) -> String {
        format!("{}/{run}", self.quarantine_folder(value))
    }

    /// Returns the folder of all quarantined records of a partition.
    pub fn quarantine_folder(&self, value: &PartitionValue) -> String {
        format!("{}/{}={value}", self.quarantined(), self.partition_by)
    }

    /// Returns the file of the records that one run quarantined.
    pub fn quarantine_file(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/records.jsonl", self.quarantine_of(&PartitionValue::from(date), run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_its_own_folder() {
        let layout = TableLayout::new("data/uc_kickstart/bids/", ColumnName::new("date_uploaded").unwrap());
        let run = RunId::new(jiff::Timestamp::UNIX_EPOCH);
        let date = "2021-04-12".parse().unwrap();
        assert_eq!(layout.attempt(date, run), format!("data/uc_kickstart/bids/date_uploaded=2021-04-12/{run}"));
        assert_eq!(
            layout.quarantine_file(date, run),
            format!("data/uc_kickstart/bids/_quarantine/date_uploaded=2021-04-12/{run}/records.jsonl")
        );
    }
}
