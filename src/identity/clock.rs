//! The one source of "now".

use std::fmt;

use jiff::Timestamp;

/// A source of the present time. All code that depends on the present takes one, so that tests choose the time.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // The one place that may ask the machine.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is set.
#[cfg(test)]
#[derive(Debug)]
pub struct FixedClock(pub std::sync::Mutex<Timestamp>);

#[cfg(test)]
impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}
