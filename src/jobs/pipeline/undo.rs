//! Undo of a run, which sends readers of its tables back to what they saw before it.

use crate::catchup::{Attempt, Seen, Slice, Status, Unit};
use crate::identity::{JobName, RunId};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::{Budget, JobError, LEAST_MEMORY, Services};
use crate::report::{self, Undoing};
use crate::sink::{Extent, Reverted, Revision, TableSink};

use super::checked::{Checked, Sink};
use super::open_place::{OpenPlace, of_sink};

/// Results of an undo, for each part of a table that the run changed.
pub struct PipelineUndone(Vec<(String, Slice, Undoing)>);

/// Undoes what a run did to the tables of a pipeline. Idempotent: a second undo changes nothing. An undo has a run id of its own,
/// and can be undone too.
///
/// # Errors
/// The run did nothing to any of the tables; the lease is held; a service fails. Tables that can't be undone are in the result.
pub fn undo(services: &Services, pipeline: &str, undone: RunId) -> Result<PipelineUndone, JobError> {
    let settings = services.environment.pipeline(pipeline)?;
    let checked = Checked::new(&settings)?;
    let lease = KeptLease::take(&services.ledger, &services.environment.clock, &settings.pipeline, None)?;
    let history = services.ledger.history(&settings.pipeline)?;
    let mut results = Vec::new();
    for sink in &checked.sinks {
        for slice in history.get(&sink.name).into_iter().flat_map(|slices| slices.keys()) {
            services.environment.stop.check()?;
            let table = Table { services, checked: &checked, sink, lease: &lease, undone };
            let outcome = table.undo(slice).map_err(|error| of_sink(&sink.name, error))?;
            results.extend(outcome.map(|outcome| (sink.name.to_string(), slice.clone(), outcome)));
        }
    }
    if results.is_empty() {
        return Err(JobError::Usage {
            message: format!("the run {undone} did nothing to the tables of `{pipeline}`"),
            hint: Some(format!("`adg pipeline history {pipeline}` shows runs")),
        });
    }
    Ok(PipelineUndone(results))
}

impl PipelineUndone {
    /// Returns true if each table is as it was before the run.
    pub fn is_whole(&self) -> bool {
        self.0.iter().all(|(.., outcome)| !matches!(outcome, Undoing::Kept(_)))
    }

    /// Returns the results as a table for a person.
    pub fn to_text(&self) -> String {
        let mut rows = report::table(&["sink", "slice", "rows", "result"]);
        for (sink, slice, outcome) in &self.0 {
            let (count, what) = match outcome {
                Undoing::SentBack { rows, location } => (rows.to_string(), location.clone()),
                Undoing::Unpublished => ("-".to_owned(), "unpublished; the next run publishes it".to_owned()),
                Undoing::Kept(reason) => ("-".to_owned(), format!("unchanged: {reason}")),
            };
            rows.add_row([sink.clone(), slice.to_string(), count, what]);
        }
        rows.to_string()
    }
}

/// A table, and the run that is undone.
struct Table<'u> {
    services: &'u Services,
    checked: &'u Checked<'u>,
    sink: &'u Sink<'u>,
    lease: &'u KeptLease,
    undone: RunId,
}

impl Table<'_> {
    fn job(&self) -> &JobName {
        &self.checked.pipeline.pipeline
    }

    fn unit(&self, slice: &Slice) -> Unit {
        Unit::new(self.job().clone(), self.sink.name.clone(), slice.clone())
    }

    /// Undoes the run for one slice; none if the run published nothing of it.
    fn undo(&self, slice: &Slice) -> Result<Option<Undoing>, JobError> {
        let attempts = self.services.ledger.attempts(&self.unit(slice))?;
        let is_published = |attempt: &&Attempt| attempt.run_id == self.undone && attempt.status == Status::Completed;
        if !attempts.iter().any(|attempt| is_published(&attempt)) {
            return Ok(None);
        }
        let earlier = attempts.partition_point(|attempt| attempt.run_id < self.undone);
        let before = Seen::after(&attempts[..earlier]).rows();
        let location = before.and_then(|attempt| attempt.location.as_deref());
        if let Some(later) = self.published_later(&attempts, location) {
            return Ok(Some(Undoing::Kept(format!("the run {later} published it later; undo that run first"))));
        }
        let place = OpenPlace::new(self.services, self.checked.pipeline, &format!("sinks.{}", self.sink.name), &self.sink.place)?;
        let number = attempts.len();
        let outcome = match &place {
            OpenPlace::Hive(place) => self.send_back(
                &place.sink(self.services, self.job(), self.lease, Budget::new(LEAST_MEMORY, 1)),
                slice,
                before,
                number,
            ),
            OpenPlace::Postgres(place) => {
                let sink = place.sink(self.services, self.job(), self.lease, self.sink.mode.keys());
                self.send_back(&sink, slice, before, number)
            }
        };
        outcome.map(Some)
    }

    /// Returns the latest later run that published the slice, if it published something else than what is restored.
    fn published_later(&self, attempts: &[Attempt], before: Option<&str>) -> Option<RunId> {
        let published = |attempt: &&Attempt| attempt.status == Status::Completed && attempt.run_id > self.undone;
        let latest = attempts.iter().rfind(published)?;
        (latest.location.as_deref() != before).then_some(latest.run_id)
    }

    /// Sends readers back to the rows of an attempt, or unpublishes the slice if there is none.
    fn send_back<S: TableSink>(
        &self,
        sink: &S,
        slice: &Slice,
        before: Option<&Attempt>,
        earlier: usize,
    ) -> Result<Undoing, JobError>
    where
        JobError: From<S::Error>,
    {
        let Some((before, location)) = before.and_then(|before| Some((before, before.location.clone()?))) else {
            if let Reverted::Refused(found) = sink.revert(slice, None)? {
                return Ok(Undoing::Kept(format!("{} rows are there, and not only those of that run", found.rows)));
            }
            self.record(slice, 0, Status::CleanedUp, |_| ())?;
            return Ok(Undoing::Unpublished);
        };
        // Counts of a merge are those of its own rows.
        let extent = before.metrics.is_empty().then_some(Extent {
            files: before.counts.files,
            bytes: before.counts.bytes,
            rows: before.counts.rows_written,
        });
        let revision = Revision { location: location.clone(), extent, schema_fingerprint: before.schema_fingerprint.clone() };
        let reason = match sink.revert(slice, Some(&revision))? {
            Reverted::Done(found) => {
                let number = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
                self.record(slice, number, Status::Completed, |attempt| {
                    attempt.location = Some(location.clone());
                    attempt.counts = before.counts;
                    attempt.metrics.clone_from(&before.metrics);
                    attempt.schema_fingerprint.clone_from(&before.schema_fingerprint);
                })?;
                return Ok(Undoing::SentBack { location, rows: found.rows });
            }
            Reverted::Refused(_) => format!(
                "its earlier rows are no longer all at `{location}`: they were deleted after their retention, or a merge changed \
                 them in the database"
            ),
        };
        Ok(Undoing::Kept(reason))
    }

    fn record(&self, slice: &Slice, number: u32, status: Status, set: impl FnOnce(&mut Attempt)) -> Result<(), JobError> {
        let now = self.services.environment.clock.now();
        let mut attempt = Attempt::begin(self.unit(slice), self.lease.run_id(), number, status, now);
        attempt.ended = (status == Status::Completed).then_some(now);
        set(&mut attempt);
        Ok(self.services.ledger.record(self.lease.lease(), &attempt)?)
    }
}
