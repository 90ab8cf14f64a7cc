//! Engines: this machine or a Spark Connect server reads a day's files and writes its rows. Both leave the same rows.

mod choice;
mod error;
mod load;
mod local;
#[cfg(feature = "spark")]
mod spark;
mod staging;

pub use choice::{Choice, choose, try_server};
pub use error::{EngineError, SparkStep};
pub use load::{Engine, FileCounts, FilePlan, Load, Loaded, OpenFile, ReadFile, Sinks, Take};
pub use local::Local;
pub use staging::{STAGING, Staging, StagingFolder};
