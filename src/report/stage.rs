//! The parts of a run that take time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A part of a run, as it is timed and traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Which files the source has.
    List,
    /// Which dates are to be built anew or are lost.
    CleanUp,
    /// What the beginnings of a date's files say of its columns, and what that does to its table.
    Look,
    /// A date's files are read, and written as the table's.
    Write,
    /// Readers are sent to what was written.
    Publish,
    /// What dead attempts left, and what was replaced long ago, is removed.
    Sweep,
    /// Tables as readers see them are compared with what was published.
    Compare,
}

impl Stage {
    /// As reports, traces and metrics write it.
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

/// Seconds of wall time that each stage took.
pub type Stages = BTreeMap<Stage, f64>;
