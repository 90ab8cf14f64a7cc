//! Arguments of the commands for pipelines.

#![allow(clippy::doc_markdown, reason = "the help shows these comments as they are")]

use clap::{Args, Subcommand};

use crate::identity::RunId;

use super::memory::DEFAULT_MEMORY;

/// Commands for pipelines.
#[derive(Debug, Subcommand)]
pub(super) enum PipelineCommand {
    /// Read the sources, compute the statements, and publish the tables.
    ///
    /// All tables and queries of one database are read in one state of it. Nothing is published if a check fails.
    Run(PipelineArgs),
    /// Show sources, statements and tables without reading a row.
    Plan(PipelineArgs),
    /// Draw the pipeline in Mermaid's notation.
    Graph {
        /// Pipeline: the file is pipelines/NAME.yaml.
        name: String,
    },
    /// Roll back a run while its previous rows are retained.
    ///
    /// Readers see what they saw before the run. The next run publishes again.
    Undo {
        /// Pipeline: the file is pipelines/NAME.yaml.
        name: String,
        /// Id of the run, from `adg pipeline history`, the closing table or the report.
        #[arg(long, value_name = "ID")]
        run: RunId,
    },
    /// Show the latest attempts at each table.
    History {
        /// Pipeline: the file is pipelines/NAME.yaml.
        name: String,
        /// Number of attempts.
        #[arg(long, default_value_t = 20)]
        last: u16,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Arguments of a pipeline's run.
#[derive(Debug, Args)]
pub(super) struct PipelineArgs {
    /// Pipeline: the file is pipelines/NAME.yaml.
    pub(super) name: String,
    /// Memory limit.
    #[arg(long, default_value = DEFAULT_MEMORY)]
    pub(super) memory: String,
}
