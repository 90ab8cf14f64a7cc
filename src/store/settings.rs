//! How a profile writes a store.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::Role;

/// A place for objects. All but `url` is for buckets.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// A folder, `s3://bucket/prefix` or `gs://bucket/prefix`; a relative folder is below the folder of `adg.yaml`.
    pub url: String,
    /// S3: the bucket's region. None: the profile's.
    #[serde(default)]
    pub region: Option<String>,
    /// The service's address, where it is not AWS's or Google's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// S3: whether the bucket stands in the path rather than in the host name. None: where there is an `endpoint`.
    #[serde(default)]
    pub path_style: Option<bool>,
    /// S3: the roles to assume, one after the other, to reach the bucket.
    #[serde(default)]
    pub role_chain: Vec<Role>,
    /// S3: how what is written is encrypted. None: as the bucket says.
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// S3: whether what is read is compared with its MD5 sum where the service tells no other checksum. Switch it off for a
    /// service whose etags only look like MD5 sums.
    #[serde(default = "yes")]
    pub verify_etags: bool,
}

fn yes() -> bool {
    true
}

/// How objects are encrypted at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Encryption {
    /// By S3's own keys (SSE-S3).
    S3,
    /// By a key of KMS (SSE-KMS).
    Kms {
        /// The key's ARN, id or alias.
        key: String,
        /// Whether S3 makes a key for the bucket from it, which saves calls to KMS.
        #[serde(default)]
        bucket_key: bool,
    },
}
