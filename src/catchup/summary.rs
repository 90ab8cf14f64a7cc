//! A module's one line, for readers other than adg: how far it is, in the words of the job that adg replaces.

use std::collections::BTreeMap;

use crate::identity::{CollectionName, ProcessingDate};

use super::{DayHistory, Status};

/// Under which key other readers look for a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryKey {
    /// `Correlation_Id`.
    pub correlation_id: String,
    /// `DataProduct`.
    pub data_product: String,
}

/// How far a module is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// The oldest date that is not done; the newest, where all are.
    pub date: ProcessingDate,
    /// `In-Progress`, `Completed` or `Failed`; other readers know no other words.
    pub status: Status,
}

/// How far a module is, all its collections together. Whoever continues from it, be it the replaced job, leaves out no date
/// that is not done. None where nothing was tried yet.
pub fn summary(history: &BTreeMap<CollectionName, DayHistory>) -> Option<Summary> {
    let mut dates: BTreeMap<ProcessingDate, Vec<Status>> = BTreeMap::new();
    for (date, status) in history.values().flatten() {
        dates.entry(*date).or_default().push(*status);
    }
    let not_done = dates.iter().find(|(_, statuses)| statuses.iter().any(|status| !status.is_done()));
    match not_done {
        Some((date, statuses)) => {
            let is_running = statuses.contains(&Status::InProgress);
            Some(Summary { date: *date, status: if is_running { Status::InProgress } else { Status::Failed } })
        }
        None => dates.last_key_value().map(|(date, _)| Summary { date: *date, status: Status::Completed }),
    }
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
        summary(&history).map(|summary| (summary.date.to_string(), summary.status))
    }

    #[test]
    fn the_oldest_date_that_is_not_done_counts() {
        use Status::{CleanedUp, Completed, Failed, InProgress, Lost, Skipped};
        assert_eq!(of(&[]), None);
        let done = [("a", "2024-01-01", Completed), ("b", "2024-01-01", Lost), ("a", "2024-01-02", Skipped)];
        assert_eq!(of(&done), Some(("2024-01-02".into(), Completed)));
        let gap = [("a", "2024-01-01", Failed), ("b", "2024-01-01", Completed), ("a", "2024-01-02", Completed)];
        assert_eq!(of(&gap), Some(("2024-01-01".into(), Failed)));
        let running = [("a", "2024-01-01", Completed), ("a", "2024-01-02", InProgress), ("b", "2024-01-02", Failed)];
        assert_eq!(of(&running), Some(("2024-01-02".into(), InProgress)));
        assert_eq!(of(&[("a", "2024-01-01", CleanedUp)]), Some(("2024-01-01".into(), Failed)));
    }
}
