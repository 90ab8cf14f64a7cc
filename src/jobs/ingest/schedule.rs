//! Schedule of a run: the dates of each collection that it does, and the reasons. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::catchup::{DayHistory, Requested, Shard, Status, WindowError, WindowRules, window};
use crate::identity::{CollectionName, ProcessingDate};
use crate::report::{LateFiles, Why};
use crate::source::DayKeys;

use super::module::Collection;
use crate::jobs::run::rerun::Again;

/// Facts by which a run is scheduled.
pub(super) struct Schedule<'a> {
    pub(super) today: ProcessingDate,
    pub(super) rules: WindowRules,
    pub(super) requested: Requested,
    pub(super) shard: Option<Shard>,
    pub(super) keys: &'a DayKeys,
    /// Completed dates that are to be rerun, as they have files that were not read.
    pub(super) late: &'a [LateFiles],
    /// True if dates are loaded whose files are not complete.
    pub(super) takes_incomplete: bool,
}

impl Schedule<'_> {
    fn has_files(&self, collection: &CollectionName, date: ProcessingDate) -> bool {
        self.keys.contains_key(&(collection.clone(), date))
    }

    fn is_late(&self, collection: &CollectionName, date: ProcessingDate) -> bool {
        self.late.iter().any(|late| late.date == date && late.collection == *collection)
    }

    /// Returns the requested dates. The rest of a day of hours is still to come.
    fn asked(&self) -> Requested {
        let end = self.requested.end.map(|end| if end.hour().is_some() { end.min(self.today) } else { end });
        Requested { end, ..self.requested }
    }

    /// Returns the dates to load. Each collection has a window of its own: a new one catches up beside those that are up to date.
    /// Tables of the same records are loaded together.
    pub(super) fn due(
        &self,
        collections: &[Collection],
        days: impl Fn(&CollectionName) -> DayHistory,
    ) -> Result<Again, WindowError> {
        let mut due = Again::new();
        for collection in collections {
            let mut days = days(&collection.name);
            for (date, status) in &mut days {
                // A file that came late, or came back, counts.
                let came = matches!(status, Status::Skipped | Status::Lost);
                if self.has_files(&collection.name, *date) && (came || self.is_late(&collection.name, *date)) {
                    *status = Status::Failed;
                }
            }
            let dates = window(self.today, self.asked(), self.rules, &days)?;
            for date in dates.into_iter().filter(|date| self.shard.is_none_or(|shard| shard.has(*date))) {
                due.entry(date).or_default().insert(collection.name.clone());
            }
        }
        for names in due.values_mut() {
            let is_due = |collection: &&Collection| names.contains(&collection.name);
            let roots: BTreeSet<&CollectionName> = collections.iter().filter(is_due).map(|collection| &collection.root).collect();
            names.extend(collections.iter().filter(|one| roots.contains(&one.root)).map(|one| one.name.clone()));
        }
        Ok(due)
    }

    /// Returns the reason for which a date of a collection is to be loaded.
    pub(super) fn why(&self, collection: &CollectionName, date: ProcessingDate, days: &BTreeMap<ProcessingDate, Status>) -> Why {
        match days.get(&date) {
            _ if self.requested.start.is_some() => Why::AskedFor,
            None => Why::NeverTried,
            Some(Status::Completed) if self.is_late(collection, date) => Why::FilesCame,
            Some(Status::CleanedUp) => Why::CleanedUp,
            Some(Status::Skipped | Status::Lost) if self.has_files(collection, date) => Why::FilesCame,
            Some(Status::InProgress) => Why::DiedBefore,
            Some(Status::Completed) => Why::SameRecords,
            Some(_) => Why::FailedBefore,
        }
    }
}
