//! The ledger in a SQLite file, for one machine.

mod held;
mod lease_lock;
mod leases;
mod ledger;
mod log;
mod migrations;
mod retired;
#[cfg(test)]
mod tests;

pub use ledger::SqliteLedger;
