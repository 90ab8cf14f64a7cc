//! Stop requests: SIGTERM, which schedulers and clusters send, or Ctrl-C.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::identity::{ErrorKind, Explain, hints};

/// An error that ends work after a stop request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run was told to stop")]
pub struct Stopped;

impl Explain for Stopped {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Stopped
    }

    fn hint(&self) -> Option<String> {
        Some(hints::RUN_AGAIN.to_owned())
    }
}

/// A flag that requests a run to stop. The run checks it where no work is half done: between two batches of rows, or before it
/// publishes.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Returns a flag that the first signal raises. A second signal ends the process at once.
    ///
    /// # Errors
    /// The system refuses handlers.
    pub fn on_signals() -> io::Result<Self> {
        let told = Arc::<AtomicBool>::default();
        for signal in [SIGTERM, SIGINT] {
            // In this order: at the first one the flag is not up yet.
            flag::register_conditional_shutdown(signal, ErrorKind::Stopped.number().into(), Arc::clone(&told))?;
            flag::register(signal, Arc::clone(&told))?;
        }
        Ok(Self(told))
    }

    /// Requests a stop, as a signal does.
    #[cfg(test)]
    pub(crate) fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns true if a stop was requested.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Returns an error once a stop was requested.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn check(&self) -> Result<(), Stopped> {
        if self.is_requested() { Err(Stopped) } else { Ok(()) }
    }
}
