//! What to type next: the commands that run again just what failed, or undo a run.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{CollectionName, ProcessingDate, RunId};
use crate::report::{DayReport, Outcome};

/// What is to be run again: dates, each with its collections.
pub(super) type Again = BTreeMap<ProcessingDate, BTreeSet<CollectionName>>;

/// The dates that failed.
pub(super) fn failed(days: &[DayReport]) -> Again {
    let mut again = Again::new();
    for day in days.iter().filter(|day| day.outcome == Outcome::Failed) {
        again.entry(day.date).or_default().insert(day.collection.clone());
    }
    again
}

/// One command for each run of days with the same collections. `base` is the command without dates.
pub(super) fn commands(base: &[String], again: Again, all_collections: usize) -> Vec<String> {
    let mut ranges: Vec<(ProcessingDate, ProcessingDate, BTreeSet<CollectionName>)> = Vec::new();
    for (date, collections) in again {
        match ranges.last_mut() {
            Some((_, end, same)) if end.next() == date && *same == collections => *end = date,
            _ => ranges.push((date, date, collections)),
        }
    }
    let commands = ranges.into_iter().map(|(start, end, collections)| {
        let mut words = base.to_vec();
        words.extend(["--start-dt".into(), start.to_string(), "--end-dt".into(), end.to_string()]);
        if collections.len() < all_collections {
            words.extend(collections.into_iter().flat_map(|name| ["--collection".to_owned(), name.to_string()]));
        }
        shell_words::join(words)
    });
    commands.collect()
}

/// The command that sends readers back to what they saw before a run. `base` are the words that run the module.
pub(super) fn undo(base: &[String], run: RunId) -> String {
    format!("{} --run {run}", command_of(base, "undo"))
}

/// The command that mends what others changed of a module's tables.
pub(super) fn repair(base: &[String]) -> String {
    command_of(base, "repair")
}

/// Another command for the module that the words of `base` run.
fn command_of(base: &[String], command: &str) -> String {
    let (program, module) = base.split_at(base.len().min(1));
    shell_words::join([program, &[command.to_owned()], module].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, collection: &str, outcome: Outcome) -> DayReport {
        DayReport { outcome, ..DayReport::begin(date.parse().unwrap(), collection.parse().unwrap()) }
    }

    #[test]
    fn the_narrowest_commands() {
        let days = [
            day("2021-04-10", "bids", Outcome::Failed),
            day("2021-04-10", "vacancies", Outcome::Completed),
            day("2021-04-11", "bids", Outcome::Failed),
            day("2021-04-12", "bids", Outcome::Failed),
            day("2021-04-12", "vacancies", Outcome::Failed),
            day("2021-04-13", "bids", Outcome::Lost),
        ];
        let base = ["adg".to_owned(), "--module".into(), "vacancy".into(), "--config".into(), "my adg.yaml".into()];
        assert_eq!(
            commands(&base, failed(&days), 2),
            [
                "adg --module vacancy --config 'my adg.yaml' --start-dt 2021-04-10 --end-dt 2021-04-11 --collection bids",
                "adg --module vacancy --config 'my adg.yaml' --start-dt 2021-04-12 --end-dt 2021-04-12",
            ]
        );
    }
}
