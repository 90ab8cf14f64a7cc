//! Stages of a run, for timing and tracing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A stage of a run that is timed and traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Listing of the source's files.
    List,
    /// Clean-up: dates are marked for rebuild, and lost dates are unpublished.
    CleanUp,
    /// Inference of a date's columns from the head of its files, and of the resulting change to its table.
    Look,
    /// Reading of a date's files, and writing of the table's.
    Write,
    /// Publishing: readers are sent to the written files.
    Publish,
    /// Deletion of leftovers of dead attempts, and of files that were replaced long ago.
    Sweep,
    /// Comparison of the tables that readers see with the published data.
    Compare,
}

impl Stage {
    /// Returns the name in reports, traces and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::CleanUp => "clean_up",
            Self::Look => "look",
            Self::Write => "write",
            Self::Publish => "publish",
            Self::Sweep => "sweep",
            Self::Compare => "compare",
        }
    }
}

/// Wall time by stage, in seconds.
pub type Stages = BTreeMap<Stage, f64>;
