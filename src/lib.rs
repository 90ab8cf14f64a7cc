//! adg: analytical dataset generation.
//!
//! The house has floors: `cli` calls `jobs`, `jobs` compose the rooms below, and no room knows one above it. `floors.rs` lists
//! the floors and tests this. The `mod.rs` of each room's folder says what the room holds.

pub mod aws;
pub mod batch;
pub mod catchup;
pub mod cipher;
pub mod cli;
pub mod config;
pub mod database;
pub mod embedded;
pub mod engine;
#[cfg(test)]
mod floors;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod identity;
pub mod jobs;
pub mod lake;
pub mod metastore;
pub mod notify;
pub mod postgres;
pub mod private;
pub mod report;
pub mod runtime;
pub mod schema;
pub mod secrets;
pub mod sending;
pub mod sink;
pub mod source;
pub mod sql;
pub mod stop;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod test_services;
#[cfg(test)]
mod wording;
