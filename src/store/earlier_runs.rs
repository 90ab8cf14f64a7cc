//! Folders that earlier runs created for themselves.

use std::str::FromStr;

use crate::identity::RunId;

use super::{Store, StoreError};

/// A folder that an earlier run created, named by the run's ID.
pub struct EarlierRun {
    /// The run.
    pub id: RunId,
    /// Its folder.
    pub folder: String,
}

impl Store {
    /// Returns the folders in the folder `parent` that runs before `run` created. It ignores folders of later runs and folders
    /// that no run of adg created.
    ///
    /// # Errors
    /// The store can't be listed.
    pub fn earlier_runs(&self, parent: &str, run: RunId) -> Result<Vec<EarlierRun>, StoreError> {
        let ids = self.folders(parent)?.into_iter().filter_map(|name| Some((RunId::from_str(&name).ok()?, name)));
        let earlier = ids.filter(|(id, _)| *id < run);
        Ok(earlier.map(|(id, name)| EarlierRun { id, folder: format!("{parent}/{name}") }).collect())
    }
}
