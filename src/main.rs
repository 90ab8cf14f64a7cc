//! The binary: see `adg::cli`.

use std::process::ExitCode;

/// Gives memory back to the system when batches are done with, and is quicker than the system's for many threads.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    adg::cli::main()
}
