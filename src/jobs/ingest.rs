//! A module over its dates: which are to do, each done, and what happened told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytesize::ByteSize;
use jiff::SignedDuration;

use crate::catchup::{Attempt, Lease, Requested, Window, WindowRules, window};
use crate::config::Module;
use crate::identity::{CollectionName, ProcessingDate, RunId};
use crate::lake::Sweeper;
use crate::report::{DayReport, Progress, RunReport};
use crate::schema::ColumnName;
use crate::source::{CsvFormat, DayKeys, SourceKey};
use crate::store::{Scratch, Store};

use super::clean_up;
use super::lease::KeptLease;
use super::module::{Collection, collections, csv_format, reserved, source_keys};
use super::{Budget, JobError, Services, day, rerun};

/// What was asked for.
#[derive(Debug, Clone)]
pub struct IngestRequest {
    /// The module's name.
    pub module: String,
    /// Dates asked for by name.
    pub dates: Requested,
    /// Only these collections; all where it is empty.
    pub collections: Vec<CollectionName>,
    /// Whether to wipe what was published first.
    pub clean_up: bool,
    /// Whether clean-up may lose what the source can't rebuild.
    pub force_clean_up: bool,
    /// Whether to read the test folder of the published store.
    pub e2e_test: bool,
    /// What the run may hold in memory.
    pub memory: ByteSize,
    /// The command as it was given, without dates and collections, to print what to type next.
    pub command: Vec<String>,
}

/// What every date of a run needs.
pub(super) struct Run<'a> {
    pub(super) services: &'a Services,
    pub(super) id: RunId,
    pub(super) today: ProcessingDate,
    pub(super) module: &'a Module,
    pub(super) lease: &'a Lease,
    pub(super) source: &'a Store,
    pub(super) published: &'a Store,
    pub(super) scratch: &'a Scratch,
    pub(super) budget: Budget,
    pub(super) csv: CsvFormat,
    pub(super) reserved: Vec<ColumnName>,
    pub(super) progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Writes an attempt into the ledger.
    pub(super) fn record(&self, attempt: &Attempt) -> Result<(), JobError> {
        Ok(self.services.ledger.record(self.lease, attempt)?)
    }

    /// What sweeps a collection's table.
    pub(super) fn sweeper<'s>(&'s self, collection: &'s Collection) -> Sweeper<'s> {
        Sweeper {
            store: self.published,
            metastore: &*self.services.metastore,
            ledger: &*self.services.ledger,
            lease: self.lease,
            table: &collection.table,
            layout: &collection.layout,
        }
    }
}

/// Runs a module. An error is one for which no date could be tried; what failed on single dates is in the report.
pub fn ingest(services: &Services, request: &IngestRequest, progress: &dyn Progress) -> Result<RunReport, JobError> {
    let started = services.environment.clock.now();
    let id = RunId::new(started);
    refuse_test_flag_where_protected(services, request)?;
    let module = services.environment.config.module(&request.module, &|name| std::env::var(name).ok())?;
    let collections = collections(&module, &request.collections)?;
    let csv = csv_format(&module)?;
    let lease = KeptLease::take(&services.ledger, &services.environment.clock, &module.module, id)?;
    let published = services.environment.store(&module.target.store, true)?;
    let source = match request.e2e_test {
        true => published.below(&services.environment.config.profile.e2e_test_folder),
        false => services.environment.store(&module.source.store, false)?,
    };
    let keys = source_keys(&module, &collections, &source)?;
    let today = ProcessingDate::today(started, &services.environment.zone);
    let scratch = Scratch::create(&services.environment.scratch_root(), &id)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let run = Run {
        services,
        id,
        today,
        module: &module,
        lease: lease.lease(),
        source: &source,
        published: &published,
        scratch: &scratch,
        budget: Budget::new(request.memory, cores),
        csv,
        reserved: reserved(&module)?,
        progress,
    };
    let mut dates = request.dates;
    if request.clean_up {
        let oldest = clean_up::clean_up(&run, &collections, &keys, request)?;
        dates.start = dates.start.or(module.catchup.start).or(oldest);
    }
    let todo = dates_to_do(&run, &collections, dates)?;
    let days = do_all(&run, &collections, todo, keys)?;
    sweep_replaced(&run, &collections);
    let rerun = rerun::commands(&request.command, &days, module.collections.len());
    let profile = services.environment.config.profile_name.clone();
    let report = RunReport {
        run_id: id,
        module: module.module.clone(),
        profile,
        started,
        ended: services.environment.clock.now(),
        days,
        rerun,
    };
    write_report(services, &report)?;
    Ok(report)
}

/// Promise 12, before anything is read.
fn refuse_test_flag_where_protected(services: &Services, request: &IngestRequest) -> Result<(), JobError> {
    let name = &services.environment.config.profile_name;
    if request.e2e_test && services.environment.config.profile.protected {
        return Err(JobError::Usage {
            message: format!("the test flag is refused: the profile `{name}` is protected"),
            hint: Some("leave E2E_TEST_FLG out, or choose another profile".into()),
        });
    }
    Ok(())
}

type Todo = BTreeMap<ProcessingDate, BTreeSet<CollectionName>>;

/// Each collection has a window of its own: a new one catches up beside those that are up to date.
fn dates_to_do(run: &Run<'_>, collections: &[Collection], requested: Requested) -> Result<Todo, JobError> {
    let rules = WindowRules { start: run.module.catchup.start, retention_days: run.module.catchup.retention_days };
    let history = run.services.ledger.history(&run.module.module)?;
    let nothing = BTreeMap::new();
    let mut todo = Todo::new();
    for collection in collections {
        let Window { dates, .. } = window(run.today, requested, rules, history.get(&collection.name).unwrap_or(&nothing))?;
        for date in dates {
            todo.entry(date).or_default().insert(collection.name.clone());
        }
    }
    Ok(todo)
}

/// Date by date, oldest first; the collections of a date side by side, as many as the memory allows. A date that fails does
/// not keep a later one from being done.
fn do_all(run: &Run<'_>, collections: &[Collection], todo: Todo, mut keys: DayKeys) -> Result<Vec<DayReport>, JobError> {
    let mut days = Vec::new();
    for (date, names) in todo {
        let work: Vec<_> = collections
            .iter()
            .filter(|collection| names.contains(&collection.name))
            .map(|collection| (collection, keys.remove(&(collection.name.clone(), date)).unwrap_or_default()))
            .collect();
        days.extend(do_date(run, date, work)?);
    }
    Ok(days)
}

type Work<'a> = Vec<(&'a Collection, Vec<SourceKey>)>;

fn do_date(run: &Run<'_>, date: ProcessingDate, work: Work<'_>) -> Result<Vec<DayReport>, JobError> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let done: Mutex<Vec<(usize, Result<DayReport, JobError>)>> = Mutex::default();
    let worker = || {
        while let Some((i, (collection, keys))) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, work.get(i)?)))
        {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let result = day::run(run, collection, date, keys.clone());
            match &result {
                Ok(report) => log(report),
                Err(_) => stop.store(true, Ordering::Relaxed),
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push((i, result));
        }
    };
    let workers = run.budget.collections.min(work.len());
    if workers <= 1 {
        worker();
    } else {
        std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(worker))));
    }
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Removes what earlier reruns replaced, once its grace is over. What fails is left to the next run.
fn sweep_replaced(run: &Run<'_>, collections: &[Collection]) {
    let grace = SignedDuration::from_hours(run.module.target.sweep_after_hours.into());
    for collection in collections {
        match run.sweeper(collection).replaced(grace, run.services.environment.clock.now()) {
            Ok(0) => {}
            Ok(folders) => tracing::info!(event = "swept", table = %collection.table, folders),
            Err(error) => tracing::warn!(event = "not_swept", table = %collection.table, %error),
        }
    }
}

fn log(day: &DayReport) {
    let (date, collection) = (day.date.to_string(), day.collection.as_str());
    match &day.failure {
        None => {
            tracing::info!(
                event = "date_done", date, collection, outcome = ?day.outcome, rows_read = day.counts.rows_read,
                rows_written = day.counts.rows_written, rows_quarantined = day.counts.rows_quarantined,
                value_errors = day.counts.value_errors, bytes = day.counts.bytes, seconds = day.seconds,
                schema_changes = day.schema_changes.join("; "), notes = day.notes.join("; "),
            );
        }
        Some(failure) => {
            tracing::error!(
                event = "date_failed", date, collection, outcome = ?day.outcome, exit_code = failure.exit_code.number(),
                error = failure.message, hint = failure.hint.as_deref().unwrap_or_default(),
            );
        }
    }
}

/// The report as a file. It tells of the run, and is no part of its success.
fn write_report(services: &Services, report: &RunReport) -> Result<(), JobError> {
    let folder = services.environment.config.path(&services.environment.config.profile.reports);
    let path = folder.join(format!("{}-{}.json", report.module, report.run_id));
    let json = serde_json::to_string_pretty(report).map_err(|error| JobError::Bug(error.to_string()))?;
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, json));
    if let Err(error) = written {
        tracing::warn!(event = "report_not_written", path = %path.display(), %error);
    }
    Ok(())
}
