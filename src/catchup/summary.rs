//! The summary line of a module, for readers other than adg: its progress, in the words of the job that adg replaces.

use std::collections::BTreeMap;

use crate::identity::{CollectionName, ProcessingDate};

use super::{DayHistory, Status};

/// The key under which other readers look for a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryKey {
    /// `Correlation_Id`.
    pub correlation_id: String,
    /// `DataProduct`.
    pub data_product: String,
}

/// The progress of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The oldest date that is not done; the newest date if all are done.
    pub date: ProcessingDate,
    /// `In-Progress`, `Completed` or `Failed`; other readers know no other words.
    pub status: Status,
}

/// Returns the progress of a module, all its `collections` together, up to the newest date that was tried. A job that continues
/// from it, even the replaced one, skips no date that is not done, tried or not. `first` is the first date that counts; without
/// it, a collection counts from its own oldest date on. Returns none if no date that counts was tried yet.
pub fn summary<'c>(
    history: &BTreeMap<CollectionName, DayHistory>,
    collections: impl Iterator<Item = &'c CollectionName>,
    first: Option<ProcessingDate>,
) -> Option<Summary> {
    let newest = *history.values().filter_map(|days| days.keys().next_back()).max()?;
    if first.is_some_and(|first| newest < first) {
        return None;
    }
    let nothing = DayHistory::new();
    let mut not_done: BTreeMap<ProcessingDate, bool> = BTreeMap::new();
    for collection in collections {
        let days = history.get(collection).unwrap_or(&nothing);
        let since = first.or(days.keys().next().copied()).unwrap_or(newest);
        let undone = since.to(newest).find(|date| !days.get(date).is_some_and(|status| status.is_done()));
        if let Some(date) = undone {
            *not_done.entry(date).or_default() |= days.get(&date) == Some(&Status::InProgress);
        }
    }
    Some(match not_done.first_key_value() {
        Some((date, true)) => Summary { date: *date, status: Status::InProgress },
        Some((date, false)) => Summary { date: *date, status: Status::Failed },
        None => Summary { date: newest, status: Status::Completed },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> ProcessingDate {
        text.parse().unwrap()
    }

    fn of(entries: &[(&str, &str, Status)]) -> Option<(String, Status)> {
        let mut history: BTreeMap<CollectionName, DayHistory> = BTreeMap::new();
        for (collection, date, status) in entries {
            history.entry(collection.parse().unwrap()).or_default().insert(day(date), *status);
        }
        told(&history, &["a", "b"], None)
    }

    fn told(
        history: &BTreeMap<CollectionName, DayHistory>,
        collections: &[&str],
        first: Option<&str>,
    ) -> Option<(String, Status)> {
        let collections: Vec<CollectionName> = collections.iter().map(|name| name.parse().unwrap()).collect();
        summary(history, collections.iter(), first.map(day)).map(|summary| (summary.date.to_string(), summary.status))
    }

    #[test]
    fn the_oldest_date_that_is_not_done_counts() {
        use Status::{CleanedUp, Completed, Failed, InProgress, Lost, Skipped};
        assert_eq!(of(&[]), None);
        let done = [("a", "2024-01-01", Completed), ("b", "2024-01-02", Lost), ("a", "2024-01-02", Skipped)];
        assert_eq!(of(&done), Some(("2024-01-02".into(), Completed)));
        let gap = [("a", "2024-01-01", Failed), ("b", "2024-01-01", Completed), ("a", "2024-01-02", Completed)];
        assert_eq!(of(&gap), Some(("2024-01-01".into(), Failed)));
        let running = [("a", "2024-01-01", Completed), ("a", "2024-01-02", InProgress), ("b", "2024-01-02", Failed)];
        assert_eq!(of(&running), Some(("2024-01-02".into(), InProgress)));
        assert_eq!(of(&[("a", "2024-01-01", CleanedUp)]), Some(("2024-01-01".into(), Failed)));
    }

    #[test]
    fn what_was_never_tried_is_not_done() {
        use Status::{Completed, Failed};
        let history = |entries: &[(&str, &str)]| {
            let mut history: BTreeMap<CollectionName, DayHistory> = BTreeMap::new();
            for (collection, date) in entries {
                history.entry(collection.parse().unwrap()).or_default().insert(day(date), Completed);
            }
            history
        };
        // A date done by name, far ahead of the first that counts.
        let ahead = history(&[("a", "2024-01-20")]);
        assert_eq!(told(&ahead, &["a"], Some("2024-01-13")), Some(("2024-01-13".into(), Failed)));
        // One collection of two, by name.
        assert_eq!(told(&ahead, &["a", "b"], None), Some(("2024-01-20".into(), Failed)));
        // A rerun of what the replaced job did tells nothing new.
        assert_eq!(told(&history(&[("a", "2024-01-05")]), &["a"], Some("2024-01-13")), None);
        assert_eq!(told(&history(&[("a", "2024-01-13")]), &["a"], Some("2024-01-13")), Some(("2024-01-13".into(), Completed)));
        // A collection that no longer is one is nobody's business.
        assert_eq!(
            told(&history(&[("a", "2024-01-02"), ("gone", "2024-01-01")]), &["a"], None),
            Some(("2024-01-02".into(), Completed))
        );
    }
}
