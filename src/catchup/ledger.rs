//! The ledger: what was done for each (module, collection, date), and who may work now.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::identity::{CollectionName, ModuleName, ProcessingDate};

use super::{Attempt, Counts, DayHistory, Holder, Lease, LeaseName, LedgerError, Seen, Shard, Summary, SummaryKey};

/// A location that was replaced, and since when no reader is sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// The folder.
    pub location: String,
    /// When it was replaced.
    pub at: Timestamp,
}

/// Where a job that kept the ledger before left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continued {
    /// The first date that it has not done.
    pub first: ProcessingDate,
    /// Whether it went on after adg, so that what adg did from that date on is to be done again.
    pub again: bool,
}

/// The record of what was done. Every backend passes `conformance`.
pub trait Ledger: Send + Sync {
    /// Asks whether it answers. Gives what it says that it is.
    fn check(&self) -> Result<String, LedgerError>;

    /// Where the job that adg replaces left off, if it kept this ledger before, as far as can be told without writing.
    fn continues_from(&self, _module: &ModuleName, _key: &SummaryKey) -> Result<Option<Continued>, LedgerError> {
        Ok(None)
    }

    /// Takes over from the job that adg replaces, if it kept this ledger before. Gives the first date that counts: it has done
    /// those before, and no others. Asked before the module's summary is first written. None: it was never there.
    fn take_over(&self, _lease: &Lease, _key: &SummaryKey) -> Result<Option<ProcessingDate>, LedgerError> {
        Ok(None)
    }

    /// Writes how far a module is, for readers other than adg; a ledger that only adg reads has no such line.
    fn summarise(&self, _lease: &Lease, _key: &SummaryKey, _summary: Summary) -> Result<(), LedgerError> {
        Ok(())
    }

    /// Takes the lease for `ttl` from `now`, or says who holds it. A holder known to be dead holds nothing. That of a module and those
    /// of its shares know nothing of each other.
    fn acquire(&self, name: &LeaseName, holder: &Holder, now: Timestamp, ttl: jiff::SignedDuration)
    -> Result<Lease, LedgerError>;

    /// Extends the lease to `ttl` from `now`; fails where somebody else has taken it.
    fn renew(&self, lease: &Lease, now: Timestamp, ttl: jiff::SignedDuration) -> Result<Lease, LedgerError>;

    /// Gives the lease up. A lease that is no longer ours is left alone.
    fn release(&self, lease: &Lease) -> Result<(), LedgerError>;

    /// The shares of a module's dates whose leases were neither given up nor have ended.
    fn shards(&self, module: &ModuleName, now: Timestamp) -> Result<Vec<Shard>, LedgerError>;

    /// Writes an attempt, over what the same run wrote for the same collection and date. Refused once the lease is lost.
    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError>;

    /// The latest status of each date of each collection of a module.
    fn history(&self, module: &ModuleName) -> Result<BTreeMap<CollectionName, DayHistory>, LedgerError>;

    /// All attempts at the dates of a collection from `first` to `last`, by date, and oldest first of each.
    fn attempts_between(
        &self,
        module: &ModuleName,
        collection: &CollectionName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError>;

    /// Counts of what was published of a module's dates from `first` to `last`, added up by collection and month. The months come in order.
    fn months(
        &self,
        module: &ModuleName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<BTreeMap<CollectionName, BTreeMap<ProcessingDate, Counts>>, LedgerError> {
        let mut months = BTreeMap::new();
        for collection in self.history(module)?.into_keys() {
            let attempts = self.attempts_between(module, &collection, first, last)?;
            let published = attempts.chunk_by(|a, b| a.date == b.date).filter_map(|of_date| Seen::after(of_date).rows());
            let mut of_collection: BTreeMap<ProcessingDate, Counts> = BTreeMap::new();
            published.for_each(|attempt| of_collection.entry(attempt.date.first_of_month()).or_default().add(&attempt.counts));
            if !of_collection.is_empty() {
                months.insert(collection, of_collection);
            }
        }
        Ok(months)
    }

    /// All attempts at one date of a collection, oldest first.
    fn attempts(
        &self,
        module: &ModuleName,
        collection: &CollectionName,
        date: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError> {
        self.attempts_between(module, collection, date, date)
    }

    /// Notes, before it happens, that `superseded` is about to be replaced. A later note of the same location replaces an
    /// earlier one, whose replacement did not happen.
    fn note_superseded(&self, lease: &Lease, superseded: &Superseded) -> Result<(), LedgerError>;

    /// The replaced locations that lie under `prefix`.
    fn superseded(&self, prefix: &str) -> Result<Vec<Superseded>, LedgerError>;

    /// Forgets a location that was swept.
    fn forget_superseded(&self, lease: &Lease, location: &str) -> Result<(), LedgerError>;
}
