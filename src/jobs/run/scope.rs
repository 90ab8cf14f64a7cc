//! The part of a job that a command works on.

use crate::catchup::{Requested, Shard};
use crate::identity::{CollectionName, LoadType};

/// The part of a job that a command works on.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The name of the job: a module.
    pub job: String,
    /// The load type.
    pub load: LoadType,
    /// Dates by name; none: the job's own window.
    pub dates: Requested,
    /// A share of the dates; other processes do the others.
    pub shard: Option<Shard>,
    /// Collections by name; none: all.
    pub collections: Vec<CollectionName>,
}

impl Scope {
    /// Whether a collection is part of it.
    pub fn has(&self, collection: &CollectionName) -> bool {
        self.collections.is_empty() || self.collections.contains(collection)
    }
}
