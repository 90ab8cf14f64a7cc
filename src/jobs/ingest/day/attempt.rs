//! An attempt at one collection of one date.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use bytesize::ByteSize;

use crate::catchup::{Attempt, Status, Unit, WindowRules};
use crate::config::MissingFile;
use crate::identity::{Causes, ProcessingDate};
use crate::lake::{HiveSink, LakeError, QuarantineFile, StagedFiles, TableLayout};
use crate::metastore::Table;
use crate::report::{CollectionProgress, DayReport, Outcome, Stage};
use crate::runtime::panic_message;
use crate::schema::{ColumnName, Evolution};
use crate::sink::{StagedRows, TableSink};
use crate::source::{Header, Sample, SourceError, SourceKey, with_date};

use crate::engine::{Loaded, StagingFolder};
use crate::jobs::ingest::complete;
use crate::jobs::ingest::context::Context;
use crate::jobs::ingest::duplicates::distinct;
use crate::jobs::ingest::flat;
use crate::jobs::ingest::incoming::{DayFiles, source_file};
use crate::jobs::ingest::lineage::{DayLineage, WrittenColumns};
use crate::jobs::ingest::module::Collection;
use crate::jobs::ingest::run::Run;
use crate::jobs::run::JobError;
use crate::jobs::run::spans::{Staged, date_ended, date_span};

/// Loads one collection of one date and records how it ended. An error here ends the whole run, such as a failure of the ledger
/// itself. Any other failure is in the report.
pub(crate) fn run(
    run: &Run<'_>,
    collection: &Collection,
    date: ProcessingDate,
    keys: Vec<SourceKey>,
) -> Result<DayReport, JobError> {
    let started = Instant::now();
    let span = date_span(collection.name.as_str(), date);
    let _span = span.enter();
    let mut day = match Day::begin(run, collection, date, keys) {
        Err(error) if error.is_of_one_date() => return Ok(DayReport::failed(date, collection.name.clone(), error.failure())),
        begun => begun?,
    };
    let lineage = run.lineage.map(|lineage| DayLineage::begin(lineage, run.context, collection, date, &day.attempt));
    let result = if day.keys.is_empty() {
        day.without_files()
    } else {
        // Polars panics on its own bugs: the ledger is to know of such an attempt too.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| day.ingest()))
            .unwrap_or_else(|panic| Err(JobError::Bug(panic_message(&*panic))))
    };
    let (written, layout) = (day.written.take(), day.layout);
    let ended = day.end(result, started);
    date_ended(&span, &ended);
    if let Some(lineage) = lineage {
        match &ended {
            Ok(report) => lineage.end(report, written.as_ref(), layout),
            Err(error) => lineage.fail(error),
        }
    }
    ended
}

/// Returns the outcome of a date without a file: skipped, lost or failed.
pub(crate) fn without_files(
    context: &Context<'_>,
    rules: WindowRules,
    collection: &Collection,
    date: ProcessingDate,
) -> Result<Outcome, JobError> {
    let (store, pattern) = (context.source.name().to_owned(), with_date(&collection.pattern, date));
    match (collection.missing, rules.expired(context.today, date)) {
        (MissingFile::Skip, _) => Ok(Outcome::Skipped),
        (MissingFile::Fail, Some(days)) => Err(JobError::Lost { store, pattern, date, days }),
        (MissingFile::Fail, None) => Err(JobError::Missing { store, pattern, date }),
    }
}

/// Most repetitions of a date because other shards changed its table: each brings new columns once.
const CHANGES: usize = 20;

/// Files that are to be published, with their headers and the table's evolution.
pub(super) struct Written<'a> {
    pub(super) headers: Vec<Header>,
    pub(super) evolution: Evolution,
    pub(super) staged: StagedFiles<'a>,
}

/// State of an attempt so far.
pub(super) struct Day<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) collection: &'a Collection,
    pub(super) date: ProcessingDate,
    /// Files that are read.
    pub(super) keys: Vec<SourceKey>,
    /// All files that the source has of the date.
    pub(super) listed: Vec<SourceKey>,
    /// Folder of the table, as far as it is known.
    pub(super) layout: &'a TableLayout,
    /// Columns of the table that are personal data, as far as they are known.
    pub(super) personal: BTreeSet<ColumnName>,
    pub(super) attempt: Attempt,
    pub(super) report: DayReport,
    /// Columns that were published, for lineage.
    pub(super) written: Option<WrittenColumns>,
    /// True if the ledger has the date as completed.
    pub(super) was_done: bool,
    /// Note about files that were sent twice.
    pub(super) sent_twice: Option<String>,
    /// Location of the rows that an earlier attempt published, if this one found no complete files to replace them with.
    pub(super) standing: Option<String>,
}

impl<'a> Day<'a> {
    fn begin(
        run: &'a Run<'a>,
        collection: &'a Collection,
        date: ProcessingDate,
        listed: Vec<SourceKey>,
    ) -> Result<Self, JobError> {
        let keys = run.context.module.source.pick.choose(listed.clone());
        let unit = Unit::new(run.context.module.module.clone(), collection.name.clone(), date);
        let earlier = run.context.ledger.attempts(&unit)?;
        let was_done = earlier.last().is_some_and(|attempt| attempt.status == Status::Completed);
        let sources = keys.iter().map(source_file);
        let number = u32::try_from(earlier.len()).unwrap_or(u32::MAX).saturating_add(1);
        let now = run.context.clock.now();
        let mut attempt = Attempt::begin(unit, run.id, number, Status::InProgress, now);
        attempt.sources = sources.collect();
        let mut report = DayReport::begin(date, collection.name.clone());
        report.sources = keys.iter().map(|key| key.object.key.clone()).collect();
        let (layout, personal) = (collection.layouts.of(true), collection.personal.clone());
        Ok(Self {
            run,
            collection,
            date,
            keys,
            listed,
            layout,
            personal,
            attempt,
            report,
            written: None,
            was_done,
            sent_twice: None,
            standing: None,
        })
    }

    /// Handles a date without files. A published date stays completed: that its files are missing is reported once, not for ever.
    fn without_files(&mut self) -> Result<Outcome, JobError> {
        self.standing = self.sink().at.current(&self.layout.value(self.date))?;
        without_files(self.run.context, self.run.rules, self.collection, self.date)
    }

    /// Returns the reason for which the date is not loaded yet, if its files are not complete. A completed date stays so.
    fn waits(&mut self) -> Result<Option<String>, JobError> {
        let waits = complete::must_be(self.run.context, self.collection, self.date, &self.listed, self.run.takes_incomplete);
        if matches!(waits, Ok(Some(_)) | Err(JobError::Incomplete { .. })) {
            if self.was_done {
                self.standing = self.sink().at.current(&self.layout.value(self.date))?;
            }
            // They were not read, and are still to be.
            self.attempt.sources.clear();
            self.report.sources.clear();
        }
        waits
    }

    /// Runs the attempt: checks that the files are complete, then writes and publishes them.
    fn ingest(&mut self) -> Result<Outcome, JobError> {
        if let Some(note) = self.waits()? {
            self.report.notes.push(note);
            return Ok(Outcome::Skipped);
        }
        self.run.record(&self.attempt)?;
        (self.keys, self.sent_twice) = distinct(self.run.context, std::mem::take(&mut self.keys))?;
        let written = self.write_and_publish()?;
        self.tell(&written.headers, &written.evolution);
        self.written = self.run.lineage.map(|_| WrittenColumns::of(&written.headers, &written.evolution));
        Ok(Outcome::Completed)
    }

    /// Writes and publishes the date. If another shard changed the table meanwhile, does so again with the table as it is now.
    fn write_and_publish(&mut self) -> Result<Written<'a>, JobError> {
        for _ in 0..CHANGES {
            match self.try_to_publish() {
                Err(error) if self.run.lease.is_of_a_shard() && error.is_of_a_changed_table() => {
                    tracing::info!(
                        event = "table_changed", table = %self.collection.table, error = %Causes(&error),
                        "another shard changed the table; publishing again"
                    );
                    self.report.notes.clear();
                }
                done => return done,
            }
        }
        self.try_to_publish()
    }

    fn try_to_publish(&mut self) -> Result<Written<'a>, JobError> {
        self.layout = self.run.context.layout(self.collection)?;
        let table = self.sink().at.registered()?;
        let written = self.write(table.as_ref())?;
        self.run.context.stop.check().inspect_err(|_| written.staged.abort())?;
        self.staged(Stage::Publish, |day| day.run.lease.alone(|lease| day.publish(&written, lease)))??;
        Ok(written)
    }

    /// Reads the day's files into the run's own folder. If the heads of JSON files did not show their whole schema, they are read
    /// to their ends first.
    fn write(&mut self, table: Option<&Table>) -> Result<Written<'a>, JobError> {
        match self.write_as_told(table, Sample::Head) {
            Err(JobError::Source(SourceError::SchemaDrift { .. })) => {
                self.report.notes.clear();
                self.write_as_told(table, Sample::Full)
            }
            written => written,
        }
    }

    fn write_as_told(&mut self, table: Option<&Table>, sample: Sample) -> Result<Written<'a>, JobError> {
        let (headers, evolution) = self.staged(Stage::Look, |day| {
            let (headers, evolution) = day.files().evolve(table, sample)?;
            day.route(table, &headers, &evolution)?;
            Ok::<_, JobError>((headers, evolution))
        })?;
        let mut staged = self.sink().begin(&self.date.into(), &evolution.after)?;
        let filled = self.staged(Stage::Write, |day| day.fill(&mut staged, &headers, &evolution));
        filled.inspect_err(|_| staged.abort())?;
        Ok(Written { headers, evolution, staged })
    }

    /// Writes rows into files, with all checks that must pass before they are published.
    fn fill(&mut self, staged: &mut StagedFiles<'_>, headers: &[Header], evolution: &Evolution) -> Result<(), JobError> {
        let scratch = self.run.scratch.folder(&format!("{}-{}", self.collection.name, self.date))?;
        let mut quarantine = QuarantineFile::new(&scratch, ByteSize::mib(self.run.context.module.limits.quarantine_mib.into()));
        let Loaded { files, counts: found, notes } = match self.load(staged, &mut quarantine, headers, evolution) {
            Err(full @ JobError::Lake(LakeError::QuarantineFull { .. })) => {
                self.keep_quarantine(&mut quarantine)?;
                return Err(full);
            }
            read => read?,
        };
        self.report.notes.extend(notes);
        let table = self.collection.table.to_string();
        self.report.notes.extend(found.alike.iter().map(|flat| flat::explained(&table, flat, evolution)));
        self.report.notes.extend(self.zero_led(&found, evolution));
        staged.written(files);
        self.count(staged.extent(), &found, quarantine.records())?;
        self.keep_quarantine(&mut quarantine)?;
        self.must_keep_types(&found, evolution)?;
        self.reconcile()?;
        self.check_control()?;
        self.check_limits(&found, quarantine.stand_for(), quarantine.only_reason(), evolution)
    }

    pub(super) fn staged<T>(&mut self, stage: Stage, work: impl FnOnce(&mut Self) -> T) -> T {
        let stage = Staged::begin(stage);
        let done = work(self);
        stage.end(&mut self.report.stages);
        done
    }

    pub(super) fn files(&self) -> DayFiles<'_> {
        DayFiles { context: self.run.context, collection: self.collection, keys: &self.keys }
    }

    pub(super) fn sink(&self) -> HiveSink<'a> {
        let sink = self.run.sink(self.collection, self.layout);
        HiveSink { pii: sink.pii || !self.personal.is_empty(), ..sink }
    }

    /// Returns the bytes of all files, as they lie in the source.
    pub(super) fn bytes(&self) -> u64 {
        self.keys.iter().map(|key| key.object.size).sum()
    }

    /// Returns the folder in which the date's files are copied for a cluster; none if not configured.
    pub(super) fn staging(&self) -> Option<StagingFolder<'a>> {
        let context = self.run.context;
        Some(context.staging.as_ref()?.folder(&context.module.module, &self.collection.name, self.date, self.run.id))
    }

    pub(super) fn progress(&self) -> Arc<dyn CollectionProgress> {
        Arc::from(self.run.progress.begin(self.date, &self.collection.name, self.bytes()))
    }
}
