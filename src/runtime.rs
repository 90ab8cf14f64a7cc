//! The shared runtime for requests to services.
//!
//! The program itself is threads, not futures: a room that talks to a service waits on this runtime and hands out plain
//! values.

use std::any::Any;
use std::future::Future;
use std::io;
use std::sync::OnceLock;

use tokio::runtime::Runtime;

/// Returns the shared runtime. The first call creates it.
///
/// # Errors
/// The runtime can't be created: the machine has no threads left.
pub fn shared() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// Waits for a future on the shared runtime.
///
/// # Errors
/// The runtime can't be created: the machine has no threads left.
pub fn wait<F: Future>(future: F) -> io::Result<F::Output> {
    Ok(shared()?.block_on(future))
}

/// Returns the message of a panic, which is a bug of adg or of a library.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}
