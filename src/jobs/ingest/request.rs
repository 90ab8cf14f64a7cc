//! A request to run or plan a module.

use std::sync::Arc;

use crate::jobs::run::{NextCommands, RunOptions, Scope};

/// A request to run or plan a module.
#[derive(Clone)]
pub struct IngestRequest {
    /// The module, its dates and collections.
    pub scope: Scope,
    /// Options of the run.
    pub options: RunOptions,
    /// Prints the commands that a report suggests.
    pub commands: Arc<dyn NextCommands>,
}
