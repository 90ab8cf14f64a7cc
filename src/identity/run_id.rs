//! Run ids.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Uuid};

/// The id of one invocation of a job, and the name of the folder that it writes to. A UUID of version 7: ids sort by the start
/// times of their runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    /// Returns a new id for a run that begins at `now`.
    pub fn new(now: Timestamp) -> Self {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
        Self(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text is not the id of a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a run, such as 018f3b2e-7c4d-7a10-8f00-3b5de1a2c4f6; `adg history` and the closing table show ids")]
pub struct RunIdError;

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        text.parse().map(Self).map_err(|_| RunIdError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let early: Timestamp = "2024-06-19T12:00:00.123Z".parse().unwrap();
        let late: Timestamp = "2024-06-19T12:00:00.124Z".parse().unwrap();
        assert!(RunId::new(early) < RunId::new(late));
        assert!(RunId::new(early).to_string() < RunId::new(late).to_string());
        assert_ne!(RunId::new(early), RunId::new(early));
    }
}
