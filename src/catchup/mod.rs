//! Catch-up: the window of dates that are due (pure), and the ledger from which it follows.

mod attempt;
#[cfg(test)]
mod conformance;
mod dynamodb;
mod error;
mod lease;
mod lease_scope;
mod ledger;
mod postgres;
mod seen;
mod shard;
mod slice;
mod sqlite;
mod stored;
mod summary;
mod window;

pub use attempt::{Attempt, Counts, DayHistory, History, SourceFile, Status};
pub use dynamodb::{DynamoDbLedger, DynamoDbSettings};
pub use error::LedgerError;
pub use lease::{Holder, Lease};
pub use lease_scope::{Access, LeaseScope};
pub use ledger::{Continued, JobSummaries, LeaseStore, Ledger, RetiredPath, RetiredPaths, RunLog};
pub use postgres::{PostgresLedger, PostgresSettings};
pub use seen::Seen;
pub use shard::{Shard, ShardError};
pub use slice::{Slice, SliceError, Unit};
pub use sqlite::SqliteLedger;
pub use summary::{Summary, SummaryKey, summary};
pub use window::{Requested, WindowError, WindowRules, window};
