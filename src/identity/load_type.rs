//! Load types of a module.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The way in which a source's changes come. Each load has files and tables of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LoadType {
    /// All that the source has, each day anew. The module as it is, unless `load_types` says more of it.
    #[default]
    Full,
    /// The day's changes as they were delivered: all files of the day, in sequence. A partition is one day's delivery.
    Delta,
    /// The same files, as the history of all changes since `start`: its partitions are read together.
    Incremental,
}

impl fmt::Display for LoadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Delta => "delta",
            Self::Incremental => "incremental",
        })
    }
}
