//! Folder layout of a table in its store.

use crate::identity::{ProcessingDate, RunId};
use crate::metastore::PartitionValue;

use super::PartitionKeys;

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
    keys: PartitionKeys,
}

impl TableLayout {
    /// Creates the layout of a table in the folder `folder` of its store.
    pub fn new(folder: &str, keys: PartitionKeys) -> Self {
        Self { folder: folder.trim_matches('/').to_owned(), keys }
    }

    /// Returns true if one of the two folders is the other, or lies in it: such tables would read and sweep each other's files.
    pub fn overlaps(&self, other: &Self) -> bool {
        let is_within = |inner: &Self, outer: &Self| format!("{}/", inner.folder).starts_with(&format!("{}/", outer.folder));
        is_within(self, other) || is_within(other, self)
    }

    /// Returns the partition columns.
    pub fn keys(&self) -> &PartitionKeys {
        &self.keys
    }

    /// Returns the values of a date.
    pub fn value(&self, date: ProcessingDate) -> PartitionValue {
        self.keys.value(date)
    }

    /// Returns the table's folder.
    pub fn table(&self) -> &str {
        &self.folder
    }

    /// Returns the folder that one run writes a partition to. No other run ever writes there.
    pub fn attempt(&self, value: &PartitionValue, run: RunId) -> String {
        format!("{}/{run}", self.folder_of(value))
    }

    /// Returns the run's folder for a partition if another tool's files lie directly in the partition's folder.
    pub fn attempt_beside(&self, value: &PartitionValue, run: RunId) -> String {
        format!("{}/{BESIDE}/{run}", self.folder_of(value))
    }

    /// Returns the folder to which readers of a table without partition columns are sent if it has no rows. Nothing is ever
    /// written there.
    pub fn nothing(&self) -> String {
        format!("{}/{BESIDE}/none", self.folder)
    }

    /// Returns the folders that can hold a partition's run folders.
    pub fn parents_of_runs(partition: &str) -> [String; 2] {
        [partition.to_owned(), format!("{partition}/{BESIDE}")]
    }

    /// Parses the run id from a path relative to a partition's folder; none if no run of adg wrote there.
    pub fn run_in(below: &str) -> Option<RunId> {
        below.strip_prefix(BESIDE).and_then(|rest| rest.strip_prefix('/')).unwrap_or(below).parse().ok()
    }

    /// Returns the values of the date whose folder has that path in the table's folder, and the rest of the path; none if it lies
    /// in no date's folder. In a table that is one slice, the rest is the path.
    pub fn value_of<'p>(&self, path: &'p str) -> Option<(PartitionValue, Option<&'p str>)> {
        let depth = self.depth();
        if depth == 0 {
            return Some((PartitionValue::default(), Some(path)));
        }
        let end = path.match_indices('/').nth(depth - 1).map(|(at, _)| at);
        let (name, rest) = end.map_or((path, None), |at| (&path[..at], Some(&path[at + 1..])));
        Some((PartitionValue::of_name(name, self.keys.date_names())?, rest))
    }

    /// Returns the number of folders between the table's folder and the attempts at a date: one for each column that tells it.
    pub fn depth(&self) -> usize {
        self.keys.date_names().count()
    }

    /// Returns the folder of all attempts at a date.
    pub fn folder_of(&self, value: &PartitionValue) -> String {
        self.below(&self.folder, value)
    }

    /// Returns the folder of a partition in that one.
    fn below(&self, folder: &str, value: &PartitionValue) -> String {
        match value.name(self.keys.date_names()) {
            name if name.is_empty() => folder.to_owned(),
            name => format!("{folder}/{name}"),
        }
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
        self.below(&self.quarantined(), value)
    }

    /// Returns the file of the records that one run quarantined.
    pub fn quarantine_file(&self, date: ProcessingDate, run: RunId) -> String {
        format!("{}/records.jsonl", self.quarantine_of(&self.value(date), run))
    }
}

/// Checks that the folder of a table stays where it is said to be, in every store.
///
/// # Errors
/// The part of it that does not.
pub fn checked_folder(folder: &str) -> Result<&str, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.=".contains(c);
    let is_plain = |segment: &str| !segment.is_empty() && segment.chars().all(allowed) && !segment.starts_with(['.', '_']);
    match folder.trim_matches('/').split('/').find(|segment| !is_plain(segment)) {
        None => Ok(folder),
        Some(segment) => Err(format!(
            "`{folder}` has the part `{segment}`; use letters, digits, `_-.=` and what is filled in, and no part that is \
             empty or hidden"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::SliceLength;
    use crate::schema::ColumnName;

    fn layout(folder: &str, keys: &[(&str, &str)], length: SliceLength) -> TableLayout {
        let keys = keys.iter().map(|(name, format)| (ColumnName::new(name).unwrap(), (*format).to_owned()));
        TableLayout::new(folder, PartitionKeys::new(keys.collect(), length).unwrap())
    }

    #[test]
    fn every_run_has_its_own_folder() {
        let layout = layout("data/uc_kickstart/bids/", &[("date_uploaded", "%Y-%m-%d")], SliceLength::Day);
        let run = RunId::new(jiff::Timestamp::UNIX_EPOCH);
        let date = "2021-04-12".parse().unwrap();
        assert_eq!(layout.attempt(&layout.value(date), run), format!("data/uc_kickstart/bids/date_uploaded=2021-04-12/{run}"));
        assert_eq!(
            layout.quarantine_file(date, run),
            format!("data/uc_kickstart/bids/_quarantine/date_uploaded=2021-04-12/{run}/records.jsonl")
        );
    }

    #[test]
    fn values_are_escaped_as_hive_does() {
        let layout = layout("t", &[("dt", "%Y/%m/%d")], SliceLength::Day);
        let date = "2024-04-30".parse().unwrap();
        assert_eq!(layout.folder_of(&layout.value(date)), "t/dt=2024%2F04%2F30");
        assert_eq!(layout.value_of("dt=2024%2F04%2F30"), Some((layout.value(date), None)));
        assert_eq!(layout.value_of("dt=100%/run"), Some((PartitionValue::from("100%"), Some("run"))));
    }

    #[test]
    fn several_columns_are_several_folders() {
        let layout = layout("t", &[("day", "%Y-%m-%d"), ("hour", "%H")], SliceLength::Hour);
        let hour = "2024-04-30T09".parse().unwrap();
        assert_eq!(layout.folder_of(&layout.value(hour)), "t/day=2024-04-30/hour=09");
        assert_eq!(layout.value_of("day=2024-04-30/hour=09/_adg/run"), Some((layout.value(hour), Some("_adg/run"))));
        assert_eq!((layout.value_of("day=2024-04-30"), layout.value_of("hour=09/day=2024-04-30/run")), (None, None));
    }

    #[test]
    fn a_table_without_partition_columns_is_one_folder_of_runs() {
        let (layout, whole) = (TableLayout::new("data/t", PartitionKeys::whole()), PartitionValue::default());
        let run = RunId::new(jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(layout.folder_of(&whole), "data/t");
        assert_eq!(layout.attempt_beside(&whole, run), format!("data/t/_adg/{run}"));
        assert_eq!(layout.quarantine_of(&whole, run), format!("data/t/_quarantine/{run}"));
        let path = format!("_adg/{run}");
        assert_eq!(layout.value_of(&path), Some((whole, Some(path.as_str()))));
    }
}
