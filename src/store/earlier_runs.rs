//! The folders that runs have made for themselves.

use std::str::FromStr;

use crate::identity::RunId;

use super::{Store, StoreError};

/// A folder that an earlier run made, named by its id.
pub struct EarlierRun {
    /// The run.
    pub id: RunId,
    /// Its folder.
    pub folder: String,
}

impl Store {
    /// The folders in the folder `parent` that runs made before `run`. What a later one makes is none of its business, nor is what no
    /// run of adg made.
    ///
    /// # Errors
    /// The store can't be asked.
    pub fn earlier_runs(&self, parent: &str, run: RunId) -> Result<Vec<EarlierRun>, StoreError> {
        let ids = self.folders(parent)?.into_iter().filter_map(|name| Some((RunId::from_str(&name).ok()?, name)));
        let earlier = ids.filter(|(id, _)| *id < run);
        Ok(earlier.map(|(id, name)| EarlierRun { id, folder: format!("{parent}/{name}") }).collect())
    }
}
