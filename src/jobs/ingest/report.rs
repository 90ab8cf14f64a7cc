//! Report of modules over a time, for one page: by their ledger, and by the remaining reports of their runs.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use crate::catchup::{Attempt, Counts, LedgerError, Seen, Status};
use crate::identity::{CollectionName, ModuleName, ProcessingDate};
use crate::report::{
    DayReport, Each, Mark, ModulePage, Outcome, Page, Published, RunReport, TableDay, TablePage, ToldChange, ToldFailure,
    stage_times,
};

use super::history;
use super::history::HistoryRequest;
use super::history::Told;
use crate::jobs::run::rerun;
use crate::jobs::run::rerun::Again;
use crate::jobs::run::run_reports::{Kept, read_reports};
use crate::jobs::run::{JobError, Services};

/// Most changes, and most failures, that are listed of a module: the latest.
const MOST_TOLD: usize = 20;

/// A date of a collection.
type Cell = (ProcessingDate, CollectionName);

/// Returns the page of these modules.
///
/// # Errors
/// A module is not known; the ledger fails.
pub fn report(services: &Services, requests: &[HistoryRequest]) -> Result<Page, JobError> {
    let modules = requests.iter().map(|request| module_page(services, request)).collect::<Result<_, _>>()?;
    let environment = &services.environment;
    let (profile, made) = (environment.config.profile_name.clone(), environment.clock.now());
    Ok(Page { profile, made, version: env!("CARGO_PKG_VERSION"), modules })
}

/// Most dates that are listed each for itself, with all their failures: a page of a longer time lists months.
const MOST_DATES: u32 = 100;
const FAILURES_OF: u32 = 62;

fn module_page(services: &Services, request: &HistoryRequest) -> Result<ModulePage, JobError> {
    let environment = &services.environment;
    let told = history::told(services, request)?;
    let (start, end) = told.asked;
    let each = if start.plus_days(MOST_DATES) < end { Each::Month } else { Each::Day };
    let since = if each == Each::Day { start } else { end.minus_days(FAILURES_OF) };
    let marks = told.collections.iter().flat_map(|(name, marks)| {
        let recent = marks.iter().filter(move |(date, _)| *date >= since);
        recent.map(|(date, mark)| ((*date, name.clone()), *mark))
    });
    let marks: BTreeMap<Cell, Mark> = marks.collect();
    let attempts = attempts(services, &told.module.module, &marks)?;
    let figures = match each {
        Each::Day => BTreeMap::new(),
        Each::Month => services.ledger.months(&told.module.module, start, end)?,
    };
    let folder = environment.config.path(&environment.config.profile.reports);
    let Kept { mut reports, unreadable } = read_reports(&folder, &told.module.module);
    reports.retain(|report| report.days.iter().any(|day| marks.contains_key(&(day.date, day.collection.clone()))));
    let table = |(collection, marks): &(CollectionName, Vec<(ProcessingDate, Mark)>)| TablePage {
        collection: collection.clone(),
        days: match each {
            Each::Day => marks.iter().map(|(date, mark)| day(&(*date, collection.clone()), *mark, &attempts)).collect(),
            Each::Month => months(marks, figures.get(collection)),
        },
    };
    let tables: Vec<TablePage> = told.collections.iter().map(table).collect();
    let dates: BTreeSet<ProcessingDate> = tables.iter().flat_map(|table| table.days.keys().copied()).collect();
    Ok(ModulePage {
        each,
        dates: dates.into_iter().collect(),
        last_done: last_done(&told),
        tables,
        changes: changes(&reports),
        stages: stage_times(&reports),
        failures: failures(request, &marks, &attempts, &reports, told.module.collections.len()),
        rerun: told.rerun(request),
        reports_folder: folder.display().to_string(),
        reports: reports.len(),
        unreadable,
        module: told.module.module,
    })
}

/// Returns all attempts at each date: one query of the ledger for each collection, in parallel.
fn attempts(
    services: &Services,
    module: &ModuleName,
    marks: &BTreeMap<Cell, Mark>,
) -> Result<BTreeMap<Cell, Vec<Attempt>>, LedgerError> {
    // Sorted by date.
    let mut dates: BTreeMap<&CollectionName, (ProcessingDate, ProcessingDate)> = BTreeMap::new();
    for (date, name) in marks.keys() {
        dates.entry(name).or_insert((*date, *date)).1 = *date;
    }
    let of = |(name, (first, last))| services.ledger.attempts_between(module, name, first, last);
    let found: Vec<Vec<Attempt>> = dates.into_iter().collect::<Vec<_>>().into_par_iter().map(of).collect::<Result<_, _>>()?;
    let mut by_cell: BTreeMap<Cell, Vec<Attempt>> = BTreeMap::new();
    for attempt in found.into_iter().flatten() {
        let Some(date) = attempt.date() else { continue };
        let cell = (date, attempt.unit.node.clone());
        if marks.contains_key(&cell) {
            by_cell.entry(cell).or_default().push(attempt);
        }
    }
    Ok(by_cell)
}

fn day(cell: &Cell, mark: Mark, attempts: &BTreeMap<Cell, Vec<Attempt>>) -> (ProcessingDate, TableDay) {
    let attempt = attempts.get(cell).and_then(|attempts| Seen::after(attempts).rows());
    let published = attempt.map(|attempt| Published {
        run: Some(attempt.run_id),
        rows: attempt.counts.rows_written,
        quarantined: attempt.counts.rows_quarantined,
        value_errors: attempt.counts.value_errors,
        bytes: attempt.counts.bytes,
        seconds: attempt.ended.map(|ended| ended.duration_since(attempt.started).as_secs()),
    });
    (cell.0, TableDay { mark, dates: BTreeMap::from([(mark, 1)]), published })
}

/// Returns the months of a table, each by the first of its days.
fn months(
    marks: &[(ProcessingDate, Mark)],
    figures: Option<&BTreeMap<ProcessingDate, Counts>>,
) -> BTreeMap<ProcessingDate, TableDay> {
    let of_month = |of_month: &[(ProcessingDate, Mark)]| {
        let month = of_month[0].0.first_of_month();
        let mut dates = BTreeMap::new();
        for (_, mark) in of_month {
            *dates.entry(*mark).or_default() += 1;
        }
        // As `Mark::ALL` has them, the best first.
        let mark = Mark::ALL.into_iter().rfind(|mark| dates.contains_key(mark)).unwrap_or(Mark::Missing);
        let published = figures.and_then(|figures| figures.get(&month)).map(|counts| Published {
            run: None,
            rows: counts.rows_written,
            quarantined: counts.rows_quarantined,
            value_errors: counts.value_errors,
            bytes: counts.bytes,
            seconds: None,
        });
        (month, TableDay { mark, dates, published })
    };
    marks.chunk_by(|(one, _), (other, _)| one.first_of_month() == other.first_of_month()).map(of_month).collect()
}

/// Returns the last date of which nothing is open.
fn last_done(told: &Told) -> Option<ProcessingDate> {
    let marks = || told.collections.iter().flat_map(|(_, marks)| marks);
    let open: BTreeSet<ProcessingDate> = marks().filter(|(_, mark)| mark.is_open()).map(|(date, _)| *date).collect();
    marks().map(|(date, _)| *date).filter(|date| !open.contains(date)).max()
}

/// Returns the changes of runs to tables' columns, newest first.
fn changes(reports: &[RunReport]) -> Vec<ToldChange> {
    let days = reports.iter().rev().flat_map(|report| report.days.iter().rev().map(|day| (report.run_id, day)));
    let told = days.filter(|(_, day)| day.outcome == Outcome::Completed).flat_map(|(run, day)| {
        let told = |statement: &String| ToldChange {
            date: day.date,
            collection: day.collection.clone(),
            run,
            statement: statement.clone(),
        };
        day.schema_changes.iter().map(told).collect::<Vec<_>>()
    });
    told.take(MOST_TOLD).collect()
}

/// Returns the last attempts that failed, newest first.
fn failures(
    request: &HistoryRequest,
    marks: &BTreeMap<Cell, Mark>,
    attempts: &BTreeMap<Cell, Vec<Attempt>>,
    reports: &[RunReport],
    all_collections: usize,
) -> Vec<ToldFailure> {
    let all = attempts.iter().flat_map(|(cell, attempts)| attempts.iter().map(move |attempt| (cell, attempt)));
    let mut failed: Vec<(&Cell, &Attempt)> = all.filter(|(_, attempt)| has_failed(attempt)).collect();
    failed.sort_by_key(|((date, _), attempt)| std::cmp::Reverse((attempt.run_id, *date)));
    let told = |(cell, attempt): (&Cell, &Attempt)| {
        let mark = marks.get(cell).copied().unwrap_or(Mark::Missing);
        let (date, collection) = cell.clone();
        let again = Again::from([(date, [collection.clone()].into())]);
        ToldFailure {
            date,
            collection,
            began: attempt.started,
            error: attempt.error.clone().unwrap_or_default(),
            hint: reported(reports, attempt).and_then(|day| day.failure.as_ref()?.hint.clone()),
            mark,
            rerun: mark.is_open().then(|| rerun::commands(&*request.commands, again, all_collections).join("\n")),
        }
    };
    failed.into_iter().take(MOST_TOLD).map(told).collect()
}

fn has_failed(attempt: &Attempt) -> bool {
    match attempt.status {
        Status::Failed | Status::InProgress => true,
        // A clean-up says no error of what it loses; a rerun that found no file says one, though the date stays done.
        Status::Lost | Status::Completed => attempt.error.is_some(),
        Status::Skipped | Status::CleanedUp => false,
    }
}

/// Returns the part of a run's report about an attempt.
fn reported<'r>(reports: &'r [RunReport], attempt: &Attempt) -> Option<&'r DayReport> {
    let report = reports.iter().find(|report| report.run_id == attempt.run_id)?;
    report.days.iter().find(|day| Some(day.date) == attempt.date() && day.collection == attempt.unit.node)
}
