//! The addresses of stores.

use crate::identity::{ErrorKind, Explain};

use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use object_store::path::Path;

/// Address of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A local folder, absolute: relative ones were joined to the folder of `adg.yaml`.
    Folder(PathBuf),
    /// A bucket of S3, or of a compatible service.
    S3(Bucket),
    /// A bucket of Google Cloud Storage.
    Gcs(Bucket),
}

/// A bucket, and the folder in it where a store begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// The folder, without a slash at either end; empty for the whole bucket.
    pub prefix: String,
}

/// An address that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// adg does not know the scheme.
    #[error("the store address `{url}` has a scheme that adg does not know; use a folder, s3:// or gs://")]
    Scheme {
        /// The address as written.
        url: String,
    },
    /// The folder in the bucket has parts that are invalid in keys.
    #[error("the store address `{url}` has a part that is empty, `.` or `..`, or a character that no key can have")]
    Folder {
        /// The address as written.
        url: String,
    },
    /// An access point is named by its ARN.
    #[error("the store address `{url}` names an access point by its ARN; give its alias (s3://NAME-…-s3alias)")]
    Arn {
        /// The address as written.
        url: String,
    },
    /// A bucket can't have that name.
    #[error("the store address `{url}` names the bucket `{bucket}`, but a bucket's name has letters, digits and `._-` only")]
    Bucket {
        /// The address as written.
        url: String,
        /// The name.
        bucket: String,
    },
    /// The address is empty, or names no bucket.
    #[error("the store address `{url}` names no folder and no bucket")]
    Empty {
        /// The address as written.
        url: String,
    },
}

impl Explain for StoreUrlError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Config
    }
}

/// Schemes in which Hadoop's connectors write the address of a bucket.
const S3_SCHEMES: [&str; 3] = ["s3://", "s3a://", "s3n://"];

impl StoreUrl {
    /// Reads an address; a relative folder is below `base`.
    ///
    /// # Errors
    /// The address is empty or has an unknown scheme; it names an access point by its ARN, or an invalid bucket or folder in one.
    pub fn parse(text: &str, base: &FilePath) -> Result<Self, StoreUrlError> {
        let empty = || StoreUrlError::Empty { url: text.to_owned() };
        let bucket = |rest: &str| {
            let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let prefix = prefix.trim_matches('/').to_owned();
            if name.is_empty() {
                return Err(empty());
            }
            if name.starts_with("arn:") {
                return Err(StoreUrlError::Arn { url: text.to_owned() });
            }
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
                return Err(StoreUrlError::Bucket { url: text.to_owned(), bucket: name.to_owned() });
            }
            // Metastores, and those who read by them, take a location as it is written.
            match Path::parse(&prefix) {
                Ok(path) if path.as_ref() == prefix => Ok(Bucket { name: name.to_owned(), prefix }),
                _ => Err(StoreUrlError::Folder { url: text.to_owned() }),
            }
        };
        if let Some(rest) = S3_SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)) {
            return bucket(rest).map(Self::S3);
        }
        if let Some(rest) = text.strip_prefix("gs://") {
            return bucket(rest).map(Self::Gcs);
        }
        let is_rooted = |rest: &&str| rest.starts_with('/');
        let path = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:").filter(is_rooted)).unwrap_or(text);
        if path.is_empty() {
            return Err(empty());
        }
        // A slash too few is no folder either; a single letter is a drive.
        let is_scheme = |(scheme, rest): (&str, &str)| {
            scheme.len() > 1 && rest.starts_with('/') && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
        };
        if path.contains("://") || path.split_once(':').is_some_and(is_scheme) {
            return Err(StoreUrlError::Scheme { url: text.to_owned() });
        }
        let joined = base.join(path);
        Ok(Self::Folder(std::path::absolute(&joined).unwrap_or(joined)))
    }
}

/// Returns a location in the form used for comparison, however another tool wrote it: `s3a://b/x/` is `s3://b/x`, `file:/x` is
/// `file:///x`.
pub fn normal_location(location: &str) -> String {
    spelled_like(&tidy_location(location), "s3://")
}

/// Returns a location in the scheme of another one, if both are of S3: a Hadoop with only the connector S3A reads no other.
pub fn spelled_like(location: &str, like: &str) -> String {
    let scheme_of = |text: &str| S3_SCHEMES.into_iter().find(|scheme| text.starts_with(scheme));
    match (scheme_of(location), scheme_of(like)) {
        (Some(scheme), Some(wanted)) => format!("{wanted}{}", &location[scheme.len()..]),
        _ => location.to_owned(),
    }
}

/// Returns a location without the variations in Hadoop's spelling; the scheme of a bucket stays.
pub fn tidy_location(location: &str) -> String {
    let location = location.trim_end_matches('/');
    match location.strip_prefix("file:") {
        Some(path) => format!("file:///{}", path.trim_start_matches('/')),
        None => location.to_owned(),
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "{}{slash}{}", self.name, self.prefix)
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "file://{}", path.display()),
            Self::S3(bucket) => write!(f, "s3://{bucket}"),
            Self::Gcs(bucket) => write!(f, "gs://{bucket}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written_alike() {
        let base = FilePath::new("/etc/adg");
        let read = |text: &str| StoreUrl::parse(text, base).map(|url| url.to_string());
        assert_eq!(read("warehouse").unwrap(), "file:///etc/adg/warehouse");
        assert_eq!(read("/data/in").unwrap(), "file:///data/in");
        assert_eq!(read("file:///data/in").unwrap(), "file:///data/in");
        assert_eq!(read("file:/data/in").unwrap(), "file:///data/in");
        assert_eq!(read("in:2024").unwrap(), "file:///etc/adg/in:2024");
        assert_eq!(read("s3a://b/x/y/").unwrap(), "s3://b/x/y");
        assert_eq!(read("s3://b").unwrap(), "s3://b");
        assert_eq!(read("gs://b/x").unwrap(), "gs://b/x");
        for wrong in ["", "s3://", "s3:/b/x", "gs:/b", "gs:///x", "ftp://x", "s3://b/x//y", "s3://b/./x", "s3://b/x/../y"] {
            assert!(read(wrong).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn access_points_and_names_that_no_bucket_has_are_refused() {
        let refused = |text: &str| StoreUrl::parse(text, FilePath::new("/")).unwrap_err().to_string();
        let arn = refused("s3://arn:aws:s3:eu-west-2:123456789012:accesspoint/nightly/x");
        assert!(arn.contains("give its alias"), "{arn}");
        for url in ["s3://a b/x", "gs://b?x", "s3://b@c"] {
            assert!(refused(url).contains("a bucket's name"), "{url}");
        }
    }

    #[test]
    fn a_location_is_one_place_however_it_is_written() {
        for same in ["file:/a/b", "file:///a/b", "file:///a/b/"] {
            assert_eq!(normal_location(same), "file:///a/b");
        }
        for same in ["s3://b/x", "s3a://b/x/", "s3n://b/x"] {
            assert_eq!(normal_location(same), "s3://b/x");
        }
        assert_eq!(normal_location("gs://b/x/"), "gs://b/x");
        assert_eq!(spelled_like("s3://b/x", "s3a://b"), "s3a://b/x");
        assert_eq!(spelled_like("file:///x", "s3a://b"), "file:///x");
        assert_eq!(tidy_location("s3a://b/x/"), "s3a://b/x");
    }
}
