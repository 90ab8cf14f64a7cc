//! The ledger in PostgreSQL, for runs on several machines.

mod connection;
mod held;
mod leases;
mod ledger;
mod log;
mod migrations;
mod numbers;
mod retired;
mod settings;
#[cfg(test)]
mod tests;

pub use ledger::PostgresLedger;
pub use settings::PostgresSettings;
