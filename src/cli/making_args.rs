//! Arguments of the commands that make modules and files.

#![allow(clippy::doc_markdown, reason = "the help shows these comments as they are")]

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::identity::{LoadType, ModuleName, ProcessingDate};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Table, as database.table; repeatable, each becomes a collection.
    #[arg(long, required = true, value_name = "TABLE", action = ArgAction::Append)]
    pub(super) from_table: Vec<String>,
    /// Module.
    #[arg(long)]
    pub(super) module: ModuleName,
    /// Store of the profile that holds the tables.
    #[arg(long, default_value = "published")]
    pub(super) store: String,
    /// Pattern of the source files [default: a guess, marked as such].
    #[arg(long, value_name = "PATTERN")]
    pub(super) files: Option<String>,
    /// Option of the Spark reader that read the files so far; repeatable.
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append)]
    pub(super) spark_option: Vec<String>,
    /// Output file, which must not exist [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Arguments of `sniff`.
#[derive(Debug, Args)]
pub(super) struct SniffArgs {
    /// Local file, or key of the store.
    pub(super) file: String,
    /// Store of the profile that has the file [default: the local disk].
    #[arg(long)]
    pub(super) store: Option<String>,
    /// Module [default: the name of the collection].
    #[arg(long)]
    pub(super) module: Option<ModuleName>,
}

/// Arguments of `generate-test-data`.
#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// Module.
    #[arg(long)]
    pub(super) module: String,
    /// Load type.
    #[arg(long, value_enum, ignore_case = true, default_value_t = LoadType::Full)]
    pub(super) load_type: LoadType,
    /// Files per collection.
    #[arg(long, default_value_t = 1)]
    pub(super) files: u32,
    /// Compress files with gzip, before encryption.
    #[arg(long)]
    pub(super) gzip: bool,
    /// Processing date.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) date: ProcessingDate,
    /// Rows per file.
    #[arg(long, default_value_t = 10)]
    pub(super) rows: u64,
    /// Random seed; the same seed gives the same files.
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Share of invalid values, from 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    pub(super) bad_values: f64,
    /// Additional column; repeatable.
    #[arg(long, value_name = "COLLECTION.COLUMN=TYPE")]
    pub(super) add_column: Vec<String>,
    /// Column to leave out; repeatable.
    #[arg(long, value_name = "COLLECTION.COLUMN")]
    pub(super) drop_column: Vec<String>,
}
