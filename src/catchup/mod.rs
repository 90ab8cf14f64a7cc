//! Which dates a run does: the window (pure) and the ledger that it is computed from.

mod attempt;
#[cfg(test)]
mod conformance;
mod dynamodb;
mod error;
mod lease;
mod lease_lock;
mod lease_name;
mod ledger;
mod postgres;
mod postgres_tls;
mod seen;
mod shard;
mod sqlite;
mod stored;
mod summary;
mod window;

pub use attempt::{Attempt, Counts, DayHistory, SourceFile, Status};
pub use dynamodb::{DynamoDbLedger, DynamoDbSettings};
pub use error::LedgerError;
pub use lease::{Holder, Lease};
pub use lease_name::LeaseName;
pub use ledger::{Continued, Ledger, Superseded};
pub use postgres::{PostgresLedger, PostgresSettings};
pub use seen::Seen;
pub use shard::{Shard, ShardError};
pub use sqlite::SqliteLedger;
pub use summary::{Summary, SummaryKey, summary};
pub use window::{Requested, WindowError, WindowRules, window};
