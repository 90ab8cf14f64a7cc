//! Which dates a run does: the window (pure) and the ledger that it is computed from.

#[cfg(test)]
mod conformance;
mod lease_lock;
mod ledger;
mod sqlite;
mod window;

pub use ledger::{Attempt, Counts, DayHistory, Holder, Lease, Ledger, LedgerError, SourceFile, Status, Superseded};
pub use sqlite::SqliteLedger;
pub use window::{Requested, WindowError, WindowRules, window};
