//! Summary record of a module for readers other than adg, kept true while a run works.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::catchup::{Continued, DayHistory, Lease, Ledger, Status, SummaryKey, WindowRules, summary};
use crate::config::Module;
use crate::identity::{Causes, CollectionName, ModuleName, ProcessingDate};
use crate::report::{DayReport, Outcome};

use crate::jobs::run::JobError;
use crate::jobs::run::lease::KeptLease;

/// History as it grows in this run, and the summary record that follows from it.
pub(super) struct KeptSummary<'a> {
    ledger: &'a dyn Ledger,
    lease: &'a KeptLease,
    module: ModuleName,
    key: Option<SummaryKey>,
    /// First date that counts: where the replaced job left off, or the module's start, whichever is later.
    pub(super) first: Option<ProcessingDate>,
    collections: Vec<CollectionName>,
    history: Mutex<BTreeMap<CollectionName, DayHistory>>,
}

impl<'a> KeptSummary<'a> {
    /// Takes over where the replaced job left off. The history is to be read before dates are begun. A module without
    /// `correlation_id` and `data_product` has no summary record.
    pub(super) fn take_over(ledger: &'a dyn Ledger, lease: &'a KeptLease, module: &Module) -> Result<Self, JobError> {
        let key = summary_key(module);
        let continues_from = match ledger.summaries().zip(key.as_ref()) {
            Some((summaries, key)) => lease.alone(|lease| summaries.take_over(lease, &module.module, key))??,
            None => None,
        };
        let first = module.catchup.start.max(continues_from).map(|date| date.first_slice(module.source.slice));
        let collections = module.collections.keys().cloned().collect();
        Ok(Self { ledger, lease, module: module.module.clone(), key, first, collections, history: Mutex::default() })
    }

    /// Reads the history from the ledger as it is now.
    pub(super) fn read_history(&self) -> Result<(), JobError> {
        *self.history.lock().unwrap_or_else(PoisonError::into_inner) = self.ledger.days(&self.module)?;
        Ok(())
    }

    /// Returns the history of a collection's dates.
    pub(super) fn days(&self, collection: &CollectionName) -> DayHistory {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).get(collection).cloned().unwrap_or_default()
    }

    /// Notes that a date has begun.
    pub(super) fn begin<'n>(&self, date: ProcessingDate, collections: impl Iterator<Item = &'n CollectionName>) {
        self.note(collections.map(|name| (name.clone(), date, Status::InProgress)));
    }

    /// Notes that a date has ended.
    pub(super) fn end(&self, reports: &[DayReport]) {
        self.note(reports.iter().map(|day| {
            let status = match day.outcome {
                Outcome::Completed => Status::Completed,
                Outcome::Skipped => Status::Skipped,
                Outcome::Lost => Status::Lost,
                Outcome::Failed => Status::Failed,
            };
            (day.collection.clone(), day.date, status)
        }));
    }

    /// Brings history and summary record to what the ledger says at the end: a date that was published before counts as done,
    /// though this run failed on it.
    pub(super) fn settle(&self) {
        let settled = self.lease.alone(|lease| {
            self.read_history()?;
            self.tell(lease, &self.history.lock().unwrap_or_else(PoisonError::into_inner));
            Ok::<_, JobError>(())
        });
        if let Err(error) = settled.map_err(JobError::from).flatten() {
            tracing::warn!(
                event = "summary_not_settled", module = %self.lease.lease().scope, error = %Causes(&error),
                "could not bring the summary record up to date"
            );
        }
    }

    fn note(&self, days: impl Iterator<Item = (CollectionName, ProcessingDate, Status)>) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        for (collection, date, status) in days {
            history.entry(collection).or_default().insert(date, status);
        }
        // A shard knows nothing of what the others do meanwhile, and tells what there is at its end.
        if !self.lease.is_of_a_shard() {
            self.tell(self.lease.lease(), &history);
        }
    }

    fn tell(&self, lease: &Lease, history: &BTreeMap<CollectionName, DayHistory>) {
        let Some((summaries, key)) = self.ledger.summaries().zip(self.key.as_ref()) else { return };
        let Some(summary) = summary(history, self.collections.iter(), self.first) else { return };
        // What adg itself goes by is the history, which is written elsewhere.
        if let Err(error) = summaries.summarise(lease, &self.module, key, summary) {
            tracing::warn!(
                event = "summary_not_written", module = %lease.scope, error = %Causes(&error),
                "could not write the summary record"
            );
        }
    }
}

/// Returns the rules and the history that a run would go by, once it had taken over from whoever kept the ledger before.
pub(super) fn known_history(
    ledger: &dyn Ledger,
    module: &Module,
) -> Result<(WindowRules, BTreeMap<CollectionName, DayHistory>), JobError> {
    let mut history = ledger.days(&module.module)?;
    let continued = match ledger.summaries().zip(summary_key(module)) {
        Some((summaries, key)) => summaries.continues_from(&module.module, &key)?,
        None => None,
    };
    if let Some(Continued { first, again: true }) = continued {
        let again = history.values_mut().flat_map(|days| days.range_mut(first..));
        again.for_each(|(_, status)| *status = Status::Failed);
    }
    let start = module.catchup.start.max(continued.map(|continued| continued.first));
    let start = start.map(|date| date.first_slice(module.source.slice));
    Ok((WindowRules { start, retention_days: module.catchup.retention_days }, history))
}

/// Returns the key of a module's summary record; none without `correlation_id` and `data_product`.
fn summary_key(module: &Module) -> Option<SummaryKey> {
    let (correlation_id, data_product) = module.correlation_id.clone().zip(module.data_product.clone())?;
    Some(SummaryKey { correlation_id, data_product })
}
