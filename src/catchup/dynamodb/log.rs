//! The record of attempts: an item for each, and one for the latest status of each unit.

use std::collections::BTreeMap;

use crate::catchup::stored::{StoredAttempt, parsed, status};
use crate::catchup::{Attempt, History, Lease, LedgerError, RunLog, Unit};
use crate::identity::{JobName, NodeName, ProcessingDate};

use super::DynamoDbLedger;
use super::items::{AttemptItem, DayItem, Key};

impl DynamoDbLedger {
    fn restored(&self, mut item: AttemptItem) -> Result<Attempt, LedgerError> {
        if let Some(beginning) = item.parts() {
            let parts = self.below("read a list of sources", &beginning)?;
            item.join(parts).map_err(|what| self.corrupt(what))?;
        }
        item.restore().map_err(|what| self.corrupt(what))
    }
}

impl RunLog for DynamoDbLedger {
    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError> {
        let stored = StoredAttempt::of(attempt).map_err(|what| self.corrupt(what))?;
        let day = self.put(&DayItem::of(&stored))?;
        let (item, parts) = AttemptItem::of(stored).map_err(|what| self.corrupt(what))?;
        for part in &parts {
            self.put_alone("write a list of sources", part)?;
        }
        let attempt = self.put(&item)?;
        self.fenced("record an attempt", lease, vec![attempt, day])
    }

    fn history(&self, job: &JobName) -> Result<BTreeMap<NodeName, History>, LedgerError> {
        self.must_be_known()?;
        let days: Vec<DayItem> = self.below("read the history", &Key::days(job))?;
        let corrupt = |what| self.corrupt(what);
        let mut history: BTreeMap<NodeName, History> = BTreeMap::new();
        for day in days {
            let node = parsed("collection", &day.collection).map_err(corrupt)?;
            let slice = parsed("date", &day.day).map_err(corrupt)?;
            history.entry(node).or_default().insert(slice, status(&day.latest).map_err(corrupt)?);
        }
        Ok(history)
    }

    fn attempts(&self, unit: &Unit) -> Result<Vec<Attempt>, LedgerError> {
        let found: Vec<AttemptItem> = self.below("read the attempts", &Key::attempts(&unit.job, &unit.node, &unit.slice))?;
        found.into_iter().map(|item| self.restored(item)).collect()
    }

    fn attempts_between(
        &self,
        job: &JobName,
        node: &NodeName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError> {
        let found: Vec<AttemptItem> =
            self.between("read the attempts", &Key::attempts(job, node, &first.into()), &Key::attempts(job, node, &last.into()))?;
        found.into_iter().map(|item| self.restored(item)).collect()
    }
}
