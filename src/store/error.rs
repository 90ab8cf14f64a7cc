//! What can go wrong with a store.

use std::error::Error as _;
use std::io;

/// A store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object is not there.
    #[error("failed to {action} `{key}` in the store `{store}`: it does not exist")]
    NotFound {
        /// What was being done.
        action: &'static str,
        /// The store's name.
        store: String,
        /// The object's key.
        key: String,
    },
    /// We may not.
    #[error("failed to {action} `{key}` in the store `{store}`: access denied: {reason}")]
    AccessDenied {
        /// What was being done.
        action: &'static str,
        /// The store's name.
        store: String,
        /// The object's key or prefix.
        key: String,
        /// What the store says.
        reason: String,
    },
    /// The store does not answer, or the disk is full or broken.
    #[error("failed to {action} `{key}` in the store `{store}`: {reason}")]
    Unavailable {
        /// What was being done.
        action: &'static str,
        /// The store's name.
        store: String,
        /// The object's key or prefix.
        key: String,
        /// What the store says.
        reason: String,
    },
    /// The scratch folder can't be used.
    #[error("failed to {action} the scratch folder `{folder}`: {source}")]
    Scratch {
        /// What was being done.
        action: &'static str,
        /// The folder.
        folder: String,
        /// What the system says.
        source: io::Error,
    },
}

impl StoreError {
    pub(super) fn from_objects(error: object_store::Error, action: &'static str, store: &str, key: &str) -> Self {
        let (store, key) = (store.to_owned(), key.to_owned());
        let reason = innermost(&error);
        match (&error, io_kind(&error)) {
            (object_store::Error::NotFound { .. }, _) | (_, Some(io::ErrorKind::NotFound)) => {
                Self::NotFound { action, store, key }
            }
            (object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }, _)
            | (_, Some(io::ErrorKind::PermissionDenied)) => Self::AccessDenied { action, store, key, reason },
            _ => Self::Unavailable { action, store, key, reason },
        }
    }
}

/// Whether a listing failed on one entry only: its name is no text or has characters that no key may have, or it is a link
/// that leads back to itself.
pub(super) fn is_about_one_name(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::InvalidPath { .. }) || (io_kind(error).is_none() && error.source().is_some())
}

fn io_kind(error: &object_store::Error) -> Option<io::ErrorKind> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(io) = source.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        next = source.source();
    }
    None
}

/// The deepest message of an error's chain: the one that says what happened, without its wrappings.
fn innermost(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = source.to_string();
        next = source.source();
    }
    text
}
