//! One collection of one date, from its files to its partition.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::catchup::{Attempt, Counts, SourceFile, Status};
use crate::config::{Limits, MissingFile, Rate};
use crate::identity::ProcessingDate;
use crate::lake::{Destination, QuarantineFile, TableWriter, WrittenFile};
use crate::metastore::{PartitionValue, create_table_ddl};
use crate::report::{CollectionProgress, DayReport, Outcome};
use crate::schema::{ColumnName, Evolution, Incoming, TableSchema, TypeChange, TypeGuess};
use crate::source::{ColumnPlan, CsvBatches, Header, SourceKey, Survey, open_text};

use super::JobError;
use super::ingest::Run;
use super::module::Collection;
use super::pipeline::{self, Counted, FileCounts, FilePlan};

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
        Ok(Self { run, collection, date, keys, attempt, report })
    }

    /// The table of contents.
    fn ingest(&mut self) -> Result<Outcome, JobError> {
        self.run.record(&self.attempt)?;
        let progress = self.progress();
        let table = self.destination().registered()?.map(|table| table.schema);
        let headers = self.headers(table.as_ref())?;
        let evolution = self.evolve(table.as_ref(), &headers)?;
        let scratch = self.run.scratch.folder(&format!("{}-{}", self.collection.name, self.date))?;
        let mut quarantine = QuarantineFile::new(scratch.path());
        let writer = TableWriter::new(scratch.path(), &evolution.after, self.run.file_settings());
        let (files, found) = self.write(&evolution, writer, &mut quarantine, &progress)?;
        self.count(&files, &found, quarantine.records());
        self.keep_quarantine(&mut quarantine)?;
        self.reconcile()?;
        self.check_limits(&found)?;
        self.publish(&evolution, &files)?;
        self.tell(&evolution);
        Ok(Outcome::Completed)
    }

    fn destination(&self) -> Destination<'a> {
        self.run.destination(self.collection)
    }

    fn progress(&self) -> Arc<dyn CollectionProgress> {
        let bytes = self.keys.iter().map(|key| key.object.size).sum();
        Arc::from(self.run.progress.begin(self.date, &self.collection.name, bytes))
    }

    fn open(
        &self,
        key: &SourceKey,
        existing: &TableSchema,
        progress: Option<&Arc<dyn CollectionProgress>>,
    ) -> Result<(Header, CsvBatches), JobError> {
        let name = &key.object.key;
        let mut bytes = self.run.source.open_object(name)?;
        if let Some(progress) = progress {
            bytes = Box::new(Counted { inner: bytes, progress: Arc::clone(progress) });
        }
        let text = open_text(name, bytes, self.run.csv.encoding)?;
        let (csv, naming, sizes) = (&self.run.csv, self.run.module.column_names, self.run.budget.read_sizes());
        Ok(CsvBatches::open(name, text, csv, sizes, naming, existing, &self.run.reserved)?)
    }

    /// The header of each file. A camel-case acronym keeps the table's spelling.
    fn headers(&self, table: Option<&TableSchema>) -> Result<Vec<Header>, JobError> {
        let existing = table.unwrap_or(&self.collection.declared);
        self.keys.iter().map(|key| self.open(key, existing, None).map(|(header, _)| header)).collect()
    }

    /// What the day's columns do to the table. Columns whose type must be found out cost a first reading of the files.
    fn evolve(&self, table: Option<&TableSchema>, headers: &[Header]) -> Result<Evolution, JobError> {
        let declared = &self.collection.declared;
        let known = table.unwrap_or(declared);
        let mut columns: Vec<ColumnName> = Vec::new();
        for column in headers.iter().flat_map(|header| &header.columns) {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        let policy = self.run.module.evolution;
        let guesses = columns.iter().filter_map(|column| match known.type_of(column) {
            Some(ty) => (policy.type_change != TypeChange::Keep).then(|| (column.clone(), TypeGuess::widening(ty))),
            None => declared.type_of(column).is_none().then(|| (column.clone(), TypeGuess::fresh())),
        });
        let survey = self.survey(Survey::of(guesses), known)?;
        let incoming: Vec<Incoming> = columns
            .into_iter()
            .map(|name| {
                let guess = survey.guess(&name);
                let ty = guess.and_then(TypeGuess::result).cloned();
                Incoming { ty, examined: guess.is_some_and(TypeGuess::has_seen), name }
            })
            .collect();
        Evolution::compute(table, declared, &incoming, policy)
            .map_err(|source| JobError::Refused { table: self.collection.table.to_string(), source })
    }

    fn survey(&self, mut survey: Survey, existing: &TableSchema) -> Result<Survey, JobError> {
        if survey.is_empty() {
            return Ok(survey);
        }
        for key in &self.keys {
            let (header, mut file) = self.open(key, existing, None)?;
            while let Some(batch) = file.next_batch()? {
                survey.see(&batch, &header.columns, &self.run.csv);
            }
        }
        Ok(survey)
    }

    /// Reads the files into Parquet files in scratch.
    fn write(
        &self,
        evolution: &Evolution,
        mut writer: TableWriter,
        quarantine: &mut QuarantineFile,
        progress: &Arc<dyn CollectionProgress>,
    ) -> Result<(Vec<WrittenFile>, FileCounts), JobError> {
        let mut found = FileCounts::default();
        for key in &self.keys {
            let (header, file) = self.open(key, &evolution.after, Some(progress))?;
            let columns: Vec<ColumnPlan> = header
                .columns
                .iter()
                .enumerate()
                .filter_map(|(index, name)| {
                    let ty = evolution.after.type_of(name)?.clone();
                    Some(ColumnPlan { index, name: name.clone(), ty })
                })
                .collect();
            let plan = FilePlan { key: &header.key, columns: &columns, table: &evolution.after, format: &self.run.csv };
            pipeline::run(file, &plan, &mut writer, quarantine, &**progress, &mut found)?;
            let now = self.run.source.head(&header.key)?;
            if (now.size, &now.etag) != (key.object.size, &key.object.etag) {
                return Err(JobError::SourceChanged { key: header.key });
            }
        }
        Ok((writer.finish()?, found))
    }

    fn count(&mut self, files: &[WrittenFile], found: &FileCounts, quarantined: u64) {
        let counts = Counts {
            rows_read: found.rows_read,
            rows_written: files.iter().map(|file| file.rows).sum(),
            rows_quarantined: quarantined,
            value_errors: found.value_errors.values().sum(),
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.bytes).sum(),
        };
        self.attempt.counts = counts;
        self.report.counts = counts;
        self.report.value_errors_by_column =
            found.value_errors.iter().map(|(column, count)| (column.to_string(), *count)).collect();
        if counts.rows_read == 0 {
            self.report.notes.push("the files have headers but no rows: the partition is empty".to_owned());
        }
    }

    /// Puts the quarantined records where a person finds them, whether or not the day is published.
    fn keep_quarantine(&mut self, quarantine: &mut QuarantineFile) -> Result<(), JobError> {
        if let Some(file) = quarantine.finish()? {
            let key = self.collection.layout.quarantine_file(self.date, self.run.id);
            self.run.published.put_file(file, &key)?;
            self.report.quarantine = Some(self.run.published.location(&key));
        }
        Ok(())
    }

    /// Promise 3: the guard's count, the footers' and the quarantine's must agree before anything is published.
    fn reconcile(&self) -> Result<(), JobError> {
        let counts = &self.attempt.counts;
        if counts.rows_read == counts.rows_written + counts.rows_quarantined {
            return Ok(());
        }
        Err(JobError::Bug(format!(
            "{} rows were read, but {} written and {} quarantined; nothing was published",
            counts.rows_read, counts.rows_written, counts.rows_quarantined
        )))
    }

    fn check_limits(&self, found: &FileCounts) -> Result<(), JobError> {
        let Limits { error_rate, quarantine_rate } = self.run.module.limits;
        let counts = &self.attempt.counts;
        let quarantine = self.report.quarantine.as_deref().unwrap_or_default();
        let checks = [
            (
                counts.rows_quarantined,
                quarantine_rate,
                "could not be read as rows",
                "quarantine_rate",
                format!("look at {quarantine}"),
            ),
            (
                found.rows_with_errors,
                error_rate,
                "have values that do not fit their columns",
                "error_rate",
                format!("compare the source's values with the table's types: they do not fit in {}", worst(&found.value_errors)),
            ),
        ];
        for (count, Rate(limit), what, key, look) in checks {
            #[allow(clippy::cast_precision_loss)] // A share needs no more digits than a double has.
            let rate = if counts.rows_read == 0 { 0.0 } else { count as f64 / counts.rows_read as f64 };
            if rate > limit {
                let hint = format!("{look}; or raise `limits.{key}` in the module file");
                return Err(JobError::Limit { count, rows: counts.rows_read, what, rate, limit, hint });
            }
        }
        Ok(())
    }

    fn publish(&mut self, evolution: &Evolution, files: &[WrittenFile]) -> Result<(), JobError> {
        let fingerprint = evolution.after.fingerprint().to_string();
        self.attempt.schema_fingerprint = Some(fingerprint.clone());
        self.destination().ensure_table(evolution)?;
        let clock = &self.run.services.environment.clock;
        let location = self.destination().publish(self.date, files, &fingerprint, || clock.now())?;
        self.attempt.location = Some(location.clone());
        self.report.location = Some(location);
        Ok(())
    }

    /// Says what was done to the table.
    fn tell(&mut self, evolution: &Evolution) {
        let table = &self.collection.table;
        if evolution.before.is_none() {
            if let Ok(Some(table)) = self.run.services.metastore.table(table) {
                self.report.schema_changes.push(create_table_ddl(&table));
            }
        } else {
            self.report.schema_changes.extend(evolution.ddl(&table.to_string()));
        }
        let mut note = |names: &[ColumnName], what: &str| {
            if !names.is_empty() {
                let names = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                self.report.notes.push(format!("{what}: {names}"));
            }
        };
        note(&evolution.filled, "columns that the source does not have, filled with null");
        note(&evolution.without_value, "new columns without any value, not added yet");
        note(&evolution.ignored, "new columns ignored");
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
        if !self.stays_done()? {
            self.run.record(&self.attempt)?;
        }
        if outcome == Outcome::Completed {
            self.sweep();
        }
        self.report.seconds = started.elapsed().as_secs_f64();
        Ok(self.report)
    }

    /// Whether the date was done before and nothing was found to do it again with: it is told, but the date stays done.
    fn stays_done(&self) -> Result<bool, JobError> {
        let without_files = self.keys.is_empty();
        Ok(without_files && self.destination().current(&PartitionValue::from(self.date))?.is_some())
    }

    /// Removes what dead attempts at the date left. What fails here is left to the next attempt.
    fn sweep(&mut self) {
        if let Err(error) = self.destination().sweep_unpublished(self.date) {
            self.report.notes.push(format!("files that earlier attempts left could not be swept: {error}"));
        }
    }
}

/// The columns with the most values that do not fit. Their names only: the values may be nobody's business.
fn worst(errors: &BTreeMap<ColumnName, u64>) -> String {
    let mut columns: Vec<_> = errors.iter().collect();
    columns.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    columns.iter().take(5).map(|(column, count)| format!("{column} ({count})")).collect::<Vec<_>>().join(", ")
}
