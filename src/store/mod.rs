//! Where objects live: a folder of this machine, S3 and what speaks like it, Google Cloud Storage, behind the same few verbs.
//!
//! Retries and checksums have their one home here, credentials next door in `aws`. The rest of the program is threads, not
//! futures: a store runs its requests on the shared runtime and hands out plain readers.

#[cfg(test)]
mod buckets;
mod checksum;
#[cfg(test)]
mod conformance;
mod connect;
mod denied;
mod download;
mod error;
#[cfg(test)]
mod fake_aws;
mod objects;
mod scratch;
mod settings;
#[cfg(test)]
mod short_credentials;
mod upload;
mod url;

pub use error::StoreError;
pub use objects::{ObjectInfo, Store};
pub use scratch::{Scratch, ScratchFolder};
pub use settings::{Encryption, StoreSettings};
pub use upload::Tags;
pub use url::{Bucket, StoreUrl, StoreUrlError, normal_location, spelled_like, tidy_location};
