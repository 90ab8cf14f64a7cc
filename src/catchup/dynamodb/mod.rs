//! The ledger in the table that the replaced job kept: its one line for each module stays as other readers expect it, and all
//! that adg knows beside it lies in further items of the same table.
//!
//! | `Correlation_Id` | `DataProduct` | what |
//! | --- | --- | --- |
//! | the module's | the module's | the summary: `Date`, `Run_Id`, `Status` |
//! | `adg#MODULE` | `lease`, `lease#K/N` | the holders of the lease on the module, or on a share of its dates |
//! | `adg#table:TABLE` | `lease/WORK` | the holders of the lease on a kind of work on a table |
//! | `adg#MODULE` | `day#COLLECTION#DATE` | the latest status of a date |
//! | `adg#MODULE` | `attempt#COLLECTION#DATE#RUN` | one attempt |
//! | `adg#MODULE` | `sources#COLLECTION#DATE#RUN#PART` | a part of an attempt's list of sources that is too long for its item |
//! | `adg#summary` | the summary's keys | whose it is, how adg wrote it last, and the date that it continues from |
//! | `adg#superseded` | a location | when it was replaced |
//! | `adg#ledger` | `version` | the version of these items; none is 1 |
//!
//! Other readers ask for the newest item of a `Correlation_Id`, so none of adg's own lies under a module's. No item of adg has
//! an attribute of the replaced job's names beside the key, lest an index over them shows it.

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
