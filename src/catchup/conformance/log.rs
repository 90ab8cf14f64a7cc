//! The record of attempts.

use crate::catchup::{Attempt, Counts, Lease, Ledger, Slice, Status, Unit};
use crate::identity::ModuleName;

use super::values::{attempt, collection, day, module, take};

pub(super) fn history_is_the_latest_status(ledger: &dyn Ledger, other: &dyn Ledger) {
    let name = module("history");
    let lease = take(ledger, "history", 200).unwrap();
    let mut first = attempt(201, "2024-01-01", Status::InProgress);
    ledger.record(&lease, &first).unwrap();
    first.status = Status::Failed;
    ledger.record(&lease, &first).unwrap();
    let second = attempt(202, "2024-01-01", Status::Completed);
    ledger.record(&lease, &second).unwrap();
    ledger.record(&lease, &attempt(203, "2024-01-02", Status::Lost)).unwrap();
    let history = other.days(&name).unwrap();
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
    assert_eq!(other.attempts(&Unit::new(name.clone(), collection(), day("2024-01-01"))).unwrap(), [first, second]);
    months_add_up_what_readers_see(ledger, &lease, &name);
    slices_beside_dates_are_kept_apart(ledger, &lease, &name);
    assert!(other.history(&module("unknown")).unwrap().is_empty());
    ledger.release(&lease).unwrap();
}

/// Checks that a month's counts add up the last publication of each date, except for dates that were unpublished since.
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

fn slices_beside_dates_are_kept_apart(ledger: &dyn Ledger, lease: &Lease, name: &ModuleName) {
    let days = ledger.days(name).unwrap();
    let range = Slice::Range { from: "2024-01-01#a".into(), to: "2024-06-01".into() };
    let slices =
        [range.clone(), Slice::Range { from: "2024-01-01".into(), to: "b".into() }, Slice::Snapshot("87".into()), Slice::Whole];
    for (number, slice) in (0..).zip(&slices) {
        let mut one = attempt(300 + number, "2024-01-01", Status::Completed);
        one.unit.slice = slice.clone();
        ledger.record(lease, &one).unwrap();
        assert_eq!(ledger.attempts(&one.unit).unwrap(), [one]);
    }
    let history = ledger.history(name).unwrap();
    let told = history[&collection()].keys().filter(|slice| slice.date().is_none());
    assert_eq!(told.collect::<std::collections::BTreeSet<_>>(), slices.iter().collect());
    assert_eq!(ledger.days(name).unwrap(), days);
    let between = ledger.attempts_between(name, &collection(), day("2024-01-01"), day("2024-12-31")).unwrap();
    assert!(between.iter().all(|attempt| attempt.date().is_some()));
}
