//! How a profile writes a store.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::aws::Role;

use super::StoreUrl;

/// A place for objects. All but `url` is for buckets.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// A folder, `s3://bucket/prefix` or `gs://bucket/prefix`; a relative folder is below the folder of `adg.yaml`.
    #[serde(deserialize_with = "address")]
    pub url: String,
    /// S3: the bucket's region. None: the profile's.
    #[serde(default)]
    pub region: Option<String>,
    /// The service's address, where it is not AWS's or Google's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// S3: whether the bucket stands in the path rather than in the host name. None: where there is an `endpoint`, or the bucket's
    /// name has a dot, which no certificate of AWS covers.
    #[serde(default)]
    pub path_style: Option<bool>,
    /// S3: the roles to assume, one after the other, to reach the bucket.
    #[serde(default)]
    pub role_chain: Vec<Role>,
    /// S3: whether the requester pays for requests and transfer, as the bucket asks.
    #[serde(default)]
    pub requester_pays: bool,
    /// S3: how what is written is encrypted. None: as the bucket says.
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// S3: whether what is read is compared with its MD5 sum where the service tells no other checksum. Switch it off for a
    /// service whose etags only look like MD5 sums.
    #[serde(default = "yes")]
    pub verify_etags: bool,
}

impl StoreSettings {
    /// The first key that only a bucket of S3 has a use for.
    fn only_of_s3(&self) -> Option<&'static str> {
        [
            ("region", self.region.is_some()),
            ("path_style", self.path_style.is_some()),
            ("requester_pays", self.requester_pays),
            ("role_chain", !self.role_chain.is_empty()),
            ("encryption", self.encryption.is_some()),
        ]
        .into_iter()
        .find_map(|(key, is_set)| is_set.then_some(key))
    }

    /// # Errors
    /// A key is set that a store at such an address has no use for: what to tell.
    pub fn check(&self, url: &StoreUrl) -> Result<(), String> {
        let unused = match url {
            StoreUrl::S3(_) => None,
            StoreUrl::Gcs(_) => self.only_of_s3(),
            StoreUrl::Folder(_) => self.only_of_s3().or(self.endpoint.is_some().then_some("endpoint")),
        };
        unused.map_or(Ok(()), |key| Err(format!("`{key}` means nothing for {url}")))
    }
}

/// Looked at as soon as it is read, so that what a secret gives wrongly is told without it.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let url = String::deserialize(deserializer)?;
    // A whole secret, its path forgotten, would pass for a folder's name.
    if url.contains(['{', '}', '\n']) {
        return Err(serde::de::Error::custom(format!("`{url}` is no address of a store")));
    }
    StoreUrl::parse(&url, Path::new("/")).map(|_| url).map_err(serde::de::Error::custom)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_would_do_nothing_is_refused() {
        let check = |url: &str, more: serde_json::Value| {
            let mut settings = serde_json::json!({ "url": url });
            settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let settings: StoreSettings = serde_json::from_value(settings).unwrap();
            settings.check(&StoreUrl::parse(url, std::path::Path::new("/")).unwrap())
        };
        let chain = serde_json::json!({ "role_chain": [{ "arn": "arn:aws:iam::111111111111:role/a" }] });
        assert!(check("s3://b", chain.clone()).is_ok());
        assert_eq!(check("gs://b", chain).unwrap_err(), "`role_chain` means nothing for gs://b");
        assert!(check("gs://b", serde_json::json!({ "endpoint": "http://x" })).is_ok());
        assert!(check("/b", serde_json::json!({ "endpoint": "http://x" })).is_err());
        let short = serde_json::json!({ "arn": "arn:aws:iam::111111111111:role/a", "duration_seconds": 60 });
        assert!(serde_json::from_value::<Role>(short).unwrap_err().to_string().contains("900 to 43200"));
    }
}
