//! A run as data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catchup::Counts;
use crate::identity::{CollectionName, ErrorKind, ModuleName, ProcessingDate, RunId};

use super::{Difference, ExitCode, LateFiles, Stages};

/// How one date of one collection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Published and recorded.
    Completed,
    /// Not published; readers see what they saw before.
    Failed,
    /// The source had no file, and the module says that this is no failure.
    Skipped,
    /// The source has deleted its file before it was read.
    Lost,
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Its kind.
    pub exit_code: ErrorKind,
    /// What was being done, on what, and what went wrong.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

/// One date of one collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayReport {
    /// The day.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// How it ended.
    pub outcome: Outcome,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Values that did not fit, by column.
    pub value_errors_by_column: BTreeMap<String, u64>,
    /// What was done to the table, as statements.
    pub schema_changes: Vec<String>,
    /// What a person should know though nothing failed.
    pub notes: Vec<String>,
    /// The files that were read.
    pub sources: Vec<String>,
    /// Where the published files are.
    pub location: Option<String>,
    /// Where the quarantined records are.
    pub quarantine: Option<String>,
    /// Why it failed or was lost.
    pub failure: Option<Failure>,
    /// Wall time.
    pub seconds: f64,
    /// What of it each stage took.
    #[serde(default)]
    pub stages: Stages,
}

impl DayReport {
    /// Of a date that failed unless more is said of it.
    pub fn begin(date: ProcessingDate, collection: CollectionName) -> Self {
        Self {
            date,
            collection,
            outcome: Outcome::Failed,
            counts: Counts::default(),
            value_errors_by_column: BTreeMap::new(),
            schema_changes: Vec::new(),
            notes: Vec::new(),
            sources: Vec::new(),
            location: None,
            quarantine: None,
            failure: None,
            seconds: 0.0,
            stages: Stages::new(),
        }
    }

    /// Of a date that failed before it was begun.
    pub fn failed(date: ProcessingDate, collection: CollectionName, failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::begin(date, collection) }
    }
}

/// What became of a message about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// Where it was to go.
    pub channel: String,
    /// Why it did not come there, as far as is known.
    pub error: Option<String>,
}

/// One run of a module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The run.
    pub run_id: RunId,
    /// The module.
    pub module: ModuleName,
    /// The profile.
    pub profile: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Each date of each collection, in the order in which they were done.
    pub days: Vec<DayReport>,
    /// Why the run ended before all its dates were tried.
    pub ended_by: Option<Failure>,
    /// The commands that run again just what failed or was not reached.
    pub rerun: Vec<String>,
    /// The command that sends readers back to what they saw before, where anything was published.
    #[serde(default)]
    pub undo: Option<String>,
    /// Tables that others changed since they were published, as was found at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// The command that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
    /// Dates that are done and for which the source has files that were not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateFiles>,
    /// The commands that do them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rerun_late: Vec<String>,
    /// Whom it was told.
    pub notified: Vec<Notified>,
    /// Seconds of what was done once for all dates.
    #[serde(default)]
    pub stages: Stages,
}

impl RunReport {
    /// The code that tells how the run ended: that of what ended it early, or of the first failure where nothing was done, else
    /// partial; where nothing failed and others changed what was published before, partial too.
    pub fn exit_code(&self) -> ExitCode {
        if let Some(ended) = &self.ended_by {
            return ended.exit_code.into();
        }
        let done = self.days.iter().any(|day| day.outcome == Outcome::Completed);
        match self.days.iter().find_map(|day| day.failure.as_ref()) {
            None if self.differences.is_empty() => ExitCode::Done,
            None => ErrorKind::Partial.into(),
            Some(_) if done => ErrorKind::Partial.into(),
            Some(failure) => failure.exit_code.into(),
        }
    }
}
