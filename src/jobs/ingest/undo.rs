//! Undo of a run, which sends readers back to what they saw before it: for a clean-up that lost too much, or a rerun of a file
//! that was wrong.

use jiff::Timestamp;

use crate::catchup::{Attempt, DayHistory, Seen, Status};
use crate::identity::{ProcessingDate, RunId};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::{JobError, RunOptions, Scope, Services};
use crate::lake::HiveSink;
use crate::report::{Undoing, Undone};
use crate::sink::{Extent, Reverted, Revision, TableSink};

use super::context::Context;
use super::module::{Collection, collections};
use super::slices::in_slices;
use super::summary::KeptSummary;

/// Undoes what the run `undone` did to the dates of the scope. Idempotent: a second undo changes nothing. An undo has a run id of
/// its own, and can be undone too.
///
/// # Errors
/// The run did nothing to any of the dates; the lease is held; the ledger, the metastore or the store fails. Dates that can't be
/// undone are in the result.
pub fn undo(services: &Services, scope: &Scope, undone: RunId) -> Result<Vec<Undone>, JobError> {
    let now = services.environment.clock.now();
    let module = services.environment.module(&scope.job, scope.load)?;
    let collections = collections(&module, &scope.collections)?;
    let scope = &in_slices(&module, scope)?;
    let lease = KeptLease::take(&services.ledger, &services.environment.clock, &module.module, None)?;
    let summary = KeptSummary::take_over(&*services.ledger, &lease, &module)?;
    let context = Context::new(services, &module, &RunOptions::without_reading(), now, lease.run_id())?;
    let history = services.ledger.days(&module.module)?;
    let mut done = Vec::new();
    for collection in &collections {
        let dates = asked(scope, history.get(&collection.name));
        let table = Table { context: &context, collection, lease: &lease, undone };
        for date in dates {
            services.environment.stop.check()?;
            done.extend(table.undo(date)?);
        }
    }
    summary.settle();
    if done.is_empty() {
        return Err(JobError::Usage {
            message: format!("the run {undone} did nothing to any of these dates of `{}`", module.module),
            hint: Some(format!("`adg history --module {}` shows runs and their dates", module.module)),
        });
    }
    done.sort_by(|a: &Undone, b| (a.date, &a.collection).cmp(&(b.date, &b.collection)));
    Ok(done)
}

fn asked(scope: &Scope, history: Option<&DayHistory>) -> Vec<ProcessingDate> {
    let dates = history.into_iter().flat_map(|days| days.keys().copied());
    dates.filter(|date| scope.dates.include(*date)).collect()
}

/// Location to which readers are sent back.
struct Before {
    location: String,
    /// Attempt that wrote it; none if another tool did.
    written: Option<Attempt>,
}

/// A collection's table, and the run that is undone.
struct Table<'u> {
    context: &'u Context<'u>,
    collection: &'u Collection,
    lease: &'u KeptLease,
    undone: RunId,
}

impl Table<'_> {
    /// Undoes the run for one date. None if the run did nothing to the date.
    fn undo(&self, date: ProcessingDate) -> Result<Option<Undone>, JobError> {
        let name = &self.collection.name;
        let attempts = self.context.ledger.attempts(&self.context.unit(self.collection, date))?;
        if !attempts.iter().any(|attempt| attempt.run_id == self.undone) {
            return Ok(None);
        }
        let before = self.before(date, &attempts)?;
        let location = before.as_ref().map(|before| before.location.as_str());
        let outcome = match (self.done_since(&attempts, location), before) {
            (Some(later), _) => Undoing::Kept(format!("the run {later} published it later; undo that run first")),
            (None, Some(before)) => self.send_back(date, &attempts, before)?,
            (None, None) => self.unpublish(date, &attempts)?,
        };
        Ok(Some(Undone { date, collection: name.clone(), outcome }))
    }

    /// Returns the location that readers saw when the run began; none if nothing.
    fn before(&self, date: ProcessingDate, attempts: &[Attempt]) -> Result<Option<Before>, JobError> {
        let earlier = attempts.partition_point(|attempt| attempt.run_id < self.undone);
        Ok(match Seen::after(&attempts[..earlier]) {
            Seen::Rows(attempt) => attempt.location.clone().map(|location| {
                let written = (attempt.counts.files > 0).then(|| attempt.clone());
                Before { location, written }
            }),
            Seen::Nothing => None,
            Seen::Unknown => {
                let sink = self.sink()?;
                let theirs = sink.replaced_of_others(&sink.at.layout.value(date))?;
                theirs.map(|location| Before { location, written: None })
            }
        })
    }

    /// Returns the latest later run that published the date, if it published something else than `before`.
    fn done_since(&self, attempts: &[Attempt], before: Option<&str>) -> Option<RunId> {
        let published = |attempt: &&Attempt| attempt.status == Status::Completed && attempt.run_id > self.undone;
        let latest = attempts.iter().rfind(published)?;
        (latest.location.as_deref() != before).then_some(latest.run_id)
    }

    /// Unpublishes a date of which readers saw nothing before. The ledger is written first: if killed in between, the next run
    /// loads the date again.
    fn unpublish(&self, date: ProcessingDate, attempts: &[Attempt]) -> Result<Undoing, JobError> {
        if !attempts.iter().any(|attempt| attempt.run_id == self.undone && attempt.status == Status::Completed) {
            return Ok(Undoing::Kept("that run published nothing of it".to_owned()));
        }
        let now = self.context.clock.now();
        self.context.ledger.record(self.lease.lease(), &self.attempt(date, 0, Status::CleanedUp, now))?;
        self.sink()?.revert(&date.into(), None)?;
        Ok(Undoing::Unpublished)
    }

    fn attempt(&self, date: ProcessingDate, number: u32, status: Status, now: Timestamp) -> Attempt {
        Attempt::begin(self.context.unit(self.collection, date), self.lease.run_id(), number, status, now)
    }

    fn send_back(&self, date: ProcessingDate, attempts: &[Attempt], before: Before) -> Result<Undoing, JobError> {
        let Before { location, written } = before;
        let revision = Revision {
            location,
            extent: written.as_ref().and_then(|attempt| Extent::written(&attempt.counts)),
            schema_fingerprint: written.as_ref().and_then(|attempt| attempt.schema_fingerprint.clone()),
        };
        let reverted = self.sink()?.revert(&date.into(), Some(&revision))?;
        let location = revision.location;
        match reverted {
            Reverted::Refused(_) => {
                Ok(Undoing::Kept(format!("its files are no longer all at `{location}`: they were deleted after their retention")))
            }
            Reverted::Done(found) => {
                self.record(date, attempts.len(), written, &location, &found)?;
                Ok(Undoing::SentBack { location, rows: found.rows })
            }
        }
    }

    /// Records in the ledger again what it said when that location was published.
    fn record(
        &self,
        date: ProcessingDate,
        earlier: usize,
        written: Option<Attempt>,
        location: &str,
        found: &Extent,
    ) -> Result<(), JobError> {
        let now = self.context.clock.now();
        let number = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
        let mut attempt = self.attempt(date, number, Status::Completed, now);
        attempt.ended = Some(now);
        attempt.location = Some(location.to_owned());
        match written {
            Some(written) => {
                (attempt.counts, attempt.sources) = (written.counts, written.sources);
                attempt.schema_fingerprint = written.schema_fingerprint;
            }
            None => {
                attempt.counts.rows_written = found.rows;
                (attempt.counts.files, attempt.counts.bytes) = (found.files, found.bytes);
            }
        }
        Ok(self.context.ledger.record(self.lease.lease(), &attempt)?)
    }

    fn sink(&self) -> Result<HiveSink<'_>, JobError> {
        Ok(self.context.sink(self.collection, self.context.layout(self.collection)?, self.lease))
    }
}
