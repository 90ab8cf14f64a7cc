//! Retired paths.

use crate::catchup::{Ledger, RetiredPath};

use super::values::{at, take};

pub(super) fn retired_paths_keep_their_last_time(ledger: &dyn Ledger) {
    let lease = take(ledger, "sweeps", 300).unwrap();
    let note = |location: &str, seconds| RetiredPath { location: location.into(), at: at(seconds) };
    ledger.retire(&lease, &note("file:///t/d=1/a/", 300)).unwrap();
    ledger.retire(&lease, &note("file:///t/d=1/a/", 400)).unwrap();
    ledger.retire(&lease, &note("file:///t/d=2/b/", 301)).unwrap();
    assert_eq!(ledger.retired("file:///t/d=1/").unwrap(), [note("file:///t/d=1/a/", 400)]);
    assert_eq!(ledger.retired("file:///t/").unwrap().len(), 2);
    ledger.forget_retired(&lease, "file:///t/d=1/a/").unwrap();
    assert_eq!(ledger.retired("file:///t/").unwrap(), [note("file:///t/d=2/b/", 301)]);
    ledger.release(&lease).unwrap();
}
