//! Where a table's files lie in its store.

use crate::identity::{ProcessingDate, RunId};
use crate::schema::ColumnName;

/// Folders whose names begin so are ignored by Hive, Spark, Athena and BigQuery.
const HIDDEN: &str = "_quarantine";

/// Where runs write a date whose files another tool has put into the partition's folder itself: Hive's readers fail on a folder
/// beside the files, unless it is hidden. A run's own folder may not be hidden, lest they see nothing in it.
const BESIDE: &str = "_adg";

/// The folders of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLayout {
    folder: String,
    partition_by: ColumnName,
}

impl TableLayout {
    /// A table in the folder `folder` of its store.
    pub fn new(folder: &str, partition_by: ColumnName) -> Self {
        Self { folder: folder.trim_matches('/').to_owned(), partition_by }
    }

    /// The table's folder.
    pub fn table(&self) -> &str {
        &self.folder
    }

    /// The column that the table is partitioned by.
    pub fn partition_by(&self) -> &ColumnName {
        &self.partition_by
    }

    /// The folder of all attempts at a date.
    pub fn partition(&self, date: ProcessingDate) -> String {
        format!("{}/{}={date}", self.folder, self.partition_by)
    }

    /// The folder that one run writes a date to. No other run ever writes there.
    pub fn attempt(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/{run}", self.partition(date))
    }

    /// The same, where another tool's files lie in the partition's folder itself.
    pub fn attempt_beside(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/{BESIDE}/{run}", self.partition(date))
    }

    /// The folders below a partition's in which runs have theirs.
    pub fn parents_of_runs(partition: &str) -> [String; 2] {
        [partition.to_owned(), format!("{partition}/{BESIDE}")]
    }

    /// The run's name, in what stands behind a partition's folder in the place of a run; none where no run of adg wrote there.
    pub fn run_in(below: &str) -> Option<RunId> {
        below.strip_prefix(BESIDE).and_then(|rest| rest.strip_prefix('/')).unwrap_or(below).parse().ok()
    }

    /// Whether a folder of that name is a partition's.
    pub fn is_partition(&self, name: &str) -> bool {
        name.strip_prefix(self.partition_by.as_str()).is_some_and(|rest| rest.starts_with('='))
    }

    /// The folder of all quarantined records.
    pub fn quarantined(&self) -> String {
        format!("{}/{HIDDEN}", self.folder)
    }

    /// The folder of a date's quarantined records.
    pub fn quarantine(&self, date: ProcessingDate) -> String {
        format!("{}/{}={date}", self.quarantined(), self.partition_by)
    }

    /// The file of the records that one run set aside.
    pub fn quarantine_file(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/{run}/records.jsonl", self.quarantine(date))
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
