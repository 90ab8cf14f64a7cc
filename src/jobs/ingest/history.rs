//! History of a module's dates, by its ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catchup::{DayHistory, Status, Unit, WindowRules};
use crate::config::{self, Module};
use crate::identity::{Causes, CollectionName, ModuleName, ProcessingDate};
use crate::jobs::run::rerun::{self, Again};
use crate::jobs::run::{JobError, NextCommands, Scope, Services};
use crate::report::{History, LateFiles, Mark, ToldAttempt};

use super::late;
use super::module::{collections, refuse_unknown};
use super::slices::{in_slices, source_keys};
use super::summary::known_history;

/// Most attempts that are listed of failed, unfinished and lost dates: those of the latest dates.
const MOST_ATTEMPTS: usize = 10;

/// A request for the history of a module's dates.
#[derive(Clone)]
pub struct HistoryRequest {
    /// The module, its collections and dates. Without an end: up to today.
    pub scope: Scope,
    /// Number of dates to list if the scope has no start.
    pub days: u32,
    /// Prints the commands that rerun dates.
    pub commands: Arc<dyn NextCommands>,
}

/// Returns the history of a module's dates.
///
/// # Errors
/// The module is not known or is invalid; the ledger fails. A source that can't be listed is only logged.
pub fn history(services: &Services, request: &HistoryRequest) -> Result<History, JobError> {
    let told = told(services, request)?;
    let rerun = told.rerun(request);
    let marked = told.by_date();
    let attempts = attempts(services, &marked.module.module, &marked.days, marked.is_one_date)?;
    let late = late_files(services, &marked).map_or_else(
        |error| {
            tracing::warn!(
                event = "source_not_listed", module = %marked.module.module, error = %Causes(&error),
                "could not list the source; late files are not shown"
            );
            None
        },
        Some,
    );
    let Marked { module, collections, days, .. } = marked;
    let rerun_late = late::commands(&*request.commands, late.as_deref().unwrap_or_default(), module.collections.len());
    Ok(History {
        module: module.module,
        profile: services.environment.config.profile_name.clone(),
        collections,
        days,
        attempts,
        rerun,
        late,
        rerun_late,
    })
}

/// A module's dates with their marks.
pub(super) struct Marked {
    pub(super) module: Module,
    /// Requested collections, in the order of the module's file.
    pub(super) collections: Vec<CollectionName>,
    pub(super) days: BTreeMap<ProcessingDate, BTreeMap<CollectionName, Mark>>,
    /// True if a single date was requested, of which all attempts are listed.
    is_one_date: bool,
}

/// Marks of each requested collection.
pub(super) struct Told {
    pub(super) module: Module,
    /// Collections in the order of the module's file, each with its dates in order.
    pub(super) collections: Vec<(CollectionName, Vec<(ProcessingDate, Mark)>)>,
    /// First and last requested date.
    pub(super) asked: (ProcessingDate, ProcessingDate),
}

impl Told {
    /// Returns the commands that load the dates that are not done.
    pub(super) fn rerun(&self, request: &HistoryRequest) -> Vec<String> {
        rerun::commands(&*request.commands, not_done(&self.collections), self.module.collections.len())
    }

    /// Groups the marks by date.
    pub(super) fn by_date(self) -> Marked {
        let mut days: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (name, marks) in &self.collections {
            for (date, mark) in marks {
                days.entry(*date).or_default().insert(name.clone(), *mark);
            }
        }
        let collections = self.collections.into_iter().map(|(name, _)| name).collect();
        Marked { module: self.module, collections, days, is_one_date: self.asked.0 == self.asked.1 }
    }
}

/// Returns the mark of each requested date.
pub(super) fn told(services: &Services, request: &HistoryRequest) -> Result<Told, JobError> {
    let environment = &services.environment;
    let module = environment.module(&request.scope.job, request.scope.load)?;
    refuse_unknown(&module, &request.scope.collections)?;
    let wanted = |name: &&CollectionName| request.scope.has(name);
    let (rules, known) = known_history(&*services.ledger, &module)?;
    let length = module.source.slice;
    let today = ProcessingDate::latest(environment.clock.now(), &environment.zone, length);
    let asked = in_slices(&module, &request.scope)?.dates;
    let end = asked.end.unwrap_or(today);
    let start = asked.start.unwrap_or_else(|| end.minus_days(request.days.saturating_sub(1)).whole_day().first_slice(length));
    let marks = |name: &CollectionName| marks(rules, known.get(name), start, end.min(today));
    let collections = module.collections.keys().filter(wanted).map(|name| (name.clone(), marks(name))).collect();
    Ok(Told { module, collections, asked: (start, end) })
}

/// Returns the dates of a collection that count, with their marks.
fn marks(
    rules: WindowRules,
    known: Option<&DayHistory>,
    start: ProcessingDate,
    end: ProcessingDate,
) -> Vec<(ProcessingDate, Mark)> {
    let oldest = known.and_then(|days| days.keys().next().copied());
    let Some(first) = rules.start.into_iter().chain(oldest).min() else { return Vec::new() };
    let status = |date: ProcessingDate| known.and_then(|days| days.get(&date).copied());
    let counts = |date: &ProcessingDate| status(*date).is_some() || rules.start.is_none_or(|start| start <= *date);
    start.max(first).to(end).filter(counts).map(|date| (date, Mark::of(status(date)))).collect()
}

/// Returns the completed dates that have files which were not read.
fn late_files(services: &Services, marked: &Marked) -> Result<Vec<LateFiles>, JobError> {
    let Marked { module, collections: names, days, .. } = marked;
    let (Some((first, _)), Some((last, _))) = (days.first_key_value(), days.last_key_value()) else { return Ok(Vec::new()) };
    if module.catchup.late == config::LateFiles::Ignore {
        return Ok(Vec::new());
    }
    let source = services.environment.store(&module.source.store, false)?;
    let mut keys = source_keys(module, &collections(module, names)?, &source, &services.environment.zone, Some((*first, *last)))?;
    keys.retain(|(name, date), _| days.get(date).and_then(|marks| marks.get(name)) == Some(&Mark::Done));
    Ok(late::of(&*services.ledger, module, &keys, |name| {
        let done = days.iter().filter(|(_, marks)| marks.get(name) == Some(&Mark::Done));
        done.map(|(date, _)| (*date, Status::Completed)).collect()
    }))
}

fn not_done(collections: &[(CollectionName, Vec<(ProcessingDate, Mark)>)]) -> Again {
    let mut again = Again::new();
    for (name, marks) in collections {
        for (date, _) in marks.iter().filter(|(_, mark)| mark.is_open()) {
            again.entry(*date).or_default().insert(name.clone());
        }
    }
    again
}

fn attempts(
    services: &Services,
    module: &ModuleName,
    days: &BTreeMap<ProcessingDate, BTreeMap<CollectionName, Mark>>,
    all: bool,
) -> Result<Vec<ToldAttempt>, JobError> {
    let is_told = |mark: &Mark| all || matches!(mark, Mark::Failed | Mark::Unfinished | Mark::Lost);
    let mut told = Vec::new();
    for (date, marks) in days.iter().rev() {
        for (name, _) in marks.iter().filter(|(_, mark)| is_told(mark)) {
            if !all && told.len() == MOST_ATTEMPTS {
                return Ok(told);
            }
            let attempts = services.ledger.attempts(&Unit::new(module.clone(), name.clone(), *date))?;
            let from = if all { 0 } else { attempts.len().saturating_sub(1) };
            told.extend(attempts.into_iter().skip(from).map(|attempt| ToldAttempt::of(*date, attempt)));
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catchup::Status;

    fn day(text: &str) -> ProcessingDate {
        text.parse().unwrap()
    }

    fn told(start: Option<&str>, known: &[(&str, Status)]) -> Vec<(String, Mark)> {
        let known: DayHistory = known.iter().map(|(date, status)| (day(date), *status)).collect();
        let rules = WindowRules { start: start.map(day), retention_days: None };
        let found = marks(rules, Some(&known), day("2024-05-01"), day("2024-05-04"));
        found.into_iter().map(|(date, mark)| (date.to_string(), mark)).collect()
    }

    #[test]
    fn a_date_that_counts_and_was_never_tried_is_missing() {
        let mark = |date: &str, mark| (date.to_owned(), mark);
        let known = [("2024-05-01", Status::Completed), ("2024-05-03", Status::Lost)];
        let expected = [
            mark("2024-05-01", Mark::Done),
            mark("2024-05-02", Mark::Missing),
            mark("2024-05-03", Mark::Lost),
            mark("2024-05-04", Mark::Missing),
        ];
        assert_eq!(told(None, &known), expected);
        // What was done before the first date that counts is told, and nothing else of that time.
        assert_eq!(told(Some("2024-05-04"), &known), [&expected[..1], &expected[2..]].concat());
        assert_eq!(told(Some("2024-05-03"), &[]), [mark("2024-05-03", Mark::Missing), mark("2024-05-04", Mark::Missing)]);
        assert_eq!(told(None, &[]), []);
    }
}
