//! Being told to stop: by SIGTERM, as schedulers and clusters do it, or by Ctrl-C.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::identity::ErrorKind;

use super::JobError;

/// Whether a run is to stop. It does so where nothing is half done: between two batches of rows, or before it publishes.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Told so by the first signal; a second one ends the process at once.
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

    pub(super) fn is_told(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error once the run is to stop.
    pub(super) fn check(&self) -> Result<(), JobError> {
        if self.is_told() { Err(JobError::Stopped) } else { Ok(()) }
    }
}
