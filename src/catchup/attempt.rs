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
    /// An attempt began, and did not end or has not ended yet.
    #[serde(rename = "In-Progress")]
    InProgress,
    /// The partition is registered.
    Completed,
    /// The last attempt failed.
    Failed,
    /// The source had no file, and the module says that this is no failure.
    Skipped,
    /// The source has deleted its file before it was read; named once, not tried again.
    Lost,
    /// What was published is to be built anew. Until then readers see it where the attempt says; where it says nowhere, it was taken
    /// from them.
    #[serde(rename = "Cleaned-Up")]
    CleanedUp,
}

impl Status {
    /// Whether catching up leaves the date alone.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped | Self::Lost)
    }

    /// The word that the ledger stores.
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

    /// Reads what [`as_str`](Self::as_str) writes.
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
    /// Its key in the source store.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// What the store says identifies its content.
    pub etag: Option<String>,
}

/// What an attempt counted. Rows read = rows written + rows quarantined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Records that the parser split from the files, headers not counted.
    pub rows_read: u64,
    /// Rows in the Parquet files, by their own footers.
    pub rows_written: u64,
    /// Records that could not be read as rows.
    pub rows_quarantined: u64,
    /// Values that did not fit their column.
    pub value_errors: u64,
    /// Parquet files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Counts {
    /// Adds those of another attempt.
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
    /// The run that made it.
    pub run_id: RunId,
    /// Its number among the unit's attempts, from 1.
    pub attempt: u32,
    /// Its state.
    pub status: Status,
    /// Its counts.
    pub counts: Counts,
    /// Further numbers by name, such as `rows_deleted` or `lag_ms`.
    pub metrics: BTreeMap<String, i64>,
    /// The fingerprint of the table's schema after it.
    pub schema_fingerprint: Option<String>,
    /// The files that it read.
    pub sources: Vec<SourceFile>,
    /// The folder that it wrote.
    pub location: Option<String>,
    /// The time at which it began.
    pub started: Timestamp,
    /// The time at which it ended.
    pub ended: Option<Timestamp>,
    /// The reason for which it failed.
    pub error: Option<String>,
}

impl Attempt {
    /// An attempt that begins.
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

    /// The day, where the unit is one.
    pub fn date(&self) -> Option<ProcessingDate> {
        self.unit.slice.date()
    }
}

/// The latest status of each slice of one node.
pub type History = BTreeMap<Slice, Status>;

/// The latest status of each date of one collection.
pub type DayHistory = BTreeMap<ProcessingDate, Status>;
