//! Publishing of one table, with a record of it.

use std::time::Instant;

use crate::catchup::{Attempt, Counts, Status, Unit};
use crate::identity::{Causes, ProcessingDate};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::{JobError, PipelineError, Services};
use crate::lake::{FileSettings, HiveSink, LakeError, TableHandle};
use crate::metastore::create_table_ddl;
use crate::report::{DayReport, Failure, Outcome};
use crate::sink::{Commit, StagedRows, TableSink};

use super::prepared::Target;
use super::work::Work;

/// State of a run that every sink needs.
pub(super) struct Publishing<'r> {
    pub(super) services: &'r Services,
    pub(super) lease: &'r KeptLease,
    pub(super) today: ProcessingDate,
    pub(super) row_group_bytes: usize,
    pub(super) file_bytes: usize,
    /// Places that the sources come from, for the report.
    pub(super) sources: Vec<String>,
}

/// An attempt at one table.
pub(super) struct SinkAttempt<'r> {
    run: &'r Publishing<'r>,
    target: &'r Target<'r>,
    attempt: Attempt,
    report: DayReport,
    started: Instant,
}

impl<'r> SinkAttempt<'r> {
    /// Records in the ledger that the attempt began.
    pub(super) fn begin(
        run: &'r Publishing<'r>,
        job: &crate::identity::JobName,
        target: &'r Target<'r>,
    ) -> Result<Self, JobError> {
        let unit = Unit::new(job.clone(), target.sink.name.clone(), target.sink.slice(run.today));
        let earlier = run.services.ledger.attempts(&unit)?.len();
        let number = u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1);
        let now = run.services.environment.clock.now();
        let attempt = Attempt::begin(unit, run.lease.run_id(), number, Status::InProgress, now);
        let mut report = DayReport::begin(run.today, target.sink.name.clone());
        report.sources.clone_from(&run.sources);
        let begun = Self { run, target, attempt, report, started: Instant::now() };
        begun.record()?;
        Ok(begun)
    }

    fn record(&self) -> Result<(), JobError> {
        Ok(self.run.services.ledger.record(self.run.lease.lease(), &self.attempt)?)
    }

    /// Publishes the rows, and records how that ended. An error ends the run.
    pub(super) fn publish(mut self, work: &Work<'_>, job: &'r crate::identity::JobName) -> Result<DayReport, JobError> {
        match self.try_to_publish(work, job) {
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

    fn sink(&self, job: &'r crate::identity::JobName) -> HiveSink<'r> {
        let (Target { sink, store, .. }, services) = (self.target, self.run.services);
        let target = &sink.settings.hive;
        HiveSink {
            at: TableHandle { store, metastore: &*services.metastore, module: job, table: &target.table, layout: &sink.layout },
            ledger: &*services.ledger,
            lease: self.run.lease.lease(),
            run: self.run.lease.run_id(),
            pii: target.pii,
            files: FileSettings {
                timestamps: target.timestamps,
                row_group_bytes: self.run.row_group_bytes,
                file_bytes: self.run.file_bytes,
            },
            clock: &*services.environment.clock,
        }
    }

    fn try_to_publish(&mut self, work: &Work<'_>, job: &'r crate::identity::JobName) -> Result<(), JobError> {
        let (settings, evolution) = (self.target.sink.settings, &self.target.evolution);
        let rows = work.rows_of(&settings.from)?;
        let misfits = work.misfits_of(&settings.from);
        self.report.value_errors_by_column = misfits.iter().map(|(name, count)| (name.to_string(), *count)).collect();
        self.attempt.counts = Counts { rows_read: rows.rows(), value_errors: misfits.values().sum(), ..Counts::default() };
        if rows.rows() == 0 && !settings.allow_empty {
            let (from, table) = (settings.from.to_string(), settings.hive.table.to_string());
            return Err(PipelineError::Empty { from, table }.into());
        }
        let sink = self.sink(job);
        let stop = &self.run.services.environment.stop;
        let mut staged = sink.begin(&self.attempt.unit.slice, &evolution.after)?;
        let failed = |source| PipelineError::Sql { node: settings.from.to_string(), source };
        let written = rows.batches().try_for_each(|batch| {
            stop.check()?;
            Ok(staged.write(&batch.map_err(failed)?)?)
        });
        let written = written.and_then(|()| Ok(staged.finish()?)).inspect_err(|_: &JobError| staged.abort())?;
        self.attempt.counts =
            Counts { rows_written: written.rows, files: written.files, bytes: written.bytes, ..self.attempt.counts };
        self.report.counts = self.attempt.counts;
        if written.rows != rows.rows() {
            staged.abort();
            return Err(JobError::Bug(format!(
                "{} rows were read, but {} written; nothing was published",
                rows.rows(),
                written.rows
            )));
        }
        stop.check().inspect_err(|_| staged.abort())?;
        self.attempt.schema_fingerprint = Some(evolution.after.fingerprint().to_string());
        let table = sink.evolve(evolution, &std::collections::BTreeSet::new()).inspect_err(|_| staged.abort())?;
        let location = sink.commit(&table, &staged, &Commit::Replace)?;
        self.attempt.location = Some(location.clone());
        self.report.location = Some(location);
        self.tell(job)
    }

    /// Adds to the report what became of the table, and deletes what earlier attempts left.
    fn tell(&mut self, job: &'r crate::identity::JobName) -> Result<(), JobError> {
        let (settings, evolution) = (self.target.sink.settings, &self.target.evolution);
        if evolution.before.is_none() {
            let table = self.run.services.metastore.table(&settings.hive.table)?;
            self.report.schema_changes.extend(table.as_ref().map(create_table_ddl));
        } else {
            self.report.schema_changes.extend(evolution.ddl(&settings.hive.table.to_string()));
        }
        let listed = |names: &[crate::schema::ColumnName]| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        for (names, what) in [
            (&evolution.filled, "columns that the rows do not have, filled with null"),
            (&evolution.ignored, "new columns ignored"),
        ] {
            if !names.is_empty() {
                self.report.notes.push(format!("{what}: {}", listed(names)));
            }
        }
        let sink = self.sink(job);
        let hours = jiff::SignedDuration::from_hours(settings.hive.sweep_after_hours.into());
        let swept: Result<usize, LakeError> =
            sink.sweep_unpublished(&self.attempt.unit.slice).and_then(|unpublished| Ok(unpublished + sink.expire(hours)?));
        if let Err(error) = swept {
            self.report.notes.push(format!("files that earlier attempts left could not be swept: {}", Causes(&error)));
        }
        Ok(())
    }
}
