//! Latest attempts at a pipeline's tables, by the ledger.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::catchup::{Attempt, Counts, Status, Unit};
use crate::identity::{JobName, NodeName};
use crate::jobs::run::{JobError, Services};
use crate::report;

/// Latest attempts at a pipeline's tables.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipelineHistory {
    /// The pipeline.
    pub pipeline: JobName,
    /// The profile.
    pub profile: String,
    /// Attempts, the latest first.
    pub attempts: Vec<PipelineAttempt>,
}

/// An attempt at one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PipelineAttempt {
    /// Sink.
    pub sink: NodeName,
    /// Part of the table: `whole`, or the date of the run.
    pub slice: String,
    /// Run that made the attempt.
    pub run_id: String,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// Status.
    pub status: Status,
    /// Start time.
    pub started: Timestamp,
    /// End time; null if it is running or died.
    pub ended: Option<Timestamp>,
    /// Counts of rows, files and bytes.
    pub counts: Counts,
    /// Numbers of a merge: `rows_inserted` and others.
    pub metrics: BTreeMap<String, i64>,
    /// Address of the rows.
    pub location: Option<String>,
    /// Error message, if it failed.
    pub error: Option<String>,
}

impl From<Attempt> for PipelineAttempt {
    fn from(attempt: Attempt) -> Self {
        let Attempt { unit, run_id, attempt, status, counts, metrics, location, started, ended, error, .. } = attempt;
        let (sink, slice, run_id) = (unit.node, unit.slice.to_string(), run_id.to_string());
        Self { sink, slice, run_id, attempt, status, started, ended, counts, metrics, location, error }
    }
}

/// Returns the latest attempts at a pipeline's tables, at most so many.
///
/// # Errors
/// There is no such pipeline; the ledger fails.
pub fn history(services: &Services, pipeline: &str, most: usize) -> Result<PipelineHistory, JobError> {
    let settings = services.environment.pipeline(pipeline)?;
    let mut attempts = Vec::new();
    for (sink, slices) in services.ledger.history(&settings.pipeline)? {
        // Those of one slice are in the order of time.
        for slice in slices.into_keys().rev().take(most) {
            let of_slice = services.ledger.attempts(&Unit::new(settings.pipeline.clone(), sink.clone(), slice))?;
            attempts.extend(of_slice.into_iter().rev().take(most).map(PipelineAttempt::from));
        }
    }
    attempts.sort_by(|one, other| (other.started, &one.sink).cmp(&(one.started, &other.sink)));
    attempts.truncate(most);
    let profile = services.environment.config.profile_name.clone();
    Ok(PipelineHistory { pipeline: settings.pipeline, profile, attempts })
}

impl PipelineHistory {
    /// Returns the attempts as a table for a person.
    pub fn to_text(&self) -> String {
        if self.attempts.is_empty() {
            return format!("{}: no run yet", self.pipeline);
        }
        let mut rows = report::table(&["began", "sink", "slice", "status", "seconds", "read", "written", "changes", "run"]);
        for attempt in &self.attempts {
            let seconds = attempt.ended.map(|ended| format!("{:.1}", ended.duration_since(attempt.started).as_secs_f64()));
            let changes = attempt.metrics.iter().filter(|(_, count)| **count > 0);
            let changes = changes.map(|(name, count)| format!("{count} {}", name.trim_start_matches("rows_")));
            rows.add_row([
                began(attempt.started),
                attempt.sink.to_string(),
                attempt.slice.clone(),
                attempt.status.to_string(),
                seconds.unwrap_or_default(),
                attempt.counts.rows_read.to_string(),
                attempt.counts.rows_written.to_string(),
                changes.collect::<Vec<_>>().join(", "),
                attempt.run_id.clone(),
            ]);
        }
        let errors = self.attempts.iter().filter_map(|attempt| Some((attempt, attempt.error.as_ref()?)));
        errors
            .fold(rows.to_string(), |text, (attempt, error)| format!("{text}\n{:.0} {}: {error}", attempt.started, attempt.sink))
    }
}

fn began(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
