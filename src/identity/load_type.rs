//! Load types of a module.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Way in which a source delivers changes. Each load type has its own files and tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LoadType {
    /// All rows of the source on each date.
    ///
    /// The module as it is, unless `load_types` changes it.
    #[default]
    Full,
    /// The changes of a date as delivered, all files in sequence.
    ///
    /// A partition is the delivery of one date.
    Delta,
    /// The history of all changes since `start`; partitions are read together.
    ///
    /// The files are those of `delta`.
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
