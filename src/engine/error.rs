//! Errors of loading a day's files.

use std::fmt;
use std::io;

use crate::batch::BatchError;
use crate::identity::{ErrorKind, Explain, hints};
use crate::lake::LakeError;
use crate::source::SourceError;
use crate::stop::Stopped;
use crate::store::StoreError;

/// A step of the work with a Spark Connect server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SparkStep {
    /// Begin a session.
    OpenSession,
    /// Set the session's settings.
    SetUp,
    /// Request the server's version.
    AskVersion,
    /// Open a source file, which the server may have no right to read.
    LookAtFile,
    /// Count the lines of source files.
    LookAtLines,
    /// Write rows.
    Write,
    /// Open the files that it wrote.
    LookAtWritten,
    /// Count the rows that it wrote.
    CountWritten,
    /// Fetch lines that Spark could not decide, for adg.
    FetchUndecided,
}

impl fmt::Display for SparkStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenSession => "open a session",
            Self::SetUp => "set up a session",
            Self::AskVersion => "ask for the version",
            Self::LookAtFile => "look at a file",
            Self::LookAtLines => "look at the lines",
            Self::Write => "write rows",
            Self::LookAtWritten => "look at what was written",
            Self::CountWritten => "count what was written",
            Self::FetchUndecided => "read what it can't decide",
        })
    }
}

/// A failed load. The files that it wrote until then are of no use.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// This binary has no Spark Connect client.
    #[error("this adg was built without Spark Connect, so that its engine can only be `local`")]
    NotBuilt,
    /// No Spark Connect server is configured.
    #[error("the engine is Spark, and nothing says where that is")]
    NoServer,
    /// A Spark Connect server failed, or was lost.
    #[error("failed to {step} at Spark, {remote}: {reason}")]
    Spark {
        /// Its address.
        remote: String,
        /// The step that failed.
        step: SparkStep,
        /// Message of the server.
        reason: String,
    },
    /// A source file can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows could not be written.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Columns could not be built.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// A copy for the server could not be written.
    #[error("failed to write {what}")]
    Copy {
        /// The copy.
        what: String,
        /// The system's error.
        source: io::Error,
    },
    /// A stop was requested.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// A bug of adg or of a library.
    #[error("bug: {0}")]
    Bug(String),
}

impl Explain for EngineError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotBuilt | Self::NoServer => ErrorKind::Usage,
            Self::Spark { .. } | Self::Copy { .. } => ErrorKind::Unavailable,
            Self::Source(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Lake(error) => error.kind(),
            Self::Batch(error) => error.kind(),
            Self::Stopped(error) => error.kind(),
            Self::Bug(_) => ErrorKind::Bug,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotBuilt => "use a released binary, or build one that has it: cargo build --release --features spark",
            Self::NoServer => "give --spark-remote sc://host:15002, or the profile's `spark: { remote: … }`",
            Self::Spark { step: SparkStep::OpenSession, .. } => {
                "see that a Spark Connect server listens there, as `spark.remote` or --spark-remote says; `--engine local` does \
                 it on this machine"
            }
            Self::Spark { step: SparkStep::LookAtFile | SparkStep::LookAtLines, .. } => {
                "if it may not read the source, give it that right, or have adg copy the files for it: \
                 `spark: { staging: { store: …, files: all } }`; `--engine local` does it on this machine"
            }
            Self::Spark { .. } => {
                "nothing was published, and the server's log says more; `--engine local` does it on this machine"
            }
            Self::Copy { .. } => hints::RUN_AGAIN,
            Self::Source(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
            Self::Lake(error) => return error.hint(),
            Self::Stopped(error) => return error.hint(),
            Self::Batch(_) | Self::Bug(_) => return None,
        };
        Some(hint.to_owned())
    }
}
