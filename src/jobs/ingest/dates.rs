//! Processing date by date, with the collections of a date in parallel.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::identity::{CollectionName, ProcessingDate};
use crate::report::{DayReport, Failure};
use crate::source::{DayKeys, SourceKey};

use super::day;
use super::module::Collection;
use super::run::Run;
use crate::jobs::run::JobError;
use crate::jobs::run::rerun::Again;

/// Outcome of the dates.
pub(super) struct Done {
    pub(super) days: Vec<DayReport>,
    /// Error that ended the run before all dates were tried.
    pub(super) ended_by: Option<JobError>,
    pub(super) not_reached: Again,
}

/// Loads date by date, oldest first; the collections of a date in parallel, as many as the memory allows. A date that fails does
/// not keep a later one from being loaded.
pub(super) fn do_all(run: &Run<'_>, collections: &[Collection], mut due: Again, mut keys: DayKeys) -> Done {
    let mut done = Done { days: Vec::new(), ended_by: None, not_reached: Again::new() };
    while let Some((date, names)) = due.pop_first() {
        let work: Vec<_> = collections
            .iter()
            .filter(|collection| names.contains(&collection.name))
            .map(|collection| (collection, keys.remove(&(collection.name.clone(), date)).unwrap_or_default()))
            .collect();
        run.summary.begin(date, names.iter());
        let (reports, error) = do_families(run, date, work);
        run.summary.end(&reports);
        let missing = names.into_iter().filter(|name| !reports.iter().any(|day| day.collection == *name)).collect();
        done.days.extend(reports);
        if error.is_some() {
            due.insert(date, missing);
            done.ended_by = error;
            break;
        }
    }
    run.summary.settle();
    done.not_reached = due;
    done
}

type Work<'a> = Vec<(&'a Collection, Vec<SourceKey>)>;

/// Loads one date, the tables of arrays before those of their records: who finds a record finds its items. A table whose arrays'
/// tables failed keeps what it has.
fn do_families(run: &Run<'_>, date: ProcessingDate, work: Work<'_>) -> (Vec<DayReport>, Option<JobError>) {
    let (children, records): (Work<'_>, Work<'_>) = work.into_iter().partition(|(collection, _)| collection.is_child());
    if children.is_empty() {
        return do_date(run, date, records);
    }
    let roots: Vec<(CollectionName, CollectionName)> =
        children.iter().map(|(child, _)| (child.name.clone(), child.root.clone())).collect();
    let (mut reports, error) = do_date(run, date, children);
    if error.is_some() {
        return (reports, error);
    }
    let failed = |collection: &Collection| {
        let of_it = |report: &&DayReport| roots.contains(&(report.collection.clone(), collection.name.clone()));
        let report = reports.iter().filter(of_it).find(|report| report.failure.is_some())?;
        let Failure { exit_code, message, hint } = report.failure.clone()?;
        let message = format!("its table `{}` of the date failed, so that this one was not loaded: {message}", report.collection);
        Some(DayReport::failed(date, collection.name.clone(), Failure { exit_code, message, hint }))
    };
    let (mut ready, mut held) = (Vec::new(), Vec::new());
    for (collection, keys) in records {
        match failed(collection) {
            Some(report) => held.push(report),
            None => ready.push((collection, keys)),
        }
    }
    held.iter().for_each(log);
    let (loaded, error) = do_date(run, date, ready);
    reports.extend(loaded.into_iter().chain(held));
    (reports, error)
}

/// Loads one date. Returns the reports of its collections, and the error that ends the run, if there is one.
fn do_date(run: &Run<'_>, date: ProcessingDate, work: Work<'_>) -> (Vec<DayReport>, Option<JobError>) {
    let next = AtomicUsize::new(0);
    let reports: Mutex<Vec<(usize, DayReport)>> = Mutex::default();
    let error: Mutex<Option<JobError>> = Mutex::default();
    // Threads of their own are no part of the run's trace unless they are told.
    let span = tracing::Span::current();
    let worker = || {
        let _span = span.enter();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some((collection, keys)) = work.get(i) else { return };
            if locked(&error).is_some() {
                return;
            }
            if let Err(stopped) = run.context.stop.check() {
                *locked(&error) = Some(stopped.into());
                return;
            }
            match day::run(run, collection, date, keys.clone()) {
                Ok(report) => {
                    log(&report);
                    locked(&reports).push((i, report));
                }
                Err(ends) => *locked(&error) = Some(ends),
            }
        }
    };
    let workers = run.context.budget.collections.min(work.len());
    if workers <= 1 {
        worker();
    } else {
        std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(worker))));
    }
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|(i, _)| *i);
    (reports.into_iter().map(|(_, report)| report).collect(), error.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Log target of lines about dates: for a person they are in the closing table.
pub const DATES: &str = "adg::dates";

fn log(day: &DayReport) {
    let (date, collection) = (day.date.to_string(), day.collection.as_str());
    match &day.failure {
        None => {
            tracing::info!(
                target: DATES, event = "date_done", date, collection, outcome = ?day.outcome, rows_read = day.counts.rows_read,
                rows_written = day.counts.rows_written, rows_quarantined = day.counts.rows_quarantined,
                value_errors = day.counts.value_errors, bytes = day.counts.bytes, seconds = day.seconds,
                schema_changes = day.schema_changes.join("; "), notes = day.notes.join("; "), "loaded a date"
            );
        }
        Some(failure) => {
            tracing::error!(
                target: DATES, event = "date_failed", date, collection, outcome = ?day.outcome,
                exit_code = failure.exit_code.number(), error = failure.message,
                hint = failure.hint.as_deref().unwrap_or_default(), "could not load a date"
            );
        }
    }
}
