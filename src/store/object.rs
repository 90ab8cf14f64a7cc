//! An object as a store lists it, and its key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use object_store::path::Path;

/// What a store knows of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The key, relative to the store.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Identifies the content, where the store says so.
    pub etag: Option<String>,
    /// When it was last written.
    pub modified: Timestamp,
}

impl ObjectInfo {
    /// Whether the object is still what was listed, by what the store says of it `now`. Some services, as s3s-fs, list objects
    /// without their entity tags: then the time tells, of which HEAD gives the seconds.
    pub fn is(&self, now: &Self) -> bool {
        let same = match &self.etag {
            Some(etag) => now.etag.as_ref() == Some(etag),
            None => now.modified.as_second() == self.modified.as_second(),
        };
        same && now.size == self.size
    }
}

/// What whoever wrote an object says of it: names in lower case, and texts.
pub type Metadata = BTreeMap<String, String>;

/// A key as a path. Keys that were listed are already in the store's spelling, in which `%` is not to be escaped again.
pub(super) fn path(key: &str) -> Path {
    Path::parse(key).unwrap_or_else(|_| Path::from(key))
}

/// An object as the library lists it.
pub(super) fn info(meta: object_store::ObjectMeta) -> ObjectInfo {
    let modified = Timestamp::from_microsecond(meta.last_modified.timestamp_micros()).unwrap_or_default();
    ObjectInfo { key: meta.location.to_string(), size: meta.size, etag: meta.e_tag, modified }
}
