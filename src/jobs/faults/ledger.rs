//! The ledger behind the gate.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{
    Attempt, Counts, DayHistory, Holder, Lease, LeaseName, Ledger, LedgerError, Shard, SqliteLedger, Summary, SummaryKey,
    Superseded,
};
use crate::identity::{CollectionName, ModuleName, ProcessingDate};

use super::call::{Call, Process, nothing};

/// The ledger as a process reaches it.
pub struct GatedLedger {
    pub inner: SqliteLedger,
    pub process: Process,
}

type Result<T> = std::result::Result<T, LedgerError>;

impl GatedLedger {
    fn pass<T>(&self, action: &'static str, on: impl Display, act: impl FnMut() -> Result<T>) -> Result<T> {
        let failed = |reason| LedgerError::Unavailable { action, ledger: "behind the gate".to_owned(), reason };
        self.process.pass_now(Call { service: "ledger", action, on: on.to_string() }, failed, act, nothing)
    }
}

impl Ledger for GatedLedger {
    fn check(&self) -> Result<String> {
        self.pass("check", "", || self.inner.check())
    }

    fn take_over(&self, lease: &Lease, key: &SummaryKey) -> Result<Option<ProcessingDate>> {
        self.pass("take over", "", || self.inner.take_over(lease, key))
    }

    fn summarise(&self, lease: &Lease, key: &SummaryKey, summary: Summary) -> Result<()> {
        self.pass("summarise", "", || self.inner.summarise(lease, key, summary))
    }

    fn acquire(&self, name: &LeaseName, holder: &Holder, now: Timestamp, ttl: SignedDuration) -> Result<Lease> {
        self.pass("acquire", name, || self.inner.acquire(name, holder, now, ttl))
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease> {
        self.pass("renew", &lease.name, || self.inner.renew(lease, now, ttl))
    }

    fn release(&self, lease: &Lease) -> Result<()> {
        self.pass("release", &lease.name, || self.inner.release(lease))
    }

    fn shards(&self, module: &ModuleName, now: Timestamp) -> Result<Vec<Shard>> {
        self.pass("shards", module, || self.inner.shards(module, now))
    }

    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<()> {
        let on = format!("{} {} {}", attempt.collection, attempt.date, attempt.status);
        self.pass("record", on, || self.inner.record(lease, attempt))
    }

    fn history(&self, module: &ModuleName) -> Result<BTreeMap<CollectionName, DayHistory>> {
        self.pass("history", module, || self.inner.history(module))
    }

    fn attempts_between(
        &self,
        module: &ModuleName,
        collection: &CollectionName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>> {
        let on = if first == last { format!("{collection} {first}") } else { format!("{collection} {first} {last}") };
        self.pass("attempts", on, || self.inner.attempts_between(module, collection, first, last))
    }

    fn months(
        &self,
        module: &ModuleName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<BTreeMap<CollectionName, BTreeMap<ProcessingDate, Counts>>> {
        self.pass("months", module, || self.inner.months(module, first, last))
    }

    fn note_superseded(&self, lease: &Lease, superseded: &Superseded) -> Result<()> {
        self.pass("note superseded", &superseded.location, || self.inner.note_superseded(lease, superseded))
    }

    fn superseded(&self, prefix: &str) -> Result<Vec<Superseded>> {
        self.pass("superseded", prefix, || self.inner.superseded(prefix))
    }

    fn forget_superseded(&self, lease: &Lease, location: &str) -> Result<()> {
        self.pass("forget superseded", location, || self.inner.forget_superseded(lease, location))
    }
}
