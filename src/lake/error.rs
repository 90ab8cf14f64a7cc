//! What can go wrong on the way into a table.

use std::io;

use crate::catchup::LedgerError;
use crate::frame::FrameError;
use crate::metastore::MetastoreError;
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
    Frame(#[from] FrameError),
    /// The Parquet writer failed: the scratch disk is full, or a bug.
    #[error("failed to write Parquet to `{file}`: {reason}")]
    Parquet {
        /// The scratch file.
        file: String,
        /// What the writer says.
        reason: String,
    },
    /// The scratch disk failed.
    #[error("failed to write `{file}`: {source}")]
    Scratch {
        /// The scratch file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
}
