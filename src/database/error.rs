//! Errors of databases.

use crate::identity::{ErrorKind, Explain};
use crate::stop::Stopped;

/// A reason for which a database can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The server does not answer, or the connection was lost.
    #[error("failed to {action} at {server}: {reason}")]
    Unavailable {
        /// Action that failed.
        action: &'static str,
        /// Address without the password.
        server: String,
        /// Reason, as the server or the system tells it.
        reason: String,
    },
    /// The server has no TLS, or no certificate that is believed.
    #[error("there is no protected connection to {server}: {reason}")]
    Tls {
        /// Address without the password.
        server: String,
        /// Reason, as the library tells it.
        reason: String,
    },
    /// The server refuses the user.
    #[error("{server} refused to {action}: {reason}")]
    Denied {
        /// Action that failed.
        action: &'static str,
        /// Address without the password.
        server: String,
        /// Reason, as the server tells it.
        reason: String,
    },
    /// The statement is wrong.
    #[error("{server} does not accept the statement: {reason}")]
    Statement {
        /// Address without the password.
        server: String,
        /// Reason, as the server tells it, with the place.
        reason: String,
        /// Advice, as the server or adg knows it.
        hint: String,
    },
    /// A stop was requested.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The bytes of a row are not what the server promised.
    #[error("failed to read row {row} from {server}: {reason}")]
    Row {
        /// Address without the password.
        server: String,
        /// Number of the row, from 1.
        row: u64,
        /// Fault of its bytes.
        reason: String,
    },
}

impl Explain for DatabaseError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unavailable { .. } | Self::Row { .. } => ErrorKind::Unavailable,
            Self::Denied { .. } | Self::Tls { .. } => ErrorKind::Access,
            Self::Statement { .. } => ErrorKind::Config,
            Self::Stopped(stopped) => stopped.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Denied { .. } => {
                Some("correct the user and password of the connection, or grant it what is missing".to_owned())
            }
            Self::Tls { .. } => Some(
                "name the file of its authority as `ca` of the connection, and its host as the certificate does; for a server \
                 without TLS, `tls: disable` sends everything in the clear"
                    .to_owned(),
            ),
            Self::Statement { hint, .. } => Some(hint.clone()),
            Self::Stopped(stopped) => stopped.hint(),
            Self::Unavailable { .. } | Self::Row { .. } => None,
        }
    }
}
