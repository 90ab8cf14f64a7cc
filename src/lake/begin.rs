//! The folder that a run writes a date to.

use crate::identity::ProcessingDate;

use super::sweep::Place;
use super::{HiveSink, LakeError, RunFolder};

impl<'a> HiveSink<'a> {
    /// Returns the run's own folder for a date.
    pub(super) fn run_folder(&self, date: ProcessingDate) -> Result<RunFolder<'a>, LakeError> {
        let path = self.folder_for(date, self.at.current(&self.at.layout.value(date))?);
        Ok(RunFolder::new(self.at.store, path, self.tags()))
    }

    /// Returns the path of the run's folder: below a hidden folder of the partition if another tool's files lie, or lately lay,
    /// directly in the partition's folder.
    fn folder_for(&self, date: ProcessingDate, current: Option<String>) -> String {
        let beside = self.at.layout.attempt_beside(date, self.run);
        let hidden = self.at.store.location(beside.rsplit_once('/').map_or("", |(parent, _)| parent));
        match current {
            Some(location) if matches!(self.at.place(&location), Some((_, Place::Plain(_)))) || location.starts_with(&hidden) => {
                beside
            }
            _ => self.at.layout.attempt(date, self.run),
        }
    }
}
