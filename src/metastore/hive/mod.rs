//! The Hive Metastore, over thrift.
//!
//! An alter keeps everything that adg did not set. A change applies only to the version that was read: a service that can (Hive
//! 2.3.10, 4.0 and later) refuses it if somebody else changed the table first; with every service adg compares the columns first.

#![allow(clippy::large_futures, reason = "they hold calls of the generated client; a run waits for one at a time")]

mod client;
mod connections;
mod convert;
mod fault;

mod partitions;
mod registered;
mod settings;
#[cfg(test)]
mod tests;
mod uri;

pub use client::HiveMetastore;
pub use settings::HiveSettings;
pub use uri::ThriftUri;
