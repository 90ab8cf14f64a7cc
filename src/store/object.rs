//! An object as a store lists it, and its key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use object_store::path::Path;

/// Description of an object, which a store gives without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The key, relative to the store.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// Entity tag, which identifies the content. None: the store gives none.
    pub etag: Option<String>,
    /// Time of the last write.
    pub modified: Timestamp,
}

impl ObjectInfo {
    /// Returns true if the object is still as listed; `now` is its current description. Some services, such as s3s-fs, list
    /// objects without their entity tags: then the times are compared, in whole seconds as HEAD gives them.
    pub fn is(&self, now: &Self) -> bool {
        let same = match &self.etag {
            Some(etag) => now.etag.as_ref() == Some(etag),
            None => now.modified.as_second() == self.modified.as_second(),
        };
        same && now.size == self.size
    }
}

/// Metadata that an object's writer gave it: names in lower case, and their texts.
pub type Metadata = BTreeMap<String, String>;

/// Returns a key as a path. Listed keys are already in the store's spelling, in which `%` must not be escaped again.
pub(super) fn path(key: &str) -> Path {
    Path::parse(key).unwrap_or_else(|_| Path::from(key))
}

/// Converts an object from the library's form.
pub(super) fn info(meta: object_store::ObjectMeta) -> ObjectInfo {
    let modified = Timestamp::from_microsecond(meta.last_modified.timestamp_micros()).unwrap_or_default();
    ObjectInfo { key: meta.location.to_string(), size: meta.size, etag: meta.e_tag, modified }
}
