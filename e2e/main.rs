//! The program, run as its users run it.

// All of this is test code, helpers included.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod beginnings;
mod catch_up;
mod clean_up;
mod command_line;
mod crash;
mod docs;
mod evolution;
mod foreign_files;
mod import;
mod late;
mod nested_evolution;
mod others_hands;
mod plan;
mod python;
mod repair;
mod report;
mod shards;
mod traps;
mod verify;
mod versions;
mod workspace;
