//! Errors of statements.

use crate::identity::{ErrorKind, Explain};
use crate::stop::Stopped;

/// Step for statements that need `DuckDB`.
pub(super) const INSTALL: &str = "install DuckDB's command line: `pip install duckdb-cli`, or https://duckdb.org/install";

/// A reason for which a statement has no result.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// The statement is none that is run, or names what is not there.
    #[error("the statement can't be run: {reason}")]
    Refused {
        /// The mistake, with its place where it is known.
        reason: String,
        /// Next step to try.
        hint: String,
    },
    /// The engine failed.
    #[error("the statement failed: {reason}")]
    Failed {
        /// Reason, as the engine tells it.
        reason: String,
    },
    /// Rows could not be kept on the local disk, or read from it.
    #[error("failed to {action} rows in the scratch folder: {reason}")]
    Scratch {
        /// Action that failed.
        action: &'static str,
        /// Reason, as the system tells it.
        reason: String,
    },
    /// Encrypted inputs do not fit into memory.
    #[error("the inputs take {needed} in memory, since temporary files are encrypted, and {allowed} are allowed")]
    Memory {
        /// Size of the inputs.
        needed: bytesize::ByteSize,
        /// Size that is allowed.
        allowed: bytesize::ByteSize,
    },
    /// The engine is not there.
    #[error("statements are run by DuckDB, and there is no `duckdb` in the folders of PATH")]
    NoEngine,
    /// The engine can't read encrypted temporary files.
    #[error("statements are run by DuckDB, which can't read encrypted temporary files")]
    Encrypted,
    /// A stop was requested.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// A bug of adg.
    #[error("bug: {0}")]
    Bug(String),
}

impl SqlError {
    /// Returns the error of a statement that is refused.
    pub(super) fn refused(reason: impl ToString, hint: &str) -> Self {
        Self::Refused { reason: reason.to_string(), hint: hint.to_owned() }
    }
}

impl Explain for SqlError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { .. } | Self::Failed { .. } | Self::Encrypted => ErrorKind::Config,
            Self::Scratch { .. } | Self::NoEngine => ErrorKind::Unavailable,
            Self::Memory { .. } => ErrorKind::Limit,
            Self::Stopped(stopped) => stopped.kind(),
            Self::Bug(_) => ErrorKind::Bug,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { hint, .. } => Some(hint.clone()),
            Self::Failed { .. } => Some("correct the statement, or the values that it can't take".to_owned()),
            Self::Scratch { .. } => Some("free space in the folder for temporary files, or name another as `scratch`".to_owned()),
            Self::Memory { .. } => Some(
                "raise --memory, or set `scratch_encryption: false` in the profile where the disk is encrypted already"
                    .to_owned(),
            ),
            Self::NoEngine => Some(format!("{INSTALL}; or compute in the `query` of a source")),
            Self::Encrypted => Some(
                "set `scratch_encryption: false` in the profile, with `scratch` on a disk that may have the rows in the clear"
                    .to_owned(),
            ),
            Self::Stopped(stopped) => stopped.hint(),
            Self::Bug(_) => None,
        }
    }
}
