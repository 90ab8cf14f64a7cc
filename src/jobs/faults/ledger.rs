//! The ledger behind the gate.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{
    Access, Attempt, Counts, History, Holder, Lease, LeaseScope, LeaseStore, Ledger, LedgerError, RetiredPath, RetiredPaths,
    RunLog, Shard, SqliteLedger, Unit,
};
use crate::identity::{JobName, NodeName, ProcessingDate};

use super::call::{Call, Process, nothing};

/// The ledger as a process reaches it.
pub(super) struct GatedLedger {
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
}

impl LeaseStore for GatedLedger {
    fn acquire(&self, scope: &LeaseScope, access: Access, holder: &Holder, now: Timestamp, ttl: SignedDuration) -> Result<Lease> {
        self.pass("acquire", scope, || self.inner.acquire(scope, access, holder, now, ttl))
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease> {
        self.pass("renew", &lease.scope, || self.inner.renew(lease, now, ttl))
    }

    fn release(&self, lease: &Lease) -> Result<()> {
        self.pass("release", &lease.scope, || self.inner.release(lease))
    }

    fn shards(&self, job: &JobName, now: Timestamp) -> Result<Vec<Shard>> {
        self.pass("shards", job, || self.inner.shards(job, now))
    }
}

impl RunLog for GatedLedger {
    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<()> {
        let on = format!("{} {} {}", attempt.unit.node, attempt.unit.slice, attempt.status);
        self.pass("record", on, || self.inner.record(lease, attempt))
    }

    fn history(&self, job: &JobName) -> Result<BTreeMap<NodeName, History>> {
        self.pass("history", job, || self.inner.history(job))
    }

    fn attempts(&self, unit: &Unit) -> Result<Vec<Attempt>> {
        self.pass("attempts", format!("{} {}", unit.node, unit.slice), || self.inner.attempts(unit))
    }

    fn attempts_between(
        &self,
        job: &JobName,
        node: &NodeName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>> {
        self.pass("attempts", format!("{node} {first} {last}"), || self.inner.attempts_between(job, node, first, last))
    }

    fn months(
        &self,
        job: &JobName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<BTreeMap<NodeName, BTreeMap<ProcessingDate, Counts>>> {
        self.pass("months", job, || self.inner.months(job, first, last))
    }
}

impl RetiredPaths for GatedLedger {
    fn retire(&self, lease: &Lease, path: &RetiredPath) -> Result<()> {
        self.pass("retire", &path.location, || self.inner.retire(lease, path))
    }

    fn retired(&self, prefix: &str) -> Result<Vec<RetiredPath>> {
        self.pass("retired", prefix, || self.inner.retired(prefix))
    }

    fn forget_retired(&self, lease: &Lease, location: &str) -> Result<()> {
        self.pass("forget retired", location, || self.inner.forget_retired(lease, location))
    }
}
