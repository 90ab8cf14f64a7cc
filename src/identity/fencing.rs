//! Telling an earlier holder of a lease from a later one.

use serde::Serialize;

/// A number that grows with every lease of a module: a write with a lower one than the highest seen is refused, so that a
/// holder who slept past its lease can't undo what came after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FencingToken(pub u64);
