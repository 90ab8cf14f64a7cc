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
/// - At any time a scope has one exclusive holder or any number of shared ones, or none, that are alive: not released, not
///   expired and not known to be dead.
/// - Each lease on a scope has a larger token than all leases before it, whatever their access.
/// - A lease that another has followed is lost: it can't be renewed, and nothing is written with it.
pub trait LeaseStore: Send + Sync {
    /// Takes a lease for `ttl` from `now`.
    ///
    /// # Errors
    /// [`LedgerError::Held`] with a conflicting holder. A holder known to be dead holds nothing.
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
    /// [`LedgerError::LeaseLost`] if another lease has followed it.
    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError>;

    /// Releases a lease. A lost lease is left alone.
    ///
    /// # Errors
    /// The ledger can't be reached or written. The lease then expires.
    fn release(&self, lease: &Lease) -> Result<(), LedgerError>;

    /// Returns the shares of a job's dates whose exclusive leases are neither released nor expired.
    ///
    /// # Errors
    /// The ledger can't be read, or holds a record that this version does not understand.
    fn shards(&self, job: &JobName, now: Timestamp) -> Result<Vec<Shard>, LedgerError>;
}

/// The record of attempts by unit. The dates that are not done follow from it.
///
/// Guarantees of an implementation: an attempt is written whole or not at all, over an earlier state of the same attempt, and
/// only with a lease that is not lost; a reader sees it as soon as `record` has returned.
pub trait RunLog: Send + Sync {
    /// Writes an attempt, over an earlier state of the same run's attempt at the same unit.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] if another lease has followed the lease.
    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError>;

    /// Returns the latest status of each slice of each node of a job.
    ///
    /// # Errors
    /// The ledger can't be read, or holds a record that this version does not understand.
    fn history(&self, job: &JobName) -> Result<BTreeMap<NodeName, History>, LedgerError>;

    /// Returns all attempts at a unit, oldest first.
    ///
    /// # Errors
    /// The ledger can't be read. [`LedgerError::Corrupt`] if it holds an attempt that this version does not understand.
    fn attempts(&self, unit: &Unit) -> Result<Vec<Attempt>, LedgerError>;

    /// Returns all attempts at the dates of a node from `first` to `last`, by date, and oldest first of each.
    ///
    /// # Errors
    /// The ledger can't be read. [`LedgerError::Corrupt`] if it holds an attempt that this version does not understand.
    fn attempts_between(
        &self,
        job: &JobName,
        node: &NodeName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError>;

    /// Returns the latest status of each date of each node of a job. Other slices are left out.
    ///
    /// # Errors
    /// Those of [`history`](Self::history).
    fn days(&self, job: &JobName) -> Result<BTreeMap<CollectionName, DayHistory>, LedgerError> {
        let dates = |history: History| history.into_iter().filter_map(|(slice, status)| Some((slice.date()?, status))).collect();
        Ok(self.history(job)?.into_iter().map(|(node, history)| (node, dates(history))).collect())
    }

    /// Returns the counts of the published dates of a job from `first` to `last`, added up by node and month, in order of months.
    ///
    /// # Errors
    /// The ledger can't be read, or holds a record that this version does not understand.
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
                if let Some(date) = attempt.date() {
                    of_node.entry(date.first_of_month()).or_default().add(&attempt.counts);
                }
            }
            if !of_node.is_empty() {
                months.insert(node, of_node);
            }
        }
        Ok(months)
    }
}

/// A replaced path, to which no reader is sent any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredPath {
    /// The folder.
    pub location: String,
    /// The time at which it was replaced.
    pub at: Timestamp,
}

/// The record of replaced paths. Their files are deleted once their retention is over.
pub trait RetiredPaths: Send + Sync {
    /// Records a path before it is replaced. A later record of the same location replaces an earlier one, whose replacement did
    /// not happen.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] if another lease has followed the lease; or the ledger can't be reached or written.
    fn retire(&self, lease: &Lease, path: &RetiredPath) -> Result<(), LedgerError>;

    /// Returns the retired paths under `prefix`, oldest first.
    ///
    /// # Errors
    /// The ledger can't be read, or holds a record that this version does not understand.
    fn retired(&self, prefix: &str) -> Result<Vec<RetiredPath>, LedgerError>;

    /// Removes the record of a path whose files were deleted.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] if another lease has followed the lease; or the ledger can't be reached or written.
    fn forget_retired(&self, lease: &Lease, location: &str) -> Result<(), LedgerError>;
}

/// The date from which a job continues another that kept the ledger before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continued {
    /// The first date that the other job has not done.
    pub first: ProcessingDate,
    /// True if the other job went on after adg, so that dates from `first` on must be done again.
    pub again: bool,
}

/// The summary lines that the replaced job kept, one for each job, for readers other than adg.
pub trait JobSummaries: Send + Sync {
    /// Returns the date from which a job continues, as far as it is known without writing. None: no other job kept the ledger.
    ///
    /// # Errors
    /// Another module has the same line; the other job's line has no valid date; the ledger can't be read.
    fn continues_from(&self, job: &JobName, key: &SummaryKey) -> Result<Option<Continued>, LedgerError>;

    /// Takes over from the replaced job. Returns the first date that counts: dates before it are done, and no others. It is
    /// called before the job's summary is first written. None: no other job kept the ledger.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] if another lease has followed the lease. Another module has the same line; the other job's line
    /// has no valid date; the ledger can't be read or written. The next call repeats what was left.
    fn take_over(&self, lease: &Lease, job: &JobName, key: &SummaryKey) -> Result<Option<ProcessingDate>, LedgerError>;

    /// Writes a job's line.
    ///
    /// # Errors
    /// [`LedgerError::LeaseLost`] if another lease has followed the lease. Another module has the same line; the ledger can't be
    /// read or written.
    fn summarise(&self, lease: &Lease, job: &JobName, key: &SummaryKey, summary: Summary) -> Result<(), LedgerError>;
}

/// A ledger of one backend. Every backend passes `conformance`.
pub trait Ledger: LeaseStore + RunLog + RetiredPaths {
    /// Checks that the ledger answers. Returns its description.
    ///
    /// # Errors
    /// The ledger does not answer, does not exist, or denies access; a newer adg has written to it.
    fn check(&self) -> Result<String, LedgerError>;

    /// Returns the summaries for readers other than adg; none if the ledger has no such readers.
    fn summaries(&self) -> Option<&dyn JobSummaries> {
        None
    }
}
