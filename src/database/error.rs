//! Errors of databases.

use crate::batch::BatchError;
use crate::identity::{ErrorKind, Explain, hints};
use crate::sink::TooManyMissing;
use crate::stop::Stopped;

/// A reason for which a database can't be read or published to.
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
    /// Another session has locked a table.
    #[error(
        "failed to {action} at {server}: {reason}: another session has locked the table, or waits to do so (`select pid, query \
         from pg_stat_activity where wait_event_type = 'Lock'`)"
    )]
    Locked {
        /// Action that failed.
        action: &'static str,
        /// Address without the password.
        server: String,
        /// Reason, as the server tells it.
        reason: String,
    },
    /// A table can't be published to.
    #[error("the table {table} can't be published to: {reason}")]
    Table {
        /// The table.
        table: String,
        /// Reason.
        reason: String,
        /// Next step for the user.
        hint: String,
    },
    /// Somebody else changed a table since it was looked at.
    #[error("somebody else changed the table {table} since this run looked at it")]
    Changed {
        /// The table.
        table: String,
    },
    /// A later run has published to a table.
    #[error("a later run has published to {table} (its fencing token is {found}, ours {ours}): this run slept past its lease")]
    Fenced {
        /// The table.
        table: String,
        /// The highest token that published.
        found: u64,
        /// Our token.
        ours: u64,
    },
    /// A table can't take rows as they are.
    #[error("{server} does not take the rows: {reason}; nothing was published")]
    Rows {
        /// Address without the password.
        server: String,
        /// Reason. No values: they may be confidential.
        reason: String,
        /// Next step for the user.
        hint: String,
    },
    /// Rows can't be merged by their keys.
    #[error("rows can't be merged into {table}: {reason}; nothing was published")]
    Keys {
        /// The table.
        table: String,
        /// Reason.
        reason: String,
    },
    /// A merge would delete too many rows.
    #[error(transparent)]
    Missing(#[from] TooManyMissing),
    /// A bug of adg.
    #[error(transparent)]
    Batch(#[from] BatchError),
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
            Self::Unavailable { .. } | Self::Locked { .. } | Self::Row { .. } | Self::Changed { .. } => ErrorKind::Unavailable,
            Self::Fenced { .. } => ErrorKind::Held,
            Self::Rows { .. } | Self::Keys { .. } => ErrorKind::Limit,
            Self::Batch(error) => error.kind(),
            Self::Missing(error) => error.kind(),
            Self::Denied { .. } | Self::Tls { .. } => ErrorKind::Access,
            Self::Statement { .. } | Self::Table { .. } => ErrorKind::Config,
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
            Self::Statement { hint, .. } | Self::Table { hint, .. } | Self::Rows { hint, .. } => Some(hint.clone()),
            Self::Changed { .. } => Some("run the same command again".to_owned()),
            Self::Fenced { .. } => Some(hints::LEASE_LOST.to_owned()),
            Self::Keys { .. } => Some(hints::KEYS.to_owned()),
            Self::Batch(error) => error.hint(),
            Self::Missing(error) => error.hint(),
            Self::Stopped(stopped) => stopped.hint(),
            Self::Unavailable { .. } | Self::Locked { .. } | Self::Row { .. } => None,
        }
    }
}
