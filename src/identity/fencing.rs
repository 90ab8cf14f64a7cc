//! Telling an earlier holder of a lease from a later one.

use jiff::Timestamp;
use serde::Serialize;

/// A number that grows with every lease of a module: a write with a lower one than the highest seen is refused, so that a
/// holder who slept past its lease can't undo what came after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FencingToken(pub u64);

impl FencingToken {
    /// The token of the next lease. Not simply one more than the last: where a ledger was lost, tokens must still grow past
    /// those that a metastore has seen.
    pub fn after(last: u64, now: Timestamp) -> Self {
        let clock = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(clock.max(last + 1))
    }

    /// Where the token is of a later instant than `now`, as the clock of an earlier holder was ahead of ours: the instant after
    /// it.
    pub fn outran(self, now: Timestamp) -> Option<Timestamp> {
        let ours = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let later = i64::try_from(self.0).ok().filter(|_| self.0 > ours)?;
        Timestamp::from_millisecond(later.saturating_add(1)).ok()
    }
}
