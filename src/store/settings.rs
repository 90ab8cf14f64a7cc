//! Settings of a store in a profile.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::aws::Role;

use super::StoreUrl;

/// A store of objects. All settings but `url` are for buckets.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// A folder, `s3://bucket/prefix` or `gs://bucket/prefix`; a relative folder is below the folder of `adg.yaml`.
    #[serde(deserialize_with = "address")]
    pub url: String,
    /// S3: region of the bucket. None: the profile's region.
    #[serde(default)]
    pub region: Option<String>,
    /// Address of the service, if it is not AWS's or Google's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// S3: true puts the bucket in the path, false in the host name. None: in the path if there is an `endpoint`, or the bucket's
    /// name has a dot, which no certificate of AWS covers.
    #[serde(default)]
    pub path_style: Option<bool>,
    /// S3: roles to assume, one after the other, to reach the bucket.
    #[serde(default)]
    pub role_chain: Vec<Role>,
    /// S3: true if the requester pays for requests and transfer, as the bucket requires.
    #[serde(default)]
    pub requester_pays: bool,
    /// S3: encryption of written objects. None: the bucket's default.
    #[serde(default)]
    pub encryption: Option<Encryption>,
    /// S3: true to verify objects by their MD5 sum (the etag) if the service reports no other checksum. Set it to false for a
    /// service whose etags only look like MD5 sums.
    #[serde(default = "yes")]
    pub verify_etags: bool,
}

impl StoreSettings {
    /// Returns the first key that is set and applies to buckets of S3 only.
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
    /// A key is set that does not apply to a store at such an address; the error is the message.
    pub fn check(&self, url: &StoreUrl) -> Result<(), String> {
        let unused = match url {
            StoreUrl::S3(_) => None,
            StoreUrl::Gcs(_) => self.only_of_s3(),
            StoreUrl::Folder(_) => self.only_of_s3().or(self.endpoint.is_some().then_some("endpoint")),
        };
        unused.map_or(Ok(()), |key| Err(format!("`{key}` means nothing for {url}")))
    }
}

/// Reads an address and checks it at once, so that an error about a wrong secret is reported without the secret.
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

/// Encryption of objects at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Encryption {
    /// With S3's own keys (SSE-S3).
    S3,
    /// With a key of KMS (SSE-KMS).
    Kms {
        /// ARN, ID or alias of the key.
        key: String,
        /// True if S3 derives a bucket key from it, which saves calls to KMS.
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
