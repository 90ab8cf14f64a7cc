//! What became of modules over a time, for one page: by their ledger, and by what is left of their runs' reports.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::catchup::{Attempt, LedgerError, Seen, Status};
use crate::identity::{CollectionName, ModuleName, ProcessingDate};
use crate::report::{
    DayReport, Mark, ModulePage, Outcome, Page, Published, RunReport, TableDay, TablePage, ToldChange, ToldFailure, stage_times,
};

use super::rerun::{self, Again};
use super::run_reports::{Kept, read_reports};
use super::{HistoryRequest, JobError, Services, history};

/// Changes and failures that are told of a module: the latest.
const MOST_TOLD: usize = 20;

/// A date of a collection.
type Cell = (ProcessingDate, CollectionName);

/// Tells what became of these modules.
///
/// # Errors
/// A module is not known; the ledger fails.
pub fn report(services: &Services, requests: &[HistoryRequest]) -> Result<Page, JobError> {
    let modules = requests.iter().map(|request| module_page(services, request)).collect::<Result<_, _>>()?;
    let environment = &services.environment;
    let (profile, made) = (environment.config.profile_name.clone(), environment.clock.now());
    Ok(Page { profile, made, version: env!("CARGO_PKG_VERSION"), modules })
}

fn module_page(services: &Services, request: &HistoryRequest) -> Result<ModulePage, JobError> {
    let environment = &services.environment;
    let marked = history::marked(services, request)?;
    let marks = marked.days.iter().flat_map(|(date, marks)| marks.iter().map(|(name, mark)| ((*date, name.clone()), *mark)));
    let marks: BTreeMap<Cell, Mark> = marks.collect();
    let attempts = attempts(services, &marked.module.module, &marks)?;
    let folder = environment.config.path(&environment.config.profile.reports);
    let Kept { mut reports, unreadable } = read_reports(&folder, &marked.module.module);
    reports.retain(|report| report.days.iter().any(|day| marks.contains_key(&(day.date, day.collection.clone()))));
    let table = |collection: &CollectionName| TablePage {
        collection: collection.clone(),
        days: marks.iter().filter(|((_, name), _)| name == collection).map(|(cell, mark)| day(cell, *mark, &attempts)).collect(),
    };
    Ok(ModulePage {
        dates: marked.days.keys().copied().collect(),
        tables: marked.collections.iter().map(table).collect(),
        changes: changes(&reports),
        stages: stage_times(&reports),
        failures: failures(request, &marks, &attempts, &reports, marked.module.collections.len()),
        rerun: marked.rerun(request),
        reports_folder: folder.display().to_string(),
        reports: reports.len(),
        unreadable,
        module: marked.module.module,
    })
}

/// All attempts at each date: a question each, side by side.
fn attempts(
    services: &Services,
    module: &ModuleName,
    marks: &BTreeMap<Cell, Mark>,
) -> Result<BTreeMap<Cell, Vec<Attempt>>, LedgerError> {
    let of = |cell: &Cell| Ok((cell.clone(), services.ledger.attempts(module, &cell.1, cell.0)?));
    marks.keys().collect::<Vec<_>>().into_par_iter().map(of).collect()
}

fn day(cell: &Cell, mark: Mark, attempts: &BTreeMap<Cell, Vec<Attempt>>) -> (ProcessingDate, TableDay) {
    let attempt = attempts.get(cell).and_then(|attempts| Seen::after(attempts).rows());
    let published = attempt.map(|attempt| Published {
        run: attempt.run_id,
        rows: attempt.counts.rows_written,
        quarantined: attempt.counts.rows_quarantined,
        value_errors: attempt.counts.value_errors,
        bytes: attempt.counts.bytes,
        seconds: attempt.ended.map(|ended| ended.duration_since(attempt.started).as_secs()),
    });
    (cell.0, TableDay { mark, published })
}

/// What runs did to tables' columns, newest first.
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

/// The last attempts that failed, newest first.
fn failures(
    request: &HistoryRequest,
    marks: &BTreeMap<Cell, Mark>,
    attempts: &BTreeMap<Cell, Vec<Attempt>>,
    reports: &[RunReport],
    all_collections: usize,
) -> Vec<ToldFailure> {
    let mut failed: Vec<&Attempt> = attempts.values().flatten().filter(|attempt| has_failed(attempt)).collect();
    failed.sort_by_key(|attempt| std::cmp::Reverse((attempt.run_id, attempt.date)));
    let told = |attempt: &Attempt| {
        let mark = marks.get(&(attempt.date, attempt.collection.clone())).copied().unwrap_or(Mark::Missing);
        let again = Again::from([(attempt.date, [attempt.collection.clone()].into())]);
        ToldFailure {
            date: attempt.date,
            collection: attempt.collection.clone(),
            began: attempt.started,
            error: attempt.error.clone().unwrap_or_default(),
            hint: reported(reports, attempt).and_then(|day| day.failure.as_ref()?.hint.clone()),
            mark,
            rerun: mark.is_open().then(|| rerun::commands(&request.command, again, all_collections).join("\n")),
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

/// What a run's report says of an attempt.
fn reported<'r>(reports: &'r [RunReport], attempt: &Attempt) -> Option<&'r DayReport> {
    let report = reports.iter().find(|report| report.run_id == attempt.run_id)?;
    report.days.iter().find(|day| day.date == attempt.date && day.collection == attempt.collection)
}
