//! The program, run as its users run it.

// All of this is test code, helpers included.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod aws;
mod beginnings;
mod catch_up;
mod clean_up;
mod cluster;
mod command_line;
mod crash;
mod docs;
#[cfg(feature = "spark")]
mod engines;
mod evolution;
mod foreign_files;
mod hive;
mod import;
mod json;
mod late;
mod nested_evolution;
mod others_hands;
mod plan;
mod python;
mod readers;
mod repair;
mod report;
mod script;
mod shards;
mod telemetry;
mod traps;
mod verify;
mod versions;
mod workspace;
