//! The program, run as its users run it.

mod catch_up;
mod clean_up;
mod command_line;
mod crash;
mod evolution;
mod readers;
mod traps;
mod workspace;
