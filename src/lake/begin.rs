//! The folder that a run writes a slice to.

use crate::metastore::PartitionValue;

use super::sweep::Place;
use super::{HiveSink, LakeError, RunFolder};

impl<'a> HiveSink<'a> {
    /// Returns the run's own folder for a partition.
    pub(super) fn run_folder(&self, value: &PartitionValue) -> Result<RunFolder<'a>, LakeError> {
        let path = self.folder_for(value, self.at.current(value)?);
        Ok(RunFolder::new(self.at.store, path, self.tags()))
    }

    /// Returns the path of the run's folder: below a hidden folder of the partition if another tool's files lie, or lately lay,
    /// directly in the partition's folder; and always in a table without partition columns, whose own folder is registered until
    /// its first rows are published.
    fn folder_for(&self, value: &PartitionValue, current: Option<String>) -> String {
        let layout = self.at.layout;
        let beside = layout.attempt_beside(value, self.run);
        if layout.keys().is_whole() && layout.keys().row_day().is_none() {
            return beside;
        }
        let hidden = self.at.store.location(beside.rsplit_once('/').map_or("", |(parent, _)| parent));
        match current {
            Some(location) if matches!(self.at.place(&location), Some((_, Place::Plain(_)))) || location.starts_with(&hidden) => {
                beside
            }
            _ => layout.attempt(value, self.run),
        }
    }
}
