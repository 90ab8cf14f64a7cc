//! Attempts: the rows of the ledger's history.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identity::{ProcessingDate, RunId};

use super::{Slice, Unit};

/// The state of an attempt, and of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// An attempt began and has no end: it is still running, or its process died.
    #[serde(rename = "In-Progress")]
    InProgress,
    /// The partition is registered.
    Completed,
    /// The last attempt failed.
    Failed,
    /// The source had no file, which is no failure by the module's settings.
    Skipped,
    /// The source deleted its file before it was read. The date is reported once and not tried again.
    Lost,
    /// The date must be built again. Until then readers see the files at the attempt's location; without a location, the date was
    /// unpublished.
    #[serde(rename = "Cleaned-Up")]
    CleanedUp,
}

impl Status {
    /// Returns true if catch-up skips the date.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped | Self::Lost)
    }

    /// Returns the word that the ledger stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "In-Progress",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
            Self::Lost => "Lost",
            Self::CleanedUp => "Cleaned-Up",
        }
    }

    /// Parses a word that [`as_str`](Self::as_str) writes.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::InProgress, Self::Completed, Self::Failed, Self::Skipped, Self::Lost, Self::CleanedUp]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A file that an attempt read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Key in the source store.
    pub key: String,
    /// Size in bytes.
    pub size: u64,
    /// ETag of the content, from the store.
    pub etag: Option<String>,
}

/// Counts of an attempt. Rows read = rows written + rows quarantined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Records that the parser split from the files, headers not counted.
    pub rows_read: u64,
    /// Rows in the Parquet files, by their own footers.
    pub rows_written: u64,
    /// Records that could not be read as rows.
    pub rows_quarantined: u64,
    /// Invalid values: they did not fit their column.
    pub value_errors: u64,
    /// Parquet files.
    pub files: u64,
    /// Bytes of the Parquet files.
    pub bytes: u64,
}

impl Counts {
    /// Adds the counts of another attempt.
    pub fn add(&mut self, other: &Self) {
        self.rows_read += other.rows_read;
        self.rows_written += other.rows_written;
        self.rows_quarantined += other.rows_quarantined;
        self.value_errors += other.value_errors;
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// One attempt at a unit: a row of the ledger's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The unit of work.
    pub unit: Unit,
    /// Run that made the attempt.
    pub run_id: RunId,
    /// Its number among the unit's attempts, from 1.
    pub attempt: u32,
    /// Its state.
    pub status: Status,
    /// Its counts.
    pub counts: Counts,
    /// Further numbers by name, such as `rows_deleted` or `lag_ms`.
    pub metrics: BTreeMap<String, i64>,
    /// Fingerprint of the table's schema after the attempt.
    pub schema_fingerprint: Option<String>,
    /// Files that the attempt read.
    pub sources: Vec<SourceFile>,
    /// Folder that the attempt wrote.
    pub location: Option<String>,
    /// Start time.
    pub started: Timestamp,
    /// End time; none while it has not ended.
    pub ended: Option<Timestamp>,
    /// Reason of the failure.
    pub error: Option<String>,
}

impl Attempt {
    /// Returns an attempt that begins at `started`, without counts and sources.
    pub fn begin(unit: Unit, run_id: RunId, attempt: u32, status: Status, started: Timestamp) -> Self {
        Self {
            unit,
            run_id,
            attempt,
            status,
            counts: Counts::default(),
            metrics: BTreeMap::new(),
            schema_fingerprint: None,
            sources: Vec::new(),
            location: None,
            started,
            ended: None,
            error: None,
        }
    }

    /// Returns the date, if the unit's slice is one.
    pub fn date(&self) -> Option<ProcessingDate> {
        self.unit.slice.date()
    }
}

/// The latest status of each slice of one node.
pub type History = BTreeMap<Slice, Status>;

/// The latest status of each date of one collection.
pub type DayHistory = BTreeMap<ProcessingDate, Status>;
