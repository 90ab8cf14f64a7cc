//! Errors of writing and publishing a date's files.

use std::io;

use bytesize::ByteSize;

use crate::batch::BatchError;
use crate::catchup::LedgerError;
use crate::identity::{ErrorKind, Explain, hints};
use crate::metastore::MetastoreError;
use crate::sink::TooManyMissing;
use crate::store::StoreError;

/// A day could not be written or published. Readers still see what they saw before.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The metastore failed.
    #[error(transparent)]
    Metastore(#[from] MetastoreError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A bug of adg.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The location, the partition column or the job of the settings differs from the table's in the metastore.
    #[error("the {what} of {table} is `{registered}` in the metastore, but `{configured}` in the settings")]
    Moved {
        /// The table.
        table: String,
        /// Setting that differs.
        what: &'static str,
        /// Its value in the metastore.
        registered: String,
        /// Its value in the settings.
        configured: String,
    },
    /// The table's partitions can't be registered so that every reader finds them.
    #[error("the table {table} can't be published to: {reason}")]
    Unsupported {
        /// The table.
        table: String,
        /// Reason.
        reason: String,
        /// Next step for the user.
        hint: String,
    },
    /// A stored file has another size than was written.
    #[error("the file `{key}` has {found} bytes, though {written} were written")]
    Cut {
        /// The file.
        key: String,
        /// Its size in the store, in bytes.
        found: u64,
        /// Bytes that were written.
        written: u64,
    },
    /// The Parquet writer failed: a bug of it, or of adg.
    #[error("failed to write Parquet to `{file}`: {reason}")]
    Parquet {
        /// The file's name.
        file: String,
        /// Message of the writer.
        reason: String,
    },
    /// A published file can't be read.
    #[error("the published file `{key}` can't be read: {reason}")]
    Damaged {
        /// The file.
        key: String,
        /// Reason.
        reason: String,
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
    /// A file that another engine wrote into a run's folder can't be used.
    #[error("the file `{key}`, which another engine wrote, can't be used: {reason}")]
    ForeignFile {
        /// The file.
        key: String,
        /// Reason.
        reason: String,
    },
    /// The quarantine exceeds its limit.
    #[error("the records that could not be read as rows are more than {limit} of quarantine holds; nothing was published")]
    QuarantineFull {
        /// Largest size of the quarantine.
        limit: ByteSize,
    },
    /// The scratch disk failed.
    #[error("failed to write `{file}`")]
    Scratch {
        /// The scratch file.
        file: String,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl Explain for LakeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Metastore(error) => error.kind(),
            Self::Ledger(error) => error.kind(),
            Self::Batch(error) => error.kind(),
            Self::Missing(error) => error.kind(),
            Self::Moved { .. } | Self::Unsupported { .. } => ErrorKind::Config,
            Self::QuarantineFull { .. } | Self::Keys { .. } => ErrorKind::Limit,
            Self::Parquet { .. } | Self::Scratch { .. } | Self::Cut { .. } | Self::Damaged { .. } | Self::ForeignFile { .. } => {
                ErrorKind::Unavailable
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Metastore(error) => error.hint(),
            Self::Ledger(error) => error.hint(),
            Self::Unsupported { hint, .. } => Some(hint.clone()),
            Self::Moved { .. } => Some("a table stays where it is: set that back, or give the table another name".into()),
            Self::QuarantineFull { .. } => {
                Some("look at those that the report's quarantine has; or raise `limits.quarantine_mib` in the module file".into())
            }
            Self::Keys { .. } => Some(hints::KEYS.into()),
            Self::Missing(error) => error.hint(),
            Self::Damaged { .. } => Some("restore the file, or publish the whole slice again".into()),
            Self::Scratch { .. } => Some(hints::SCRATCH.into()),
            Self::Batch(_) | Self::Parquet { .. } | Self::Cut { .. } | Self::ForeignFile { .. } => None,
        }
    }
}
