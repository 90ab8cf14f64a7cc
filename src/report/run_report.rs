//! Report of a run as data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catchup::Counts;
use crate::identity::{CollectionName, ErrorKind, ModuleName, ProcessingDate, RunId};

use super::{Difference, ExitCode, LateFiles, Stages};

/// The outcome of one date of one collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Published and recorded.
    Completed,
    /// Not published; the data that readers see is unchanged.
    Failed,
    /// The source had no file, and the module allows that.
    Skipped,
    /// The source deleted its file before it was read.
    Lost,
}

/// An error of a run or of a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Kind of the error.
    pub exit_code: ErrorKind,
    /// Message: the action, its object and the error.
    pub message: String,
    /// Hint for the operator.
    pub hint: Option<String>,
}

/// The report on one date of one collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayReport {
    /// Processing date.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Outcome.
    pub outcome: Outcome,
    /// Counts of rows, files and bytes.
    #[serde(flatten)]
    pub counts: Counts,
    /// Further numbers by name, such as `rows_updated`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, i64>,
    /// Invalid values (cast errors), by column.
    pub value_errors_by_column: BTreeMap<String, u64>,
    /// Changes to the table, as statements.
    pub schema_changes: Vec<String>,
    /// Notes for a person, apart from failures.
    pub notes: Vec<String>,
    /// The files that were read.
    pub sources: Vec<String>,
    /// Location of the published files.
    pub location: Option<String>,
    /// Location of the quarantined records.
    pub quarantine: Option<String>,
    /// Error, if it failed or was lost.
    pub failure: Option<Failure>,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// Wall time by stage, in seconds.
    #[serde(default)]
    pub stages: Stages,
}

impl DayReport {
    /// Creates the report of a date, with the outcome [`Outcome::Failed`] until another is set.
    pub fn begin(date: ProcessingDate, collection: CollectionName) -> Self {
        Self {
            date,
            collection,
            outcome: Outcome::Failed,
            counts: Counts::default(),
            metrics: BTreeMap::new(),
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

    /// Creates the report of a date that failed before it was begun.
    pub fn failed(date: ProcessingDate, collection: CollectionName, failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::begin(date, collection) }
    }
}

/// The delivery of a message about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// Channel.
    pub channel: String,
    /// Error of the delivery; null if it succeeded.
    pub error: Option<String>,
}

/// The report on one run of a module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The run.
    pub run_id: RunId,
    /// The module.
    pub module: ModuleName,
    /// The profile.
    pub profile: String,
    /// Start time.
    pub started: Timestamp,
    /// End time.
    pub ended: Timestamp,
    /// Reports on each date of each collection, in the order of execution.
    pub days: Vec<DayReport>,
    /// Error that ended the run before all its dates were tried.
    pub ended_by: Option<Failure>,
    /// Commands that run again only the dates that failed or were not reached.
    pub rerun: Vec<String>,
    /// Command that sends readers back to the data they saw before, if anything was published.
    #[serde(default)]
    pub undo: Option<String>,
    /// Tables that other tools changed after their publishing, as found at the end of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Command that repairs the differences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
    /// Dates that are done and for which the source has unread files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateFiles>,
    /// Commands that load the dates with late files again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rerun_late: Vec<String>,
    /// Deliveries of the notification, by channel.
    pub notified: Vec<Notified>,
    /// Wall time of the stages that run once for all dates, in seconds.
    #[serde(default)]
    pub stages: Stages,
}

impl RunReport {
    /// Returns the report of a run that did nothing yet.
    pub fn begin(run_id: RunId, module: ModuleName, profile: String, started: Timestamp, ended: Timestamp) -> Self {
        Self {
            run_id,
            module,
            profile,
            started,
            ended,
            days: Vec::new(),
            ended_by: None,
            rerun: Vec::new(),
            undo: None,
            differences: Vec::new(),
            repair: None,
            late: Vec::new(),
            rerun_late: Vec::new(),
            notified: Vec::new(),
            stages: Stages::new(),
        }
    }

    /// Returns the exit code: that of the error that ended the run early; else, if dates failed or were lost, partial if others
    /// were done and that of the first failure if none was; else partial if other tools changed published data.
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
