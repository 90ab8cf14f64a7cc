//! Errors of the key service.

use crate::identity::{ErrorKind, Explain};

/// The key service did not give a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyServiceError {
    /// A certificate or key of ours can't be used.
    #[error("the {what} `{path}` for the key service can't be used: {reason}")]
    Setting {
        /// Name of the setting.
        what: &'static str,
        /// The file, or the address.
        path: String,
        /// Reason.
        reason: String,
    },
    /// The TLS trust fails: adg does not trust the service, or the service does not trust adg.
    #[error("the key service {url} and adg do not trust each other: {reason}")]
    Trust {
        /// Its address.
        url: String,
        /// TLS error message.
        reason: String,
    },
    /// It refuses the key.
    #[error("the key service {url} refused the key `{id}` (status {status}){said}")]
    Refused {
        /// Its address.
        url: String,
        /// The id of the key that wraps.
        id: String,
        /// HTTP status of its response.
        status: u16,
        /// Message of its response with a leading colon; empty if there is none.
        said: String,
    },
    /// It does not answer, or not with a key.
    #[error("the key service {url} {reason}")]
    Unavailable {
        /// Its address.
        url: String,
        /// Reason.
        reason: String,
    },
}

impl Explain for KeyServiceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Setting { .. } => ErrorKind::Config,
            Self::Trust { .. } | Self::Refused { status: 401 | 403, .. } => ErrorKind::Access,
            Self::Refused { .. } => ErrorKind::Source,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Setting { .. } => Some("correct `key_service` of the profile in adg.yaml; the files are PEM".into()),
            Self::Trust { .. } => Some(
                "look at `certificate`, `key` and `ca` of the profile's `key_service`: are they of the right environment, and \
                 not expired?"
                    .into(),
            ),
            Self::Refused { status: 401 | 403, .. } => Some("have the key service's owner allow adg's certificate".into()),
            Self::Refused { .. } => {
                Some("compare the object's metadata with what its source wrote; ask the source to send the file again".into())
            }
            Self::Unavailable { .. } => Some("run the same command again; what is published is kept".into()),
        }
    }
}
