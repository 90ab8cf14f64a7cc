//! Folder layout of a table in its store.

use crate::identity::{ProcessingDate, RunId};
use crate::metastore::PartitionValue;
use crate::schema::ColumnName;

use super::PartitionFormat;

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
    format: PartitionFormat,
}

impl TableLayout {
    /// Creates the layout of a table in the folder `folder` of its store.
    pub fn new(folder: &str, partition_by: ColumnName, format: PartitionFormat) -> Self {
        Self { folder: folder.trim_matches('/').to_owned(), partition_by, format }
    }

    /// Returns the form of dates in the partition column.
    pub fn format(&self) -> &PartitionFormat {
        &self.format
    }

    /// Returns the partition of a date.
    pub fn value(&self, date: ProcessingDate) -> PartitionValue {
        self.format.value(date)
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
        self.folder_of(&self.value(date))
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
        Some(PartitionValue(unescaped(value)))
    }

    /// Returns the folder of all attempts at a partition.
    pub fn folder_of(&self, value: &PartitionValue) -> String {
        format!("{}/{}", self.folder, folder_name(self.partition_by.as_str(), value))
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
        format!("{}/{}", self.quarantined(), folder_name(self.partition_by.as_str(), value))
    }

    /// Returns the file of the records that one run quarantined.
    pub fn quarantine_file(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/records.jsonl", self.quarantine_of(&self.value(date), run))
    }
}

/// Returns the name of a partition's folder.
pub fn folder_name(column: &str, value: &PartitionValue) -> String {
    format!("{column}={}", escaped(value))
}

/// Returns a value as Hive writes it in the name of a folder (`FileUtils.escapePathName`).
fn escaped(value: &PartitionValue) -> String {
    let mut out = String::new();
    for c in value.0.chars() {
        if c.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(c) {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns the value that Hive wrote in the name of a folder.
fn unescaped(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push_str(&rest[..at]);
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = &rest[at + 3..];
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_its_own_folder() {
        let layout =
            TableLayout::new("data/uc_kickstart/bids/", ColumnName::new("date_uploaded").unwrap(), PartitionFormat::default());
        let run = RunId::new(jiff::Timestamp::UNIX_EPOCH);
        let date = "2021-04-12".parse().unwrap();
        assert_eq!(layout.attempt(date, run), format!("data/uc_kickstart/bids/date_uploaded=2021-04-12/{run}"));
        assert_eq!(
            layout.quarantine_file(date, run),
            format!("data/uc_kickstart/bids/_quarantine/date_uploaded=2021-04-12/{run}/records.jsonl")
        );
    }

    #[test]
    fn values_are_escaped_as_hive_does() {
        let format = PartitionFormat::new("%Y/%m/%d").unwrap();
        let layout = TableLayout::new("t", ColumnName::new("dt").unwrap(), format);
        let date = "2024-04-30".parse().unwrap();
        assert_eq!(layout.partition(date), "t/dt=2024%2F04%2F30");
        assert_eq!(layout.value_of("dt=2024%2F04%2F30"), Some(layout.value(date)));
        assert_eq!(layout.value_of("dt=100%"), Some(PartitionValue("100%".into())));
    }
}
