//! Values that the suite writes.

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Access, Attempt, Counts, Holder, Lease, LeaseScope, LeaseStore, LedgerError, SourceFile, Status, Unit};
use crate::identity::{CollectionName, ModuleName, ProcessingDate, RunId};

pub(super) const TTL: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

pub(super) fn module(name: &str) -> ModuleName {
    name.parse().unwrap()
}

pub(super) fn scope(text: &str) -> LeaseScope {
    text.parse().unwrap()
}

pub(super) fn collection() -> CollectionName {
    "bids".parse().unwrap()
}

pub(super) fn day(text: &str) -> ProcessingDate {
    text.parse().unwrap()
}

pub(super) fn holder(now: Timestamp) -> Holder {
    Holder { run_id: RunId::new(now), host: "host".into(), process: 7 }
}

pub(super) fn attempt(seconds: i64, date: &str, status: Status) -> Attempt {
    Attempt {
        unit: Unit::new(module("history"), collection(), day(date)),
        run_id: RunId::new(at(seconds)),
        attempt: 2,
        status,
        counts: Counts { rows_read: 10, rows_written: 9, rows_quarantined: 1, value_errors: 3, files: 1, bytes: 1 << 40 },
        metrics: [("rows_deleted".to_owned(), 4)].into(),
        schema_fingerprint: Some("abc".into()),
        sources: vec![SourceFile { key: "a 'quoted' key.csv".into(), size: 5, etag: None }],
        location: Some("file:///x".into()),
        started: at(seconds),
        ended: Some(at(seconds + 1)),
        error: Some("line one\nline two".into()),
    }
}

/// Takes an exclusive lease.
pub(super) fn take(ledger: &dyn LeaseStore, text: &str, seconds: i64) -> Result<Lease, LedgerError> {
    ledger.acquire(&scope(text), Access::Exclusive, &holder(at(seconds)), at(seconds), TTL)
}

/// Takes a shared lease.
pub(super) fn share(ledger: &dyn LeaseStore, text: &str, seconds: i64) -> Result<Lease, LedgerError> {
    ledger.acquire(&scope(text), Access::Shared, &holder(at(seconds)), at(seconds), TTL)
}
