//! Options of a run.

use bytesize::ByteSize;

use crate::config::{EngineName, SparkRemote};
use crate::report::Plan;

/// Options of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Rebuild every published date from the source.
    pub clean_up: bool,
    /// Let a clean-up lose dates that the source can't rebuild.
    pub force_clean_up: bool,
    /// Load dates whose files are not complete.
    pub incomplete: bool,
    /// Read the test folder of the published store instead of the source.
    pub e2e_test: bool,
    /// Memory limit.
    pub memory: ByteSize,
    /// Execution engine; none: from the profile.
    pub engine: Option<EngineName>,
    /// Address of Spark Connect; none: from the profile.
    pub spark_remote: Option<SparkRemote>,
    /// Plan to do as it is, or not at all.
    pub plan: Option<Plan>,
}

impl RunOptions {
    /// Returns the options of a command that reads no source file.
    pub fn without_reading() -> Self {
        Self { engine: Some(EngineName::Local), ..Self::default() }
    }
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            clean_up: false,
            force_clean_up: false,
            incomplete: false,
            e2e_test: false,
            memory: ByteSize::gib(1),
            engine: None,
            spark_remote: None,
            plan: None,
        }
    }
}
