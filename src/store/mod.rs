//! Where objects live: a local folder today, and every other store behind the same few verbs.
//!
//! Credentials, retries and checksums have their one home here. The rest of the program is threads, not futures: a store
//! runs its requests on a small runtime of its own and hands out plain readers.

mod error;
mod objects;
mod scratch;
mod url;

pub use error::StoreError;
pub use objects::{ObjectInfo, Store};
pub use scratch::{Scratch, ScratchFolder};
pub use url::{StoreUrl, StoreUrlError};
