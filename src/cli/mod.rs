//! The command line: flags, environment variables, exit codes and messages for people.

mod args;
mod command_line;
mod commands;
mod environment;
mod given;
mod logging;
mod making_args;
mod memory;
mod output;
mod pipeline_args;
mod process;
mod requests;
mod running;

pub use process::main;
