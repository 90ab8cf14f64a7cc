//! Leases: exclusive and shared, their ends and their tokens.

use crate::catchup::{Access, Lease, Ledger, LedgerError, Status};

use super::values::{TTL, at, attempt, collection, holder, module, scope, share, take};

pub(super) fn one_lease_at_a_time(ledger: &dyn Ledger, other: &dyn Ledger) {
    let mine = holder(at(0));
    let lease = ledger.acquire(&scope("leases"), Access::Exclusive, &mine, at(0), TTL).unwrap();
    assert_eq!(lease.expires, at(60));
    match take(other, "leases", 1) {
        Err(LedgerError::Held { holder, until, .. }) => assert_eq!((*holder, until), (mine, at(60))),
        unexpected => panic!("{unexpected:?}"),
    }
    assert!(is_held(take(ledger, "leases", 1)), "two runs of one process are two runs");
    take(other, "elsewhere", 1).unwrap();
    let renewed = ledger.renew(&lease, at(50), TTL).unwrap();
    assert_eq!((renewed.expires, renewed.token), (at(110), lease.token));
    assert!(matches!(take(other, "leases", 61), Err(LedgerError::Held { .. })));
    ledger.release(&renewed).unwrap();
    let next = take(other, "leases", 62).unwrap();
    assert!(next.token > lease.token);
    other.release(&next).unwrap();
}

pub(super) fn a_lease_ends_at_its_end(ledger: &dyn Ledger, other: &dyn Ledger) {
    let lease = take(ledger, "ends", 0).unwrap();
    let held = take(other, "ends", 59).unwrap_err();
    assert!(held.to_string().contains("on host, process 7"), "{held}");
    assert_eq!(lease.expires, at(60));
    let next = take(other, "ends", 60).unwrap();
    other.release(&next).unwrap();
}

pub(super) fn shards_are_told_while_they_are_held(ledger: &dyn Ledger, other: &dyn Ledger) {
    let all = module("shards");
    let whole = take(ledger, "shards", 0).unwrap();
    let taken = take(other, "shards#3/8", 0).unwrap();
    let eighth = take(ledger, "shards#8/8", 0).unwrap();
    take(ledger, "shardsx#1/8", 0).unwrap();
    match take(ledger, "shards#3/8", 1) {
        Err(LedgerError::Held { scope, .. }) => assert_eq!(scope.to_string(), "shards#3/8"),
        unexpected => panic!("{unexpected:?}"),
    }
    let told = |seconds| {
        let mut shards = ledger.shards(&all, at(seconds)).unwrap();
        shards.sort();
        shards.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(1), ["3/8", "8/8"]);
    let renewed = other.renew(&taken, at(50), TTL).unwrap();
    assert_eq!(told(60), ["3/8"]);
    let mut attempt = attempt(50, "2024-01-01", Status::Completed);
    attempt.unit.job = all.clone();
    other.record(&renewed, &attempt).unwrap();
    assert_eq!(ledger.days(&all).unwrap()[&collection()].len(), 1);
    other.release(&renewed).unwrap();
    assert_eq!(told(60), [""; 0]);
    ledger.release(&eighth).unwrap();
    ledger.release(&whole).unwrap();
}

pub(super) fn tokens_fence(ledger: &dyn Ledger, other: &dyn Ledger) {
    let module = module("history");
    let slept = take(ledger, "history", 0).unwrap();
    let taken = take(other, "history", 100).unwrap();
    assert!(taken.token > slept.token);
    assert!(matches!(ledger.renew(&slept, at(101), TTL), Err(LedgerError::LeaseLost { .. })));
    assert!(matches!(ledger.record(&slept, &attempt(0, "2024-01-01", Status::Completed)), Err(LedgerError::LeaseLost { .. })));
    assert!(ledger.history(&module).unwrap().is_empty());
    ledger.release(&slept).unwrap();
    other.release(&taken).unwrap();
}

fn is_held<T>(result: Result<T, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::Held { .. }))
}

fn is_lost<T>(result: Result<T, LedgerError>) -> bool {
    matches!(result, Err(LedgerError::LeaseLost { .. }))
}

/// Checks that readers share a scope, and keep a writer out until the last of them has released it.
pub(super) fn readers_share_a_lease_and_a_writer_is_alone(ledger: &dyn Ledger, other: &dyn Ledger) {
    const TABLE: &str = "table:db.t/compact";
    let (one, two) = (share(ledger, TABLE, 0).unwrap(), share(other, TABLE, 10).unwrap());
    assert!(one.access == Access::Shared && one.token < two.token);
    assert!(is_held(take(other, TABLE, 20)));
    ledger.release(&one).unwrap();
    assert!(is_held(take(ledger, TABLE, 21)), "the other still reads");
    let two = other.renew(&two, at(60), TTL).unwrap();
    assert!(is_held(take(ledger, TABLE, 100)), "it was renewed");
    other.release(&two).unwrap();
    let writer = take(ledger, TABLE, 101).unwrap();
    assert!(writer.token > two.token);
    assert!(is_held(share(other, TABLE, 102)) && is_held(take(other, TABLE, 103)));
    ledger.release(&writer).unwrap();
    other.release(&share(other, TABLE, 104).unwrap()).unwrap();
}

/// Checks that a writer fences off a reader whose lease has expired, and a reader such a writer.
pub(super) fn expired_readers_and_writers_are_fenced_off(ledger: &dyn Ledger, other: &dyn Ledger) {
    let (slept, awake) = (share(ledger, "sleepers", 0).unwrap(), share(ledger, "sleepers", 50).unwrap());
    assert!(is_held(take(other, "sleepers", 60)), "one of two has ended");
    let written = |lease: &Lease| {
        let mut attempt = attempt(70, "2024-01-01", Status::Completed);
        attempt.unit.job = module("sleepers");
        ledger.record(lease, &attempt)
    };
    written(&awake).unwrap();
    let writer = take(other, "sleepers", 120).unwrap();
    for lost in [&slept, &awake] {
        assert!(is_lost(written(lost)) && is_lost(ledger.renew(lost, at(121), TTL)));
        ledger.release(lost).unwrap();
    }
    let reader = share(ledger, "sleepers", 200).unwrap();
    assert!(reader.token > writer.token && is_lost(written(&writer)) && is_lost(other.renew(&writer, at(201), TTL)));
    other.release(&writer).unwrap();
    assert!(is_held(take(other, "sleepers", 202)), "the writer gave up what was no longer its own");
    written(&reader).unwrap();
    ledger.release(&reader).unwrap();
}
