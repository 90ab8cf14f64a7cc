//! The window: the dates of one collection that a run must process. Pure.

use std::collections::BTreeMap;

use crate::identity::{ErrorKind, Explain, ProcessingDate};

use super::Status;

/// The requested dates. Either bound works alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requested {
    /// First date.
    pub start: Option<ProcessingDate>,
    /// Last date.
    pub end: Option<ProcessingDate>,
}

impl Requested {
    /// Returns true if a date lies between the bounds, both included. A missing bound is open.
    pub fn include(&self, date: ProcessingDate) -> bool {
        self.start.is_none_or(|start| start <= date) && self.end.is_none_or(|end| date <= end)
    }
}

/// A module's rules for catching up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WindowRules {
    /// The first date that counts. None: yesterday, where there is no history.
    pub start: Option<ProcessingDate>,
    /// Days for which the source keeps its files. None: for ever.
    pub retention_days: Option<u32>,
}

/// An error for an invalid request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The start is after the end.
    #[error("the start date {start} is after the end date {end}")]
    StartAfterEnd {
        /// Requested date.
        start: ProcessingDate,
        /// Requested end date, or today.
        end: ProcessingDate,
    },
    /// The requested dates are before the ledger's oldest, and the module has no start date: every date in between would count.
    #[error(
        "{start} to {end} are older than the oldest date in the ledger, {oldest}, and the module has no `catchup.start`: the \
         next run would try every date in between"
    )]
    LeavesGap {
        /// Requested date.
        start: ProcessingDate,
        /// Requested date.
        end: ProcessingDate,
        /// First date that counts now.
        oldest: ProcessingDate,
    },
}

impl Explain for WindowError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::StartAfterEnd { .. } => None,
            Self::LeavesGap { oldest, .. } => {
                Some(format!("write `catchup: {{ start: {oldest} }}` into the module file, and run again"))
            }
        }
    }
}

/// Returns the dates of one collection that a run processes today.
///
/// With a requested start date, these are all dates from it to the end (today if none is requested), done or not: this is how
/// dates are rerun. Otherwise these are all dates that are not done, failures and gaps included, from the first that counts: the
/// module's start, else the oldest date in the ledger, else yesterday.
///
/// # Errors
/// The requested start is after the end; or the requested dates are older than the oldest in the history and the module has no
/// start, so that every date in between would count.
pub fn window(
    today: ProcessingDate,
    requested: Requested,
    rules: WindowRules,
    history: &BTreeMap<ProcessingDate, Status>,
) -> Result<Vec<ProcessingDate>, WindowError> {
    let end = requested.end.unwrap_or(today);
    let oldest = history.keys().next().copied();
    if let Some(start) = requested.start {
        if start > end {
            return Err(WindowError::StartAfterEnd { start, end });
        }
        return match oldest.filter(|oldest| rules.start.is_none() && end.next() < *oldest) {
            Some(oldest) => Err(WindowError::LeavesGap { start, end, oldest }),
            None => Ok(start.to(end).collect()),
        };
    }
    // With nothing to begin from and an end asked for, that one day is what was asked for.
    let yesterday = today.minus_days(1);
    let first = rules.start.or(oldest).unwrap_or(requested.end.map_or(yesterday, |end| end.min(yesterday)));
    let is_done = |date: &ProcessingDate| history.get(date).is_some_and(|status| status.is_done());
    Ok(first.to(end).filter(|date| !is_done(date)).collect())
}

impl WindowRules {
    /// Returns the days for which the source kept a file of `date`, if it has deleted the file by `today`.
    pub fn expired(self, today: ProcessingDate, date: ProcessingDate) -> Option<u32> {
        self.retention_days.filter(|days| date < today.minus_days(*days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> ProcessingDate {
        text.parse().unwrap()
    }

    fn days(texts: &[&str]) -> Vec<ProcessingDate> {
        texts.iter().map(|text| day(text)).collect()
    }

    fn ledger(entries: &[(&str, Status)]) -> BTreeMap<ProcessingDate, Status> {
        entries.iter().map(|(date, status)| (day(date), *status)).collect()
    }

    const TODAY: &str = "2021-04-12";

    fn dates(requested: Requested, rules: WindowRules, history: &[(&str, Status)]) -> Vec<ProcessingDate> {
        window(day(TODAY), requested, rules, &ledger(history)).unwrap()
    }

    fn from(start: &str) -> WindowRules {
        WindowRules { start: Some(day(start)), retention_days: None }
    }

    #[test]
    fn without_history_it_begins_at_the_start_or_yesterday() {
        assert_eq!(dates(Requested::default(), WindowRules::default(), &[]), days(&["2021-04-11", TODAY]));
        assert_eq!(dates(Requested::default(), from("2021-04-10"), &[]), days(&["2021-04-10", "2021-04-11", TODAY]));
        assert_eq!(dates(Requested::default(), from("2021-04-13"), &[]), []);
    }

    #[test]
    fn gaps_and_failures_are_done_again() {
        let history = [
            ("2021-04-07", Status::Completed),
            ("2021-04-08", Status::Failed),
            ("2021-04-10", Status::InProgress),
            ("2021-04-11", Status::Completed),
        ];
        assert_eq!(
            dates(Requested::default(), WindowRules::default(), &history),
            days(&["2021-04-08", "2021-04-09", "2021-04-10", TODAY])
        );
        let all = [(TODAY, Status::Completed)];
        assert_eq!(dates(Requested::default(), WindowRules::default(), &all), []);
    }

    #[test]
    fn lost_and_skipped_dates_are_not_tried_for_ever() {
        let history = [("2021-04-10", Status::Lost), ("2021-04-11", Status::Skipped)];
        assert_eq!(dates(Requested::default(), WindowRules::default(), &history), days(&[TODAY]));
    }

    #[test]
    fn either_date_alone_works() {
        let start = Requested { start: Some(day("2021-04-11")), end: None };
        assert_eq!(dates(start, WindowRules::default(), &[("2021-04-11", Status::Completed)]), days(&["2021-04-11", TODAY]));
        let end = Requested { start: None, end: Some(day("2021-04-11")) };
        assert_eq!(dates(end, from("2021-04-10"), &[]), days(&["2021-04-10", "2021-04-11"]));
        assert_eq!(
            dates(Requested { start: None, end: Some(day("2021-03-01")) }, WindowRules::default(), &[]),
            days(&["2021-03-01"])
        );
        let one = Requested { start: Some(day("2021-04-12")), end: Some(day("2021-04-12")) };
        assert_eq!(dates(one, WindowRules::default(), &[("2021-04-12", Status::Completed)]), days(&[TODAY]));
        let wrong =
            window(day(TODAY), Requested { start: Some(day("2021-04-13")), end: None }, WindowRules::default(), &BTreeMap::new());
        assert_eq!(wrong.unwrap_err().to_string(), "the start date 2021-04-13 is after the end date 2021-04-12");
    }

    /// Regression: such a request made the next run process every date since.
    #[test]
    fn a_date_of_long_ago_asks_for_the_first_that_counts() {
        let history = ledger(&[("2021-04-10", Status::Completed)]);
        let asked = |start, end| Requested { start: Some(day(start)), end: Some(day(end)) };
        let old = asked("2021-01-01", "2021-01-02");
        let refused = window(day(TODAY), old, WindowRules::default(), &history).unwrap_err();
        assert_eq!(
            refused,
            WindowError::LeavesGap { start: day("2021-01-01"), end: day("2021-01-02"), oldest: day("2021-04-10") }
        );
        assert_eq!(window(day(TODAY), old, from("2021-04-10"), &history).unwrap(), days(&["2021-01-01", "2021-01-02"]));
        // No date is left out in between.
        let all = asked("2021-04-08", "2021-04-09");
        assert_eq!(window(day(TODAY), all, WindowRules::default(), &history).unwrap(), days(&["2021-04-08", "2021-04-09"]));
        assert!(window(day(TODAY), old, WindowRules::default(), &ledger(&[])).is_ok());
    }

    #[test]
    fn a_file_expires_after_the_days_that_the_source_keeps_it() {
        let rules = WindowRules { start: None, retention_days: Some(7) };
        assert_eq!(rules.expired(day(TODAY), day("2021-04-05")), None);
        assert_eq!(rules.expired(day(TODAY), day("2021-04-04")), Some(7));
        assert_eq!(WindowRules::default().expired(day(TODAY), day("2001-01-01")), None);
    }

    fn any_status() -> impl Strategy<Value = Status> {
        prop::sample::select(vec![
            Status::InProgress,
            Status::Completed,
            Status::Failed,
            Status::Lost,
            Status::Skipped,
            Status::CleanedUp,
        ])
    }

    proptest! {
        /// Every date that counts is either done or in the window, in order and once, and nothing else is.
        #[test]
        fn no_date_is_forgotten(
            offsets in prop::collection::btree_map(0..400u32, any_status(), 0..60),
            start in prop::option::of(0..400u32),
        ) {
            let today = day(TODAY);
            let history: BTreeMap<_, _> = offsets.into_iter().map(|(back, status)| (today.minus_days(back), status)).collect();
            let rules = WindowRules { start: start.map(|back| today.minus_days(back)), retention_days: None };
            let found = window(today, Requested::default(), rules, &history).unwrap();
            let first = rules.start.or(history.keys().next().copied()).unwrap_or(today.minus_days(1));
            let expected: Vec<_> = first.to(today).filter(|d| !history.get(d).is_some_and(|s| s.is_done())).collect();
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(&found, &expected);
            // Doing them all leaves nothing.
            let mut after = history;
            after.extend(found.into_iter().map(|date| (date, Status::Completed)));
            if !after.is_empty() {
                prop_assert!(window(today, Requested::default(), rules, &after).unwrap().is_empty());
            }
        }
    }
}
