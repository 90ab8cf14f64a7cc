//! The binary: see `adg::cli`.

use std::process::ExitCode;

/// Allocator that returns memory to the system after batches, and is faster than the system's with many threads.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    adg::cli::main()
}
