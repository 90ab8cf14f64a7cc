//! The ledger: the record of attempts, the leases and the retired paths, each as a trait of its own.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::identity::{CollectionName, JobName, NodeName, ProcessingDate};

use super::{
    Access, Attempt, Counts, DayHistory, History, Holder, Lease, LeaseScope, LedgerError, Seen, Shard, Summary, SummaryKey, Unit,
};

/// Leases on scopes, with fencing tokens.
///
/// Guarantees of an implementation, which `conformance` checks:
/// - At any time a scope has one exclusive holder or any number of shared ones, or none, that are alive: not released, not expired and
///   not known to be dead.
/// - Each lease on a scope has a larger token than all leases before it, whatever their access.
/// - A lease that another has followed is lost: it can't be renewed, and nothing is written with it.
pub trait LeaseStore: Send + Sync {
    /// Takes a lease for `ttl` from `now`.
    ///
    /// # Errors
    /// [`LedgerError::Held`] with the holder that is in the way. A holder known to be dead holds nothing.
    fn acquire(
        &self,
        scope: &LeaseScope,
        access: Access,
        holder: &Holder,
        now: Timestamp,
        ttl: SignedDuration,
    ) -> Result<Lease, LedgerError>;

    /// Extends a lease to `ttl` from `now`.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] where another has followed it.
    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError>;

    /// Gives a lease up. A lease that is lost is left alone.
    fn release(&self, lease: &Lease) -> Result<(), LedgerError>;

    /// The shares of a job's dates whose exclusive leases were neither given up nor have ended.
    fn shards(&self, job: &JobName, now: Timestamp) -> Result<Vec<Shard>, LedgerError>;
}

/// The record of attempts by unit. What is not done follows from it.
///
/// Guarantees of an implementation: an attempt is written whole or not at all, over an earlier state of the same attempt, and only with
/// a lease that is not lost; a reader sees it as soon as `record` has returned.
pub trait RunLog: Send + Sync {
    /// Writes an attempt, over what the same run wrote for the same unit.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] where another has followed the lease.
    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError>;

    /// The latest status of each slice of each node of a job.
    fn history(&self, job: &JobName) -> Result<BTreeMap<NodeName, History>, LedgerError>;

    /// All attempts at a unit, oldest first.
    fn attempts(&self, unit: &Unit) -> Result<Vec<Attempt>, LedgerError>;

    /// All attempts at the dates of a node from `first` to `last`, by date, and oldest first of each.
    fn attempts_between(
        &self,
        job: &JobName,
        node: &NodeName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError>;

    /// The latest status of each date of each node of a job. Other slices are left out.
    fn days(&self, job: &JobName) -> Result<BTreeMap<CollectionName, DayHistory>, LedgerError> {
        let dates = |history: History| history.into_iter().filter_map(|(slice, status)| Some((slice.date()?, status))).collect();
        Ok(self.history(job)?.into_iter().map(|(node, history)| (node, dates(history))).collect())
    }

    /// Counts of the published dates of a job from `first` to `last`, added up by node and month. The months come in order.
    fn months(
        &self,
        job: &JobName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<BTreeMap<NodeName, BTreeMap<ProcessingDate, Counts>>, LedgerError> {
        let mut months = BTreeMap::new();
        for node in self.days(job)?.into_keys() {
            let attempts = self.attempts_between(job, &node, first, last)?;
            let published = attempts.chunk_by(|a, b| a.unit == b.unit).filter_map(|of_date| Seen::after(of_date).rows());
            let mut of_node: BTreeMap<ProcessingDate, Counts> = BTreeMap::new();
            for attempt in published {
                let month = attempt.date().map(ProcessingDate::first_of_month);
                month.into_iter().for_each(|month| of_node.entry(month).or_default().add(&attempt.counts));
            }
            if !of_node.is_empty() {
                months.insert(node, of_node);
            }
        }
        Ok(months)
    }
}

/// A path that no reader is sent to any more, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredPath {
    /// The folder.
    pub location: String,
    /// The time at which it was replaced.
    pub at: Timestamp,
}

/// Paths that were replaced. Their files are deleted once their retention is over.
pub trait RetiredPaths: Send + Sync {
    /// Notes, before it happens, that a path is about to be replaced. A later note of the same location replaces an earlier one,
    /// whose replacement did not happen.
    fn retire(&self, lease: &Lease, path: &RetiredPath) -> Result<(), LedgerError>;

    /// The retired paths under `prefix`, oldest first.
    fn retired(&self, prefix: &str) -> Result<Vec<RetiredPath>, LedgerError>;

    /// Forgets a path whose files were deleted.
    fn forget_retired(&self, lease: &Lease, location: &str) -> Result<(), LedgerError>;
}

/// The date from which a job continues another that kept the ledger before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continued {
    /// The first date that the other job has not done.
    pub first: ProcessingDate,
    /// Whether the other job went on after adg, so that dates from `first` on are to be done again.
    pub again: bool,
}

/// The one line for each job that the replaced job kept, for readers other than adg.
pub trait JobSummaries: Send + Sync {
    /// The date from which a job continues, as far as can be told without writing. None: no other job kept the ledger.
    fn continues_from(&self, job: &JobName, key: &SummaryKey) -> Result<Option<Continued>, LedgerError>;

    /// Takes over from the replaced job. Gives the first date that counts: dates before it are done, and no others. It is called before
    /// the job's summary is first written. None: no other job kept the ledger.
    fn take_over(&self, lease: &Lease, job: &JobName, key: &SummaryKey) -> Result<Option<ProcessingDate>, LedgerError>;

    /// Writes a job's line.
    fn summarise(&self, lease: &Lease, job: &JobName, key: &SummaryKey, summary: Summary) -> Result<(), LedgerError>;
}

/// A ledger in one place. Every backend passes `conformance`.
pub trait Ledger: LeaseStore + RunLog + RetiredPaths {
    /// Asks whether it answers. Gives its own description.
    fn check(&self) -> Result<String, LedgerError>;

    /// The summaries for readers other than adg; none where the ledger has no such readers.
    fn summaries(&self) -> Option<&dyn JobSummaries> {
        None
    }
}
