//! Flags, environment variables, exit codes, and what a person sees.

mod args;
mod command_line;
mod commands;
mod environment;
mod given;
mod logging;
mod process;
mod requests;

pub use process::main;
