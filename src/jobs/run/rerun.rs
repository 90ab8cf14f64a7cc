//! Next commands: rerun only the dates that failed, undo a run, or repair tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{CollectionName, ProcessingDate, RunId};
use crate::report::{DayReport, Outcome};

/// Dates to rerun, each with its collections.
pub(crate) type Again = BTreeMap<ProcessingDate, BTreeSet<CollectionName>>;

/// Returns the dates that failed, with their collections.
pub(crate) fn failed(days: &[DayReport]) -> Again {
    let mut again = Again::new();
    for day in days.iter().filter(|day| day.outcome == Outcome::Failed) {
        again.entry(day.date).or_default().insert(day.collection.clone());
    }
    again
}

/// Prints the commands that a report suggests, in the words of the command line that started the job.
///
/// Guarantees of an implementation: a command can be pasted into a shell as it is, and names the same module, profile and config.
pub trait NextCommands: Send + Sync {
    /// Returns the command that reruns dates, from the first to the last. Without `collections`: all of them.
    fn rerun(&self, dates: (ProcessingDate, ProcessingDate), collections: Option<&BTreeSet<CollectionName>>) -> String;

    /// Returns the command that sends readers back to the data before a run.
    fn undo(&self, run: RunId) -> String;

    /// Returns the command that repairs changes of others to the published tables.
    fn repair(&self) -> String;
}

/// Returns one command for each range of dates with the same collections, of which the module has `all_collections`.
pub(crate) fn commands(next: &dyn NextCommands, again: Again, all_collections: usize) -> Vec<String> {
    let mut ranges: Vec<(ProcessingDate, ProcessingDate, BTreeSet<CollectionName>)> = Vec::new();
    for (date, collections) in again {
        match ranges.last_mut() {
            Some((_, end, same)) if end.next() == date && *same == collections => *end = date,
            _ => ranges.push((date, date, collections)),
        }
    }
    let command = |(start, end, collections): (_, _, BTreeSet<CollectionName>)| {
        let some = (collections.len() < all_collections).then_some(&collections);
        next.rerun((start, end), some)
    };
    ranges.into_iter().map(command).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Words;

    impl NextCommands for Words {
        fn rerun(&self, (start, end): (ProcessingDate, ProcessingDate), some: Option<&BTreeSet<CollectionName>>) -> String {
            let names = some.map_or("all".to_owned(), |names| names.iter().map(ToString::to_string).collect());
            format!("{start}..{end} {names}")
        }

        fn undo(&self, run: RunId) -> String {
            run.to_string()
        }

        fn repair(&self) -> String {
            String::new()
        }
    }

    fn day(date: &str, collection: &str, outcome: Outcome) -> DayReport {
        DayReport { outcome, ..DayReport::begin(date.parse().unwrap(), collection.parse().unwrap()) }
    }

    #[test]
    fn failed_dates_become_the_narrowest_commands() {
        let days = [
            day("2021-04-10", "bids", Outcome::Failed),
            day("2021-04-10", "vacancies", Outcome::Completed),
            day("2021-04-11", "bids", Outcome::Failed),
            day("2021-04-12", "bids", Outcome::Failed),
            day("2021-04-12", "vacancies", Outcome::Failed),
            day("2021-04-13", "bids", Outcome::Lost),
        ];
        assert_eq!(commands(&Words, failed(&days), 2), ["2021-04-10..2021-04-11 bids", "2021-04-12..2021-04-12 all"]);
    }
}
