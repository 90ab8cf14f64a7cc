//! One collection of one date, from its files to its partition.

mod check;
mod personal;
mod publish;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use crate::catchup::{Attempt, Counts, SourceFile, Status};
use crate::config::MissingFile;
use crate::identity::ProcessingDate;
use crate::lake::{Destination, QuarantineFile, TableLayout, TableWriter};
use crate::metastore::PartitionValue;
use crate::report::{CollectionProgress, DayReport, Outcome};
use crate::schema::ColumnName;
use crate::source::SourceKey;

use super::JobError;
use super::ingest::Run;
use super::module::Collection;
use super::pipeline;

/// Does one collection of one date and records how it ended. An error here is one that ends the whole run: the ledger
/// itself failed. Whatever else goes wrong is in the report.
pub(super) fn run(
    run: &Run<'_>,
    collection: &Collection,
    date: ProcessingDate,
    keys: Vec<SourceKey>,
) -> Result<DayReport, JobError> {
    let started = Instant::now();
    let mut day = Day::begin(run, collection, date, run.module.source.pick.choose(keys))?;
    let result = match day.keys.is_empty() {
        true => day.without_files(),
        // Polars panics on its own bugs: the ledger is to know of such an attempt too.
        false => std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| day.ingest()))
            .unwrap_or_else(|panic| Err(JobError::Bug(pipeline::panic_message(&*panic)))),
    };
    day.end(result, started)
}

/// What is known so far.
struct Day<'a> {
    run: &'a Run<'a>,
    collection: &'a Collection,
    date: ProcessingDate,
    keys: Vec<SourceKey>,
    /// Where the table lies, as far as that is known.
    layout: &'a TableLayout,
    /// The table's columns that are personal data, as far as that is known.
    personal: BTreeSet<ColumnName>,
    attempt: Attempt,
    report: DayReport,
}

impl<'a> Day<'a> {
    fn begin(run: &'a Run<'a>, collection: &'a Collection, date: ProcessingDate, keys: Vec<SourceKey>) -> Result<Self, JobError> {
        let earlier = run.services.ledger.attempts(&run.module.module, &collection.name, date)?;
        let sources = keys.iter().map(|key| SourceFile {
            key: key.object.key.clone(),
            size: key.object.size,
            etag: key.object.etag.clone(),
        });
        let number = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
        let (module, now) = (run.module.module.clone(), run.services.environment.clock.now());
        let mut attempt = Attempt::begin(module, collection.name.clone(), date, run.id, number, Status::InProgress, now);
        attempt.sources = sources.collect();
        let report = DayReport {
            date,
            collection: collection.name.clone(),
            outcome: Outcome::Failed,
            counts: Counts::default(),
            value_errors_by_column: BTreeMap::new(),
            schema_changes: Vec::new(),
            notes: Vec::new(),
            sources: keys.iter().map(|key| key.object.key.clone()).collect(),
            location: None,
            quarantine: None,
            failure: None,
            seconds: 0.0,
        };
        let (layout, personal) = (collection.layouts.of(true), collection.personal.clone());
        Ok(Self { run, collection, date, keys, layout, personal, attempt, report })
    }

    /// The table of contents.
    fn ingest(&mut self) -> Result<Outcome, JobError> {
        self.run.record(&self.attempt)?;
        let progress = self.progress();
        self.layout = self.run.layout(self.collection)?;
        let table = self.destination().registered()?;
        let (headers, evolution) = self.evolve(table.as_ref().map(|table| &table.schema))?;
        self.route(table.as_ref(), &headers, &evolution)?;
        let scratch = self.run.scratch.folder(&format!("{}-{}", self.collection.name, self.date))?;
        let mut quarantine = QuarantineFile::new(&scratch);
        let writer = TableWriter::new(&scratch, &evolution.after, self.run.file_settings());
        let (files, found) = self.write(&headers, &evolution, writer, &mut quarantine, &progress)?;
        self.count(&files, &found, quarantine.records());
        self.keep_quarantine(&mut quarantine)?;
        self.reconcile()?;
        self.check_limits(&found, quarantine.stand_for())?;
        self.publish(&evolution, &files)?;
        self.tell(&evolution);
        Ok(Outcome::Completed)
    }

    fn destination(&self) -> Destination<'a> {
        let destination = self.run.destination(self.collection, self.layout);
        Destination { pii: destination.pii || !self.personal.is_empty(), ..destination }
    }

    fn progress(&self) -> Arc<dyn CollectionProgress> {
        let bytes = self.keys.iter().map(|key| key.object.size).sum();
        Arc::from(self.run.progress.begin(self.date, &self.collection.name, bytes))
    }

    /// A date without a file: skipped, lost or failed.
    fn without_files(&self) -> Result<Outcome, JobError> {
        let (store, date) = (self.run.source.name().to_owned(), self.date);
        let pattern = self.collection.pattern.replace("{date}", &date.to_string());
        match (self.collection.missing, self.run.rules.expired(self.run.today, date)) {
            (MissingFile::Skip, _) => Ok(Outcome::Skipped),
            (MissingFile::Fail, Some(days)) => Err(JobError::Lost { store, pattern, date, days }),
            (MissingFile::Fail, None) => Err(JobError::Missing { store, pattern, date }),
        }
    }

    /// Records how it ended.
    fn end(mut self, result: Result<Outcome, JobError>, started: Instant) -> Result<DayReport, JobError> {
        let (outcome, status) = match &result {
            Ok(Outcome::Skipped) => (Outcome::Skipped, Status::Skipped),
            Ok(_) => (Outcome::Completed, Status::Completed),
            Err(JobError::Lost { .. }) => (Outcome::Lost, Status::Lost),
            Err(_) => (Outcome::Failed, Status::Failed),
        };
        self.report.outcome = outcome;
        self.attempt.status = status;
        self.attempt.ended = Some(self.run.services.environment.clock.now());
        if outcome != Outcome::Completed {
            // What was written lies in scratch only, and goes with it.
            let Counts { rows_read, rows_quarantined, value_errors, .. } = self.attempt.counts;
            self.attempt.counts = Counts { rows_read, rows_quarantined, value_errors, ..Counts::default() };
            self.report.counts = self.attempt.counts;
        }
        if let Err(error) = result {
            self.attempt.error = Some(error.to_string());
            self.report.failure = Some(error.failure());
            if error.ends_the_run() {
                return Err(error);
            }
        }
        self.keep_done()?;
        self.run.record(&self.attempt)?;
        if outcome == Outcome::Completed {
            self.sweep();
        }
        self.report.seconds = started.elapsed().as_secs_f64();
        Ok(self.report)
    }

    /// A date that is published stays done where nothing was found to do it again with: that is told once, not for ever.
    fn keep_done(&mut self) -> Result<(), JobError> {
        if !self.keys.is_empty() {
            return Ok(());
        }
        if let Some(location) = self.destination().current(&PartitionValue::from(self.date))? {
            self.attempt.status = Status::Completed;
            self.attempt.location = Some(location);
        }
        Ok(())
    }

    /// Removes what dead attempts at the date left. What fails here is left to the next attempt.
    fn sweep(&mut self) {
        if let Err(error) = self.destination().sweep_unpublished(self.date) {
            self.report.notes.push(format!("files that earlier attempts left could not be swept: {error}"));
        }
    }
}
