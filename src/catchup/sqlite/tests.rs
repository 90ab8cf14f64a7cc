use jiff::{SignedDuration, Timestamp};

use super::SqliteLedger;
use crate::catchup::conformance::{self, versions};
use crate::catchup::{Access, Holder, LeaseScope, LeaseStore, Ledger, LedgerError};
use crate::identity::RunId;

#[test]
fn passes_the_conformance_suite() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(&folder.path().join("deep/ledger.db")).unwrap();
    let other = SqliteLedger::open(&folder.path().join("deep/ledger.db")).unwrap();
    conformance::suite(&ledger, &other);
}

#[test]
fn a_free_lock_says_nothing_of_a_holder_that_never_had_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let (module, minute) = ("vacancy".parse::<LeaseScope>().unwrap(), SignedDuration::from_secs(60));
    let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
    let holder = |seconds: i64| Holder { run_id: RunId::new(at(seconds)), host: "a".into(), process: 1 };
    let open = || SqliteLedger::open(&path).unwrap();
    let (slow, next, third) = (open(), open(), open());
    let slept = slow.acquire(&module, Access::Exclusive, &holder(0), at(0), minute).unwrap();
    next.acquire(&module, Access::Exclusive, &holder(61), at(61), minute).unwrap();
    slow.release(&slept).unwrap();
    assert!(matches!(third.acquire(&module, Access::Exclusive, &holder(62), at(62), minute), Err(LedgerError::Held { .. })));
}

#[test]
fn a_dead_holders_lease_is_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let now: Timestamp = "2024-01-01T05:00:00Z".parse().unwrap();
    let module: LeaseScope = "vacancy".parse().unwrap();
    let holder = Holder { run_id: RunId::new(now), host: "a".into(), process: 1 };
    let dead = SqliteLedger::open(&path).unwrap();
    let first = dead.acquire(&module, Access::Exclusive, &holder, now, SignedDuration::from_hours(1)).unwrap();
    let alive = SqliteLedger::open(&path).unwrap();
    assert!(matches!(
        alive.acquire(&module, Access::Exclusive, &holder, now, SignedDuration::from_hours(1)),
        Err(LedgerError::Held { .. })
    ));
    drop(dead);
    let second = alive.acquire(&module, Access::Exclusive, &holder, now, SignedDuration::from_hours(1)).unwrap();
    assert!(second.token > first.token);
}

#[test]
fn a_refused_lease_leaves_no_lock_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let now: Timestamp = "2024-01-01T05:00:00Z".parse().unwrap();
    let module: LeaseScope = "vacancy".parse().unwrap();
    let hour = SignedDuration::from_hours(1);
    let holder =
        |seconds: i64| Holder { run_id: RunId::new(now + SignedDuration::from_secs(seconds)), host: "a".into(), process: 1 };
    let open = || SqliteLedger::open(&path).unwrap();
    let (reader, refused, dead, next) = (open(), open(), open(), open());
    let read = reader.acquire(&module, Access::Shared, &holder(0), now, hour).unwrap();
    assert!(matches!(refused.acquire(&module, Access::Exclusive, &holder(1), now, hour), Err(LedgerError::Held { .. })));
    reader.release(&read).unwrap();
    dead.acquire(&module, Access::Exclusive, &holder(2), now, hour).unwrap();
    drop(dead);
    next.acquire(&module, Access::Exclusive, &holder(3), now, hour).unwrap();
}

/// Copies the ledger that version 0.1 created.
fn of_version_0_1(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("ledger.db");
    std::fs::copy(versions::of_version_0_1("workspace/ledger.db"), &path).unwrap();
    path
}

#[test]
fn a_ledger_of_version_0_1_is_read_and_continued() {
    let folder = tempfile::tempdir().unwrap();
    let path = of_version_0_1(&folder);
    versions::reads_version_0_1(&SqliteLedger::open(&path).unwrap());
    // Migrated once.
    assert!(SqliteLedger::open(&path).unwrap().check().unwrap().contains("12 attempts"));
}

#[test]
fn a_ledger_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = of_version_0_1(&folder);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 3).unwrap();
    versions::refuses_a_newer_one(&SqliteLedger::open(&path).unwrap_err());
}

#[test]
fn a_dead_readers_or_writers_lease_is_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let now: Timestamp = "2024-01-01T05:00:00Z".parse().unwrap();
    let (scope, hour) = ("table:db.t/read".parse::<LeaseScope>().unwrap(), SignedDuration::from_hours(1));
    let holder =
        |seconds: i64| Holder { run_id: RunId::new(now + SignedDuration::from_secs(seconds)), host: "a".into(), process: 1 };
    let (dead, alive) = (SqliteLedger::open(&path).unwrap(), SqliteLedger::open(&path).unwrap());
    dead.acquire(&scope, Access::Shared, &holder(0), now, hour).unwrap();
    let reader = alive.acquire(&scope, Access::Shared, &holder(1), now, hour).unwrap();
    drop(dead);
    alive.release(&reader).unwrap();
    alive.acquire(&scope, Access::Exclusive, &holder(2), now, hour).unwrap();
    drop(alive);
    // The writer is dead too.
    let other = SqliteLedger::open(&path).unwrap();
    other.acquire(&scope, Access::Shared, &holder(3), now, hour).unwrap();
}
