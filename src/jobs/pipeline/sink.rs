//! Publishing of one table, with a record of it.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::SignedDuration;

use crate::catchup::{Attempt, Counts, Seen, Status, Unit};
use crate::identity::{Causes, JobName, ProcessingDate};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::{Budget, JobError, PipelineError, Services};
use crate::report::{DayReport, Failure, Outcome};
use crate::schema::ColumnName;
use crate::sink::{Changes, Commit, Committed, StagedRows, TableSink};

use super::mode::{Merge, Mode};
use super::newest::Superseded;
use super::open_place::{OpenPlace, of_sink};
use super::staging::Staging;
use super::target::Target;
use super::work::Work;

/// State of a run that every sink needs.
pub(super) struct Publishing<'r> {
    pub(super) services: &'r Services,
    pub(super) job: &'r JobName,
    pub(super) lease: &'r KeptLease,
    pub(super) today: ProcessingDate,
    pub(super) budget: Budget,
    /// Places that the sources come from, for the report.
    pub(super) sources: Vec<String>,
    /// Notes about the sources.
    pub(super) notes: Vec<String>,
}

/// An attempt at one table.
pub(super) struct SinkAttempt<'r> {
    run: &'r Publishing<'r>,
    target: &'r Target<'r>,
    attempt: Attempt,
    report: DayReport,
    /// Address of the rows that readers see, by earlier attempts.
    seen: Option<String>,
    started: Instant,
}

impl<'r> SinkAttempt<'r> {
    /// Records in the ledger that the attempt began.
    pub(super) fn begin(run: &'r Publishing<'r>, target: &'r Target<'r>) -> Result<Self, JobError> {
        let unit = Unit::new(run.job.clone(), target.sink.name.clone(), target.sink.place.slice(run.today));
        let earlier = run.services.ledger.attempts(&unit)?;
        let number = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
        let seen = Seen::after(&earlier).rows().and_then(|attempt| attempt.location.clone());
        let now = run.services.environment.clock.now();
        let attempt = Attempt::begin(unit, run.lease.run_id(), number, Status::InProgress, now);
        let mut report = DayReport::begin(run.today, target.sink.name.clone());
        report.sources.clone_from(&run.sources);
        report.notes.clone_from(&run.notes);
        let begun = Self { run, target, attempt, report, seen, started: Instant::now() };
        begun.record()?;
        Ok(begun)
    }

    fn record(&self) -> Result<(), JobError> {
        Ok(self.run.services.ledger.record(self.run.lease.lease(), &self.attempt)?)
    }

    /// Publishes the rows, and records how that ended. An error ends the run.
    pub(super) fn publish(mut self, work: &Work<'_>) -> Result<DayReport, JobError> {
        match self.try_to_publish(work) {
            Ok(()) => {
                self.report.outcome = Outcome::Completed;
                self.end(Status::Completed)
            }
            Err(error) => {
                let failure = error.failure();
                let ends = error.ends_the_run();
                if ends && error.is_of_a_lost_lease() {
                    return Err(error);
                }
                let report = self.fail(&failure)?;
                if ends { Err(error) } else { Ok(report) }
            }
        }
    }

    /// Records that the attempt failed. What readers see is as it was.
    pub(super) fn fail(mut self, failure: &Failure) -> Result<DayReport, JobError> {
        let Counts { rows_read, value_errors, .. } = self.attempt.counts;
        self.attempt.counts = Counts { rows_read, value_errors, ..Counts::default() };
        self.report.counts = self.attempt.counts;
        self.attempt.error = Some(failure.message.clone());
        self.report.failure = Some(failure.clone());
        self.end(Status::Failed)
    }

    fn end(mut self, status: Status) -> Result<DayReport, JobError> {
        self.attempt.status = status;
        self.attempt.ended = Some(self.run.services.environment.clock.now());
        self.report.seconds = self.started.elapsed().as_secs_f64();
        self.record()?;
        Ok(self.report)
    }

    fn try_to_publish(&mut self, work: &Work<'_>) -> Result<(), JobError> {
        let (run, services) = (self.run, self.run.services);
        match &self.target.place {
            OpenPlace::Hive(place) => {
                let sink = place.sink(services, run.job, run.lease, run.budget);
                self.publish_to(&sink, work)?;
                let unpublished = sink.sweep_unpublished(&self.attempt.unit.slice);
                self.expire(&sink, place.target.sweep_after_hours, unpublished);
            }
            OpenPlace::Postgres(place) => {
                let sink = place.sink(services, run.job, run.lease, self.target.sink.mode.keys());
                let published = self.publish_to(&sink, work);
                published.map_err(|error| of_sink(&self.target.sink.name, error))?;
                self.expire(&sink, place.target.sweep_after_hours, Ok(0));
            }
        }
        Ok(())
    }

    fn publish_to<S: TableSink>(&mut self, sink: &S, work: &Work<'_>) -> Result<(), JobError>
    where
        JobError: From<S::Error>,
    {
        let (settings, evolution) = (self.target.sink.settings, &self.target.evolution);
        let rows = work.rows_of(&settings.from)?;
        let misfits = work.misfits_of(&settings.from);
        self.report.value_errors_by_column = misfits.iter().map(|(name, count)| (name.to_string(), *count)).collect();
        self.attempt.counts = Counts { rows_read: rows.rows(), value_errors: misfits.values().sum(), ..Counts::default() };
        match &self.target.sink.mode {
            mode if mode.may_empty() && rows.rows() == 0 && !settings.allow_empty => {
                let (from, table) = (settings.from.to_string(), self.target.sink.place.table());
                return Err(PipelineError::Empty { from, table }.into());
            }
            mode if !mode.may_empty() && rows.rows() == 0 && evolution.before.is_some() => {
                self.report.notes.push("there were no rows; the table stays as it was".to_owned());
                self.attempt.location.clone_from(&self.seen);
                self.report.location.clone_from(&self.seen);
                return Ok(());
            }
            _ => {}
        }
        let (superseded, marks) = match &self.target.sink.mode {
            // The database finds rows with the same key itself, and needs no memory of ours for it.
            Mode::Merge(merge) if merge.order_by.is_none() && matches!(self.target.place, OpenPlace::Postgres(_)) => {
                (Superseded::default(), Staging::marks(merge))
            }
            Mode::Merge(merge) => (Superseded::of(&settings.from, rows, merge)?, Staging::marks(merge)),
            Mode::Replace | Mode::Append => (Superseded::default(), None),
        };
        let stop = &self.run.services.environment.stop;
        let columns = self.target.place.staged(evolution, &self.target.rows);
        let mut staged = sink.begin(&self.attempt.unit.slice, &columns)?;
        let staging = Staging { node: &settings.from, rows, superseded: &superseded, marks };
        let (written, marked) = staging.write(&mut staged, stop).inspect_err(|_| staged.abort())?;
        self.attempt.counts =
            Counts { rows_written: written.rows, files: written.files, bytes: written.bytes, ..self.attempt.counts };
        self.report.counts = self.attempt.counts;
        if written.rows + marked + superseded.count() != rows.rows() {
            staged.abort();
            return Err(JobError::Bug(format!(
                "{} rows were read, but {} written; nothing was published",
                rows.rows(),
                written.rows
            )));
        }
        stop.check().inspect_err(|_| staged.abort())?;
        self.attempt.schema_fingerprint = Some(evolution.after.fingerprint().to_string());
        let ddl = self.target.place.ddl(self.run.services, self.run.job, evolution, self.target.sink.mode.keys())?;
        let table = sink.evolve(evolution, &BTreeSet::new()).inspect_err(|_| staged.abort())?;
        let commit = match &self.target.sink.mode {
            Mode::Replace => Commit::Replace,
            Mode::Merge(Merge { keys, missing, .. }) => Commit::Merge { keys, missing: *missing },
            Mode::Append => match work.first_of(&settings.from) {
                Some((column, first)) => Commit::ReplaceFrom { column, first },
                None => Commit::Append,
            },
        };
        let Committed { location, changes } = sink.commit(&table, &staged, &commit)?;
        self.attempt.location = Some(location.clone());
        self.report.location = Some(location);
        if self.target.sink.mode.adds() {
            self.tell_changes(changes, superseded.count(), marked);
        }
        self.tell(ddl);
        Ok(())
    }

    /// Adds what became of the rows of a merge: read = inserted + updated + unchanged + superseded + marked.
    fn tell_changes(&mut self, changes: Changes, superseded: u64, marked: u64) {
        let Changes { inserted, updated, unchanged, deleted } = changes;
        let counts = [
            ("inserted", inserted),
            ("updated", updated),
            ("unchanged", unchanged),
            ("superseded", superseded),
            ("marked", marked),
            ("deleted", deleted),
        ];
        let told = counts.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}"));
        let told = told.collect::<Vec<_>>().join(", ");
        self.report.notes.push(format!("rows: {told}"));
        let metric = |(what, count)| (format!("rows_{what}"), i64::try_from(count).unwrap_or(i64::MAX));
        self.attempt.metrics.extend(counts.map(metric));
        self.report.metrics.clone_from(&self.attempt.metrics);
    }

    /// Adds to the report what became of the table.
    fn tell(&mut self, ddl: Vec<String>) {
        let evolution = &self.target.evolution;
        self.report.schema_changes.extend(ddl);
        let listed = |names: &[ColumnName]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        for (names, what) in [
            (&evolution.filled, "columns that the rows do not have, filled with null"),
            (&evolution.ignored, "new columns ignored"),
        ] {
            if !names.is_empty() {
                self.report.notes.push(format!("{what}: {}", listed(names)));
            }
        }
    }

    /// Deletes what was replaced long enough ago. A failure is told, and left to the next run, as is that of a clean-up before.
    fn expire<S: TableSink>(&mut self, sink: &S, hours: u16, before: Result<usize, S::Error>) {
        let hours = SignedDuration::from_hours(hours.into());
        if let Err(error) = before.and_then(|_| sink.expire(hours)) {
            self.report.notes.push(format!("what earlier attempts left could not be deleted: {}", Causes(&error)));
        }
    }
}
