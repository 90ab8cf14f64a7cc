//! The part of a job that a command works on.

use crate::catchup::{Requested, Shard};
use crate::identity::{CollectionName, LoadType};

/// The part of a job that a command works on.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Name of the job: a module.
    pub job: String,
    /// Load type of the module.
    pub load: LoadType,
    /// Requested dates; none: the job's own window.
    pub dates: Requested,
    /// Share of the dates; other processes do the others.
    pub shard: Option<Shard>,
    /// Collections by name; none: all.
    pub collections: Vec<CollectionName>,
}

impl Scope {
    /// Returns true if a collection is part of the scope.
    pub fn has(&self, collection: &CollectionName) -> bool {
        self.collections.is_empty() || self.collections.contains(collection)
    }
}
