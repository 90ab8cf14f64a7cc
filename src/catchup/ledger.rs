//! The ledger: what was done for each (module, collection, date), and who may work now.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identity::{CollectionName, FencingToken, ModuleName, ProcessingDate, RunId};

use super::{LeaseName, LedgerError, Seen, Shard, Summary, SummaryKey};

/// How far a date of a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// An attempt began, and did not end or has not ended yet.
    #[serde(rename = "In-Progress")]
    InProgress,
    /// The partition is registered.
    Completed,
    /// The last attempt failed.
    Failed,
    /// The source had no file, and the module says that this is no failure.
    Skipped,
    /// The source has deleted its file before it was read; named once, not tried again.
    Lost,
    /// What was published is to be built anew. Until then readers see it where the attempt says; where it says nowhere, it was taken
    /// from them.
    #[serde(rename = "Cleaned-Up")]
    CleanedUp,
}

impl Status {
    /// Whether catching up leaves the date alone.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped | Self::Lost)
    }

    /// The word that the ledger stores.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "In-Progress",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
            Self::Lost => "Lost",
            Self::CleanedUp => "Cleaned-Up",
        }
    }

    /// Reads what [`as_str`](Self::as_str) writes.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::InProgress, Self::Completed, Self::Failed, Self::Skipped, Self::Lost, Self::CleanedUp]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A file that an attempt read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its key in the source store.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// What the store says identifies its content.
    pub etag: Option<String>,
}

/// What an attempt counted. Rows read = rows written + rows quarantined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Records that the parser split from the files, headers not counted.
    pub rows_read: u64,
    /// Rows in the Parquet files, by their own footers.
    pub rows_written: u64,
    /// Records that could not be read as rows.
    pub rows_quarantined: u64,
    /// Values that did not fit their column.
    pub value_errors: u64,
    /// Parquet files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Counts {
    /// Adds those of another attempt.
    pub fn add(&mut self, other: &Self) {
        self.rows_read += other.rows_read;
        self.rows_written += other.rows_written;
        self.rows_quarantined += other.rows_quarantined;
        self.value_errors += other.value_errors;
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// One attempt at one date of one collection: a row of the ledger's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Whose.
    pub module: ModuleName,
    /// Whose.
    pub collection: CollectionName,
    /// Which day.
    pub date: ProcessingDate,
    /// By which run.
    pub run_id: RunId,
    /// Counted from 1.
    pub attempt: u32,
    /// How far it is.
    pub status: Status,
    /// What it counted.
    pub counts: Counts,
    /// The table's schema after it.
    pub schema_fingerprint: Option<String>,
    /// What it read.
    pub sources: Vec<SourceFile>,
    /// Where it wrote.
    pub location: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Attempt {
    /// An attempt of which nothing more is known yet.
    pub fn begin(
        module: ModuleName,
        collection: CollectionName,
        date: ProcessingDate,
        run_id: RunId,
        attempt: u32,
        status: Status,
        started: Timestamp,
    ) -> Self {
        Self {
            module,
            collection,
            date,
            run_id,
            attempt,
            status,
            counts: Counts::default(),
            schema_fingerprint: None,
            sources: Vec::new(),
            location: None,
            started,
            ended: None,
            error: None,
        }
    }
}

/// The latest status of each date of one collection.
pub type DayHistory = BTreeMap<ProcessingDate, Status>;

/// Who holds a lease: `run 0190… on host, process 123`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The run.
    pub run_id: RunId,
    /// The machine.
    pub host: String,
    /// Its process there.
    pub process: u32,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} on {}, process {}", self.run_id, self.host, self.process)
    }
}

/// The right to work on a module, or on a share of its dates, until `expires`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Of what.
    pub name: LeaseName,
    /// Grows with each lease.
    pub token: FencingToken,
    /// Renewed before then, or anybody may take it.
    pub expires: Timestamp,
}

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
