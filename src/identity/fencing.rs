//! Fencing tokens, which distinguish an earlier holder of a lease from a later one.

use jiff::Timestamp;
use serde::Serialize;

/// A number that grows with every lease of a module: a write with a lower number than the highest seen is refused, so that a
/// holder that slept past its lease can't undo later writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FencingToken(pub u64);

impl FencingToken {
    /// Returns the token of the next lease. It is not simply one more than the last: where a ledger was lost, tokens must still
    /// grow past those that a metastore has seen.
    pub fn after(last: u64, now: Timestamp) -> Self {
        let clock = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(clock.max(last + 1))
    }

    /// Returns the instant after the token's, if the token's is later than `now` because the clock of an earlier holder was ahead
    /// of ours.
    pub fn outran(self, now: Timestamp) -> Option<Timestamp> {
        let ours = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let later = i64::try_from(self.0).ok().filter(|_| self.0 > ours)?;
        Timestamp::from_millisecond(later.saturating_add(1)).ok()
    }
}
