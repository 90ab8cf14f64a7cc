//! Ledgers of other versions of adg: older ones are read and continued, newer ones refused.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Access, Attempt, Holder, LeaseScope, Ledger, LedgerError, Slice, Status, Unit};
use crate::identity::{Explain, ModuleName, ProcessingDate, RunId};

/// Returns the path of a file that version 0.1 wrote; see `e2e/versions/0.1/README.md`.
pub(in crate::catchup) fn of_version_0_1(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/versions/0.1").join(name)
}

/// Checks a ledger in which version 0.1 recorded the runs that the README describes.
pub(in crate::catchup) fn reads_version_0_1(ledger: &dyn Ledger) {
    let shop: ModuleName = "shop".parse().unwrap();
    let days = ledger.days(&shop).unwrap();
    let told = |collection: &str| -> Vec<String> {
        days[&collection.parse().unwrap()].iter().map(|(date, status)| format!("{date} {status}")).collect()
    };
    let orders = ["2024-05-01 Completed", "2024-05-02 Completed", "2024-05-03 Failed", "2024-05-04 Completed"];
    let items = ["2024-05-01 Completed", "2024-05-02 Completed", "2024-05-03 Skipped", "2024-05-04 Skipped"];
    assert_eq!((told("orders"), told("items")), (orders.map(str::to_owned).to_vec(), items.map(str::to_owned).to_vec()));
    let date: ProcessingDate = "2024-05-02".parse().unwrap();
    let unit = Unit::new(shop.clone(), "orders".parse().unwrap(), date);
    let attempts = ledger.attempts(&unit).unwrap();
    let Attempt { attempt, status, counts, metrics, sources, location, error, .. } = &attempts[0];
    assert_eq!((attempts.len(), *attempt, *status), (1, 1, Status::Completed));
    assert_eq!((counts.rows_read, counts.rows_written, counts.rows_quarantined), (3, 2, 1));
    assert_eq!((sources[0].key.as_str(), sources[0].size, metrics.len()), ("2024-05-02_orders.csv", 36, 0));
    assert!(location.as_ref().unwrap().starts_with("file:///srv/adg/warehouse/data/sales/orders/date_uploaded=2024-05-02/"));
    assert_eq!(*error, None);
    let failed = ledger.attempts(&Unit { slice: Slice::Date("2024-05-03".parse().unwrap()), ..unit }).unwrap();
    assert!(failed.last().unwrap().error.as_ref().unwrap().contains("has no file `2024-05-03_orders.csv`"));
    assert_eq!(ledger.retired("file:///srv/adg/").unwrap().len(), 2);
    continues(ledger, &shop);
}

/// Checks that the next lease has a larger token than the released one, and that new attempts are added to the old ones.
fn continues(ledger: &dyn Ledger, shop: &ModuleName) {
    let now: Timestamp = "2026-12-24T05:00:00Z".parse().unwrap();
    let holder = Holder { run_id: RunId::new(now), host: "later".into(), process: 1 };
    for scope in [LeaseScope::from(shop.clone()), "shop#1/2".parse().unwrap()] {
        let lease = ledger.acquire(&scope, Access::Exclusive, &holder, now, SignedDuration::from_mins(1)).unwrap();
        assert!(lease.token.0 > 1_795_955_621_000, "{lease:?}");
        let date: ProcessingDate = "2024-05-03".parse().unwrap();
        let unit = Unit::new(shop.clone(), "orders".parse().unwrap(), date);
        let mut attempt = Attempt::begin(unit, holder.run_id, 3, Status::Completed, now);
        attempt.metrics.insert("lag_ms".to_owned(), 12);
        ledger.record(&lease, &attempt).unwrap();
        assert_eq!(ledger.attempts(&attempt.unit).unwrap().pop().unwrap(), attempt);
        assert_eq!(ledger.days(shop).unwrap()[&attempt.unit.node][&date], Status::Completed);
        ledger.release(&lease).unwrap();
    }
}

/// Checks the error of a ledger that a newer version created.
pub(in crate::catchup) fn refuses_a_newer_one(error: &LedgerError) {
    assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("made by a newer adg"), "{error}");
    assert_eq!(error.kind().number(), 10);
    assert!(error.hint().unwrap().starts_with("run the adg that wrote it"));
}
