//! The listing of a bucket in pages.

use std::sync::Arc;

use object_store::list::PaginatedListStore;

/// A bucket's listing in pages, by any beginning of keys.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) service: Arc<dyn PaginatedListStore>,
    /// The folder of the bucket in which the store begins, with a slash at its end; empty for the whole bucket.
    pub(super) below: String,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("below", &self.below).finish_non_exhaustive()
    }
}
