//! Errors of stores.

use std::error::Error as _;
use std::io;

use crate::aws::{AwsError, xml};
use crate::identity::{ErrorKind, Explain, hints};

use super::answer::WrongRegion;

/// A store did not do what was requested.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object does not exist.
    #[error("failed to {action} {}: it does not exist", place(.key, .store))]
    NotFound {
        /// Action that failed.
        action: &'static str,
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The object's key.
        key: String,
    },
    /// The store's folder does not exist.
    #[error("failed to open {}: it does not exist", place(.folder, .store))]
    NoFolder {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The folder.
        folder: String,
    },
    /// The bucket does not exist.
    #[error("the bucket of the store {store} does not exist")]
    NoBucket {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
    },
    /// The bucket is in another region.
    #[error("the bucket of the store {store} is in the region {region}")]
    WrongRegion {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The region, as S3 names it.
        region: String,
    },
    /// The object was moved to a storage class from which it must be restored before it is read.
    #[error("`{key}` in the store {store} is archived")]
    Archived {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The object's key.
        key: String,
    },
    /// Access is denied.
    #[error("failed to {action} {}: access denied: {reason}", place(.key, .store))]
    AccessDenied {
        /// Action that failed.
        action: &'static str,
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The object's key or prefix.
        key: String,
        /// Message of the store.
        reason: String,
        /// Permission that would allow it.
        hint: Option<String>,
    },
    /// There are no credentials, or a hop of the role chain was refused.
    #[error("failed to reach the store {store}")]
    Credentials {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// Error of AWS.
        source: AwsError,
    },
    /// A listing has a key that can't be distinguished from another.
    #[error("the store {store} has a key that adg can't list, and hides what comes after it: {reason}")]
    OddKey {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The key, and what is odd about it.
        reason: String,
    },
    /// The store does not answer, or the disk is full or broken.
    #[error("failed to {action} {}: {reason}", place(.key, .store))]
    Unavailable {
        /// Action that failed.
        action: &'static str,
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The object's key or prefix.
        key: String,
        /// Message of the store.
        reason: String,
    },
    /// The store's settings are invalid for its service.
    #[error("the settings of the store {store} can't be used: {reason}")]
    Setting {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// Reason.
        reason: String,
    },
    /// The object changed since it was listed.
    #[error("`{key}` in the store {store} changed while it was read")]
    Changed {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The object's key.
        key: String,
    },
    /// The received bytes differ from the stored ones.
    #[error("`{key}` in the store {store} came damaged: {what}")]
    Damaged {
        /// The store, as [`Store::describe`](super::Store::describe) names it.
        store: String,
        /// The object's key.
        key: String,
        /// Evidence of the damage.
        what: String,
    },
    /// The scratch folder can't be used.
    #[error("failed to {action} the scratch folder `{folder}`")]
    Scratch {
        /// Action that failed.
        action: &'static str,
        /// The folder.
        folder: String,
        /// Error of the system.
        source: io::Error,
    },
}

impl Explain for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::Archived { .. } | Self::Changed { .. } | Self::OddKey { .. } => ErrorKind::Source,
            Self::NoFolder { .. } | Self::NoBucket { .. } | Self::WrongRegion { .. } | Self::Setting { .. } => ErrorKind::Config,
            Self::AccessDenied { .. } => ErrorKind::Access,
            Self::Credentials { source, .. } => source.kind(),
            Self::Unavailable { .. } | Self::Damaged { .. } | Self::Scratch { .. } => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFolder { .. } => Some("create the folder, or correct the store's `url` in adg.yaml".into()),
            Self::NoBucket { .. } => Some("correct the store's `url` or `region` in adg.yaml, or make the bucket".into()),
            Self::WrongRegion { region, .. } => Some(format!("write `region: {region}` for the store in adg.yaml")),
            Self::Archived { .. } => Some(
                "restore it first (`aws s3api restore-object`), then run the date again; a lifecycle rule of the bucket moves \
                 such files"
                    .into(),
            ),
            Self::AccessDenied { hint, .. } => hint.clone(),
            Self::Credentials { source, .. } => source.hint(),
            Self::OddKey { .. } => Some("rename or delete that object, or begin the store's `url` in a folder beside it".into()),
            Self::Changed { .. } => Some("run again once the source has finished writing".into()),
            Self::Scratch { .. } => Some(hints::SCRATCH.into()),
            _ => None,
        }
    }
}

impl StoreError {
    pub(super) fn from_objects(error: object_store::Error, action: &'static str, store: &str, key: &str) -> Self {
        let (store, key) = (store.to_owned(), key.to_owned());
        if let Some(source) = AwsError::below(&error) {
            return Self::Credentials { store, source };
        }
        if let Some(WrongRegion { region }) = below(&error) {
            return Self::WrongRegion { store, region: region.clone() };
        }
        let Told { code, reason } = told(&error);
        if matches!(error, object_store::Error::InvalidPath { .. }) {
            return Self::OddKey { store, reason };
        }
        match (&error, io_kind(&error), code.as_deref().unwrap_or_default()) {
            (.., "NoSuchBucket") => Self::NoBucket { store },
            (.., "InvalidObjectState") => Self::Archived { store, key },
            (object_store::Error::Precondition { .. }, ..) => Self::Changed { store, key },
            (object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }, ..)
            | (_, Some(io::ErrorKind::PermissionDenied), _) => Self::AccessDenied { action, store, key, reason, hint: None },
            // Of a list or of several objects at once, the library tells only what the service says.
            (.., code) if DENIED.contains(&code) || is_about_a_kms_key(code) => {
                Self::AccessDenied { action, store, key, reason, hint: None }
            }
            (object_store::Error::NotFound { .. }, ..) | (_, Some(io::ErrorKind::NotFound), _) => {
                Self::NotFound { action, store, key }
            }
            _ => Self::Unavailable { action, store, key, reason },
        }
    }

    /// Converts the system's error about the folder of a store.
    pub(super) fn of_folder(error: &io::Error, store: &str, folder: &str) -> Self {
        match Self::from_io(error, "open", store, folder) {
            Self::NotFound { store, key, .. } => Self::NoFolder { store, folder: key },
            other => other,
        }
    }

    /// Converts the system's error about an object of a local folder.
    pub(super) fn from_io(error: &io::Error, action: &'static str, store: &str, key: &str) -> Self {
        let (store, key, reason) = (store.to_owned(), key.to_owned(), error.to_string());
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { action, store, key },
            io::ErrorKind::PermissionDenied => Self::AccessDenied { action, store, key, reason, hint: None },
            _ => Self::Unavailable { action, store, key, reason },
        }
    }
}

/// Returns true if a listing failed on one entry only: its name is not text or has characters that no key may have, or it is a
/// link that leads back to itself.
pub(super) fn is_about_one_name(error: &object_store::Error) -> bool {
    match error {
        object_store::Error::InvalidPath { .. } => true,
        // The local file system walks links itself and says so of a loop; a service's errors have an HTTP answer below.
        object_store::Error::Generic { store: "LocalFileSystem", .. } => match io_below(error) {
            None => error.source().is_some(),
            // It may also be the system that walks in a circle.
            Some(io) => io.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()),
        },
        _ => false,
    }
}

fn io_below(error: &object_store::Error) -> Option<&io::Error> {
    below(error)
}

/// Returns the error of that type in the chain below another.
fn below<T: std::error::Error + 'static>(error: &object_store::Error) -> Option<&T> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(found) = source.downcast_ref::<T>() {
            return Some(found);
        }
        next = source.source();
    }
    None
}

/// Returns true if a code is about a KMS key that can't be used: disabled, pending deletion, or deleted. Throttling is not one.
fn is_about_a_kms_key(code: &str) -> bool {
    code.starts_with("KMS") && !code.contains("Throttl") && !code.contains("Internal") && !code.contains("Timeout")
}

fn io_kind(error: &object_store::Error) -> Option<io::ErrorKind> {
    io_below(error).map(io::Error::kind)
}

/// Error codes with which S3 denies access, for any identity.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
const DENIED: [&str; 8] = [
    "AccessDenied",
    "AllAccessDisabled",
    "AccountProblem",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "RequestTimeTooSkewed",
];

/// A service's description of an error.
struct Told {
    code: Option<String>,
    reason: String,
}

/// Returns the deepest message of an error's chain, which says what happened, without its wrappings. For an XML response, its
/// code and message; for one without a body, its status.
fn told(error: &object_store::Error) -> Told {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = source.to_string();
        next = source.source();
    }
    if let (Some(code), Some(message)) = (xml::element(&text, "Code"), xml::element(&text, "Message")) {
        return Told { reason: format!("{code}: {message}"), code: Some(code) };
    }
    let code = DENIED.iter().find(|code| text.contains(*code)).map(|code| (*code).to_owned());
    let status = text.strip_prefix("Server returned non-2xx status code: ").map(|rest| rest.trim_end_matches([':', ' ']));
    Told { code, reason: status.unwrap_or(&text).to_owned() }
}

/// Describes the object of an action: a key, or the store if the key is empty.
fn place(key: &str, store: &str) -> String {
    if key.is_empty() { format!("the store {store}") } else { format!("`{key}` in the store {store}") }
}
