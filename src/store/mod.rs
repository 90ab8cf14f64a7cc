//! Stores of objects: a local folder, S3 and compatible services, Google Cloud Storage, behind the same few verbs.
//!
//! Retries and checksums are implemented here only, credentials in `aws`. The rest of the program uses threads, not
//! futures: a store runs its requests on the shared runtime and returns plain readers.

mod ahead;
mod answer;
#[cfg(test)]
mod buckets;
mod checksum;
#[cfg(test)]
mod conformance;
mod connect;
mod denied;
mod disk;
mod download;
mod earlier_runs;
mod error;
#[cfg(test)]
mod fake_aws;
mod find;
mod folders;
mod links;
mod listing;
mod object;
mod objects;
mod pages;
mod s3_endpoint;
mod scratch;
mod scratch_file;
mod settings;
#[cfg(test)]
mod short_credentials;
mod upload;
mod url;

pub use ahead::Ahead;
pub use disk::Disk;
#[cfg(test)]
pub use disk::DiskSeam;
pub use earlier_runs::EarlierRun;
pub use error::StoreError;
pub use find::KeyScope;
pub use object::{Metadata, ObjectInfo};
pub use objects::Store;
pub use scratch::{Scratch, ScratchFolder};
pub use scratch_file::ScratchFile;
pub use settings::{Encryption, StoreSettings};
pub use upload::{Tags, Upload};
pub use url::{Bucket, StoreUrl, StoreUrlError, normal_location, spelled_like, tidy_location};
