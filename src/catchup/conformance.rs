//! What every ledger does. Each backend runs this suite.

use jiff::{SignedDuration, Timestamp};

use crate::identity::{CollectionName, ModuleName, ProcessingDate, RunId};

use super::{Attempt, Counts, Holder, Lease, LeaseName, Ledger, LedgerError, SourceFile, Status, Superseded};

const TTL: SignedDuration = SignedDuration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn module(name: &str) -> ModuleName {
    name.parse().unwrap()
}

fn name(text: &str) -> LeaseName {
    text.parse().unwrap()
}

fn collection() -> CollectionName {
    "bids".parse().unwrap()
}

fn day(text: &str) -> ProcessingDate {
    text.parse().unwrap()
}

fn holder(now: Timestamp) -> Holder {
    Holder { run_id: RunId::new(now), host: "host".into(), process: 7 }
}

fn attempt(seconds: i64, date: &str, status: Status) -> Attempt {
    Attempt {
        module: module("history"),
        collection: collection(),
        date: day(date),
        run_id: RunId::new(at(seconds)),
        attempt: 2,
        status,
        counts: Counts { rows_read: 10, rows_written: 9, rows_quarantined: 1, value_errors: 3, files: 1, bytes: 1 << 40 },
        schema_fingerprint: Some("abc".into()),
        sources: vec![SourceFile { key: "a 'quoted' key.csv".into(), size: 5, etag: None }],
        location: Some("file:///x".into()),
        started: at(seconds),
        ended: Some(at(seconds + 1)),
        error: Some("line one\nline two".into()),
    }
}

/// Both handles are onto the same, empty ledger, as two processes would have them.
pub(super) fn suite(ledger: &dyn Ledger, other: &dyn Ledger) {
    assert!(ledger.check().unwrap().len() > 10, "it says what it is");
    one_lease_at_a_time(ledger, other);
    a_lease_ends_at_its_end(ledger, other);
    shards_are_told_while_they_are_held(ledger, other);
    tokens_fence(ledger, other);
    history_is_the_latest_status(ledger, other);
    superseded_locations_keep_their_last_time(ledger);
}

fn one_lease_at_a_time(ledger: &dyn Ledger, other: &dyn Ledger) {
    let module = module("leases");
    let mine = holder(at(0));
    let lease = ledger.acquire(&module.clone().into(), &mine, at(0), TTL).unwrap();
    assert_eq!(lease.expires, at(60));
    match other.acquire(&module.clone().into(), &holder(at(1)), at(1), TTL) {
        Err(LedgerError::Held { holder, until, .. }) => assert_eq!((*holder, until), (mine, at(60))),
        unexpected => panic!("{unexpected:?}"),
    }
    other.acquire(&name("elsewhere"), &holder(at(1)), at(1), TTL).unwrap();
    let renewed = ledger.renew(&lease, at(50), TTL).unwrap();
    assert_eq!((renewed.expires, renewed.token), (at(110), lease.token));
    assert!(matches!(other.acquire(&module.clone().into(), &holder(at(61)), at(61), TTL), Err(LedgerError::Held { .. })));
    ledger.release(&renewed).unwrap();
    let next = other.acquire(&module.clone().into(), &holder(at(62)), at(62), TTL).unwrap();
    assert!(next.token > lease.token);
    other.release(&next).unwrap();
}

fn a_lease_ends_at_its_end(ledger: &dyn Ledger, other: &dyn Ledger) {
    let module = module("ends");
    let lease = ledger.acquire(&module.clone().into(), &holder(at(0)), at(0), TTL).unwrap();
    let held = other.acquire(&module.clone().into(), &holder(at(59)), at(59), TTL).unwrap_err();
    assert!(held.to_string().contains("on host, process 7"), "{held}");
    let next = other.acquire(&module.clone().into(), &holder(lease.expires), lease.expires, TTL).unwrap();
    other.release(&next).unwrap();
}

fn shards_are_told_while_they_are_held(ledger: &dyn Ledger, other: &dyn Ledger) {
    let (all, third) = (name("shards"), name("shards#3/8"));
    let whole = ledger.acquire(&all, &holder(at(0)), at(0), TTL).unwrap();
    let taken = other.acquire(&third, &holder(at(0)), at(0), TTL).unwrap();
    let eighth = ledger.acquire(&name("shards#8/8"), &holder(at(0)), at(0), TTL).unwrap();
    ledger.acquire(&name("shardsx#1/8"), &holder(at(0)), at(0), TTL).unwrap();
    match ledger.acquire(&third, &holder(at(1)), at(1), TTL) {
        Err(LedgerError::Held { name, .. }) => assert_eq!(name, third),
        unexpected => panic!("{unexpected:?}"),
    }
    let told = |seconds| {
        let mut shards = ledger.shards(&all.module, at(seconds)).unwrap();
        shards.sort();
        shards.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(1), ["3/8", "8/8"]);
    let renewed = other.renew(&taken, at(50), TTL).unwrap();
    assert_eq!(told(60), ["3/8"]);
    let mut attempt = attempt(50, "2024-01-01", Status::Completed);
    attempt.module = all.module.clone();
    other.record(&renewed, &attempt).unwrap();
    assert_eq!(ledger.history(&all.module).unwrap()[&collection()].len(), 1);
    other.release(&renewed).unwrap();
    assert_eq!(told(60), [""; 0]);
    ledger.release(&eighth).unwrap();
    ledger.release(&whole).unwrap();
}

fn tokens_fence(ledger: &dyn Ledger, other: &dyn Ledger) {
    let module = module("history");
    let slept = ledger.acquire(&module.clone().into(), &holder(at(0)), at(0), TTL).unwrap();
    let taken = other.acquire(&module.clone().into(), &holder(at(100)), at(100), TTL).unwrap();
    assert!(taken.token > slept.token);
    assert!(matches!(ledger.renew(&slept, at(101), TTL), Err(LedgerError::LeaseLost { .. })));
    assert!(matches!(ledger.record(&slept, &attempt(0, "2024-01-01", Status::Completed)), Err(LedgerError::LeaseLost { .. })));
    assert!(ledger.history(&module).unwrap().is_empty());
    ledger.release(&slept).unwrap();
    other.release(&taken).unwrap();
}

fn history_is_the_latest_status(ledger: &dyn Ledger, other: &dyn Ledger) {
    let name = module("history");
    let lease = ledger.acquire(&name.clone().into(), &holder(at(200)), at(200), TTL).unwrap();
    let mut first = attempt(201, "2024-01-01", Status::InProgress);
    ledger.record(&lease, &first).unwrap();
    first.status = Status::Failed;
    ledger.record(&lease, &first).unwrap();
    let second = attempt(202, "2024-01-01", Status::Completed);
    ledger.record(&lease, &second).unwrap();
    ledger.record(&lease, &attempt(203, "2024-01-02", Status::Lost)).unwrap();
    let history = other.history(&name).unwrap();
    let days = &history[&collection()];
    assert_eq!(
        days.iter().map(|(d, s)| (d.to_string(), *s)).collect::<Vec<_>>(),
        [("2024-01-01".to_owned(), Status::Completed), ("2024-01-02".to_owned(), Status::Lost),]
    );
    let [third, fourth] = [(204, "2024-01-03"), (205, "2024-01-10")].map(|(at, date)| attempt(at, date, Status::Completed));
    ledger.record(&lease, &fourth).unwrap();
    ledger.record(&lease, &third).unwrap();
    let between = |from, to| other.attempts_between(&name, &collection(), day(from), day(to)).unwrap();
    assert_eq!(between("2024-01-03", "2024-01-10"), [third.clone(), fourth]);
    assert_eq!(between("2023-12-31", "2024-01-01"), [first.clone(), second.clone()]);
    assert_eq!(between("2024-01-03", "2024-01-09"), [third]);
    assert_eq!(other.attempts(&name, &collection(), day("2024-01-01")).unwrap(), [first, second]);
    months_add_up_what_readers_see(ledger, &lease, &name);
    assert!(other.history(&module("unknown")).unwrap().is_empty());
    ledger.release(&lease).unwrap();
}

/// Of each date what was published last, unless it was taken from readers since.
fn months_add_up_what_readers_see(ledger: &dyn Ledger, lease: &Lease, name: &ModuleName) {
    let published = |at: i64, date: &str, rows: u64, location: &str| {
        let mut one = attempt(at, date, Status::Completed);
        one.counts = Counts { rows_read: rows + 1, rows_written: rows, rows_quarantined: 1, files: 1, bytes: 9, value_errors: 2 };
        one.location = Some(location.to_owned());
        one
    };
    let without_location = |one: Attempt| Attempt { location: None, ..one };
    let mut nothing_found = published(226, "2024-02-02", 0, "b");
    nothing_found.counts = Counts::default();
    let mut to_rebuild = attempt(227, "2024-02-03", Status::CleanedUp);
    to_rebuild.location = Some("c".to_owned());
    for one in [
        published(220, "2024-02-01", 100, "a"),
        published(221, "2024-02-01", 5, "a2"),
        attempt(222, "2024-02-01", Status::Failed),
        published(223, "2024-02-02", 7, "b"),
        nothing_found,
        published(224, "2024-02-03", 11, "c"),
        to_rebuild,
        published(225, "2024-02-04", 1000, "d"),
        without_location(attempt(228, "2024-02-04", Status::CleanedUp)),
        published(229, "2024-02-05", 1000, "e"),
        without_location(attempt(230, "2024-02-05", Status::Lost)),
        published(231, "2024-03-31", 13, "f"),
        published(232, "2024-04-01", 1000, "g"),
    ] {
        ledger.record(lease, &one).unwrap();
    }
    let months = ledger.months(name, day("2024-02-01"), day("2024-03-31")).unwrap();
    let rows = |month: &str| months[&collection()][&day(month)];
    let counts = Counts { rows_read: 26, rows_written: 23, rows_quarantined: 3, value_errors: 6, files: 3, bytes: 27 };
    assert_eq!((rows("2024-02-01"), rows("2024-03-01").rows_written), (counts, 13));
    assert_eq!(months[&collection()].len(), 2);
}

fn superseded_locations_keep_their_last_time(ledger: &dyn Ledger) {
    let lease = ledger.acquire(&module("sweeps").into(), &holder(at(300)), at(300), TTL).unwrap();
    let note = |location: &str, seconds| Superseded { location: location.into(), at: at(seconds) };
    ledger.note_superseded(&lease, &note("file:///t/d=1/a/", 300)).unwrap();
    ledger.note_superseded(&lease, &note("file:///t/d=1/a/", 400)).unwrap();
    ledger.note_superseded(&lease, &note("file:///t/d=2/b/", 301)).unwrap();
    assert_eq!(ledger.superseded("file:///t/d=1/").unwrap(), [note("file:///t/d=1/a/", 400)]);
    assert_eq!(ledger.superseded("file:///t/").unwrap().len(), 2);
    ledger.forget_superseded(&lease, "file:///t/d=1/a/").unwrap();
    assert_eq!(ledger.superseded("file:///t/").unwrap(), [note("file:///t/d=2/b/", 301)]);
    ledger.release(&lease).unwrap();
}
