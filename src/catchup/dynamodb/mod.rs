//! The ledger in the DynamoDB table of the replaced job: its one line for each module stays as other readers expect it, and
//! adg's own data lies in further items of the same table.
//!
//! | `Correlation_Id` | `DataProduct` | content |
//! | --- | --- | --- |
//! | the module's | the module's | the summary: `Date`, `Run_Id`, `Status` |
//! | `adg#MODULE` | `lease`, `lease#K/N` | the holders of the lease on the module, or on a share of its dates |
//! | `adg#table:TABLE` | `lease/WORK` | the holders of the lease on a kind of work on a table |
//! | `adg#MODULE` | `day#COLLECTION#DATE` | the latest status of a date |
//! | `adg#MODULE` | `attempt#COLLECTION#DATE#RUN` | one attempt |
//! | `adg#MODULE` | `sources#COLLECTION#DATE#RUN#PART` | a part of an attempt's list of sources that is too long for its item |
//! | `adg#summary` | the summary's keys | its module, the line as adg wrote it last, and the date that adg continues from |
//! | `adg#superseded` | a location | the time at which it was replaced |
//! | `adg#ledger` | `version` | the version of these items; a table without this item has version 1 |
//!
//! Other readers request the newest item of a `Correlation_Id`, so no item of adg has a module's `Correlation_Id`. Except for
//! the key, no item of adg has an attribute name of the replaced job, so that no index over them shows it.

mod items;
mod leases;
mod ledger;
mod log;
mod requests;
mod retired;
mod retries;
mod settings;
mod summary;
#[cfg(test)]
mod tests;
mod version;

pub use ledger::DynamoDbLedger;
pub use settings::DynamoDbSettings;
