//! The command line's shape.

#![allow(clippy::doc_markdown, reason = "the help shows these comments as they are")]

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{ConfigFile, EngineName};
use crate::identity::{CollectionName, LoadType, ProcessingDate, RunId};
use crate::jobs::QueryFormat;
use crate::report::ExitCode;
use crate::schema::ColumnType;

use super::making_args::{GenerateArgs, ImportArgs, SniffArgs};
use super::memory::DEFAULT_MEMORY;
use super::pipeline_args::PipelineCommand;

/// Load daily files into Hive tables.
#[derive(Debug, Parser)]
#[command(name = "adg", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Cli {
    /// Command; without one, adg runs the module of `--module`.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Arguments of a run.
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Config file and profile.
    #[command(flatten)]
    pub(super) environment: EnvironmentArgs,
    /// Format of progress and log messages on standard error.
    #[arg(long, global = true, value_enum, default_value_t = LogFormatArg::Auto)]
    pub(super) log_format: LogFormatArg,
}

impl Cli {
    /// Parses the arguments of this process; the help lists the exit codes.
    pub(super) fn from_process() -> Result<Self, clap::Error> {
        if let Ok(OnlyRun { run, environment, log_format }) = OnlyRun::try_parse() {
            return Ok(Self { command: None, run, environment, log_format });
        }
        let codes =
            ExitCode::all().map(|code| format!("  {:>2}  {}", code.number(), code.meaning())).collect::<Vec<_>>().join("\n");
        let matches = Self::command().after_help(format!("Exit codes:\n{codes}")).try_get_matches()?;
        Self::from_arg_matches(&matches)
    }
}

/// Arguments of a run without a command, as most command lines are. It is parsed first, because building the arguments of all
/// commands takes longer than parsing. [`Cli`] parses, and refuses, all other command lines.
#[derive(Debug, Parser)]
#[command(name = "adg", disable_help_flag = true)]
struct OnlyRun {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    environment: EnvironmentArgs,
    #[arg(long, value_enum, default_value_t = LogFormatArg::Auto)]
    log_format: LogFormatArg,
}

/// Config file and profile of a command.
#[derive(Debug, Args)]
pub(super) struct EnvironmentArgs {
    /// Config file [env: ADG_CONFIG] [default: adg.yaml].
    #[arg(long, global = true)]
    pub(super) config: Option<PathBuf>,
    /// Profile [env: ADG_PROFILE] [default: from the config file].
    #[arg(long, global = true)]
    pub(super) profile: Option<String>,
}

/// Arguments of a run. A blank value counts as not given.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Module to run.
    ///
    /// Without `--start-dt` the run does all dates that are not done.
    #[arg(long, alias = "module_name", alias = "module-name", required_unless_present = "plan")]
    pub(super) module: Option<String>,
    /// Run a plan of `adg plan --out FILE`; refused if the plan is stale.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "module", "load_type", "start_dt", "end_dt", "shard", "collection", "clean_up_flg", "force_clean_up", "incomplete",
        "e2e_test_flg",
    ])]
    pub(super) plan: Option<PathBuf>,
    /// Load type to run.
    #[arg(long, alias = "load_type", value_enum, ignore_case = true, default_value_t = LoadType::Full)]
    pub(super) load_type: LoadType,
    /// First date, done or not [env: START_DT].
    #[arg(long, alias = "start_dt", value_name = "YYYY-MM-DD")]
    pub(super) start_dt: Option<String>,
    /// Last date [env: END_DT] [default: today].
    #[arg(long, alias = "end_dt", value_name = "YYYY-MM-DD")]
    pub(super) end_dt: Option<String>,
    /// Shard K of N of the dates: the Kth and every Nth after it.
    ///
    /// N processes with the shards 1/N to N/N do all dates in parallel. `auto/N` takes K from the index that AWS Batch,
    /// Kubernetes or Cloud Run gives to each task of an array job.
    #[arg(long, value_name = "K/N")]
    pub(super) shard: Option<String>,
    /// Collection to process; repeatable [default: all].
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(super) collection: Vec<CollectionName>,
    /// Rebuild every published date from source [env: CLEAN_UP_FLG].
    ///
    /// Refused if the source no longer has a published date, unless `--force-clean-up` is given.
    #[arg(long, alias = "clean_up_flg", value_name = "true|false")]
    pub(super) clean_up_flg: Option<String>,
    /// Let clean-up unpublish dates that the source no longer has.
    #[arg(long)]
    pub(super) force_clean_up: bool,
    /// Load dates that are incomplete by `source.complete`, with their present files.
    #[arg(long)]
    pub(super) incomplete: bool,
    /// Read from the published store's test folder [env: E2E_TEST_FLG].
    ///
    /// Refused in protected profiles.
    #[arg(long, alias = "e2e_test_flg", value_name = "true|false")]
    pub(super) e2e_test_flg: Option<String>,
    /// Memory limit.
    #[arg(long, default_value = DEFAULT_MEMORY)]
    pub(super) memory: String,
    /// Execution engine [default: from the profile].
    #[arg(long, value_enum)]
    pub(super) engine: Option<EngineName>,
    /// Spark Connect server [default: from the profile].
    ///
    /// Set a token in the profile, as a reference to a secret: other users of the machine can read arguments.
    #[arg(long, value_name = "sc://HOST:PORT")]
    pub(super) spark_remote: Option<String>,
}

/// Hides flags of a run that `verify` accepts, as a command line with another first word, and does not use.
fn hidden_if_of_no_use_to_verify(arg: Arg) -> Arg {
    const UNUSED: [&str; 7] = ["plan", "clean_up_flg", "force_clean_up", "incomplete", "memory", "engine", "spark_remote"];
    let is_unused = UNUSED.contains(&arg.get_id().as_str());
    if is_unused { arg.hide(true) } else { arg }
}

/// Format of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormatArg {
    /// Text at a terminal, JSON otherwise.
    Auto,
    /// Text.
    Human,
    /// One JSON object per line.
    Json,
}

/// Commands beside a run.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run SQL over the published tables.
    Query {
        /// SELECT statement.
        sql: String,
        /// Output format.
        #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
        format: QueryFormat,
        /// Output file [default: standard output].
        #[arg(long, short)]
        output: Option<PathBuf>,
        /// Memory limit.
        #[arg(long, default_value = DEFAULT_MEMORY)]
        memory: String,
    },
    /// Show what a run with the same arguments would do, without doing it.
    Plan {
        /// Arguments of the run.
        #[command(flatten)]
        run: RunArgs,
        /// Write the plan to this file, for `adg --plan FILE`.
        #[arg(long, short)]
        out: Option<PathBuf>,
    },
    /// Run pipelines: databases and tables, through SQL, into tables.
    #[command(subcommand)]
    Pipeline(PipelineCommand),
    /// Show the state of a module's dates and the commands for unfinished ones.
    History(HistoryArgs),
    /// Compare published dates with the metastore, their files and the source.
    ///
    /// Dates that the source no longer has are compared with metastore and files alone. The exit code is 4 if anything differs.
    #[command(mut_args(hidden_if_of_no_use_to_verify))]
    Verify {
        /// Arguments of a run; only dates and collections count.
        #[command(flatten)]
        run: RunArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write an HTML page about the dates of modules.
    ///
    /// The page has calendars, row counts, failures, schema changes and durations.
    Report(ReportArgs),
    /// Write a module file from tables of another tool.
    Import(ImportArgs),
    /// Roll back a run while its previous files are retained.
    Undo(UndoArgs),
    /// Repair published tables that other tools changed.
    ///
    /// Registers dropped tables and partitions whose files exist, and restores locations and columns. The exit code is 4 if
    /// anything is left to repair.
    Repair(RepairArgs),
    /// Change the type of a column of a published table.
    ///
    /// Dates whose files have another type are rewritten first, beside the old ones. If a value does not fit, nothing changes: a
    /// decimal or text becomes a double or float only if that gives all its digits back.
    Retype {
        /// `database.table`, or the table alone.
        table: String,
        /// Column.
        column: String,
        /// New type, such as `double` or `decimal(18,2)`.
        #[arg(value_name = "TYPE")]
        ty: ColumnType,
        /// Load type whose settings name the table.
        #[arg(long, value_enum, ignore_case = true, default_value_t = LoadType::Full)]
        load_type: LoadType,
    },
    /// List the published tables.
    Tables,
    /// Show a table's columns and partitions.
    Describe {
        /// `database.table`, or the table alone.
        table: String,
    },
    /// Print the JSON Schema of the config files.
    Schema {
        /// Kind of config file.
        #[arg(value_enum, default_value_t = ConfigFile::Environments)]
        file: ConfigFile,
        /// Print the reference page of all config files.
        #[arg(long)]
        markdown: bool,
    },
    /// Check that a run could succeed, and explain what blocks it.
    Doctor {
        /// Module to check [default: check the profile alone].
        #[arg(long)]
        module: Option<String>,
        /// Load type to check.
        #[arg(long, value_enum, ignore_case = true, default_value_t = LoadType::Full)]
        load_type: LoadType,
        /// Write no probe to store and ledger; write access stays unchecked.
        #[arg(long)]
        read_only: bool,
    },
    /// Look at a file and print a module file for it.
    ///
    /// Comments name what is in doubt.
    Sniff(SniffArgs),
    /// Write `adg.yaml` and module files for a folder or bucket of files.
    Init {
        /// Folder or URL of the source files.
        source: String,
    },
    /// Write sample files of a date to a module's source store.
    GenerateTestData(GenerateArgs),
    /// Write the manual, one page per command.
    Man {
        /// Output folder; created if it does not exist.
        folder: PathBuf,
    },
    /// Print the completion script of a shell.
    Completions {
        /// Shell.
        shell: Shell,
    },
}

/// Dates to show, undo or repair.
#[derive(Debug, Args)]
pub(super) struct PastArgs {
    /// Load type.
    #[arg(long, value_enum, ignore_case = true, default_value_t = LoadType::Full)]
    pub(super) load_type: LoadType,
    /// First date [default: depends on the command].
    ///
    /// `history` begins a month ago, `report` two months ago, `undo` at the run's first date, `repair` at the oldest.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) start_dt: Option<ProcessingDate>,
    /// Last date [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) end_dt: Option<ProcessingDate>,
    /// Collection to process; repeatable [default: all].
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(super) collection: Vec<CollectionName>,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Module.
    ///
    /// If the scope is a single date, all its attempts are shown.
    #[arg(long)]
    pub(super) module: String,
    /// Dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Module; repeatable.
    #[arg(long, required = true, action = ArgAction::Append)]
    pub(super) module: Vec<String>,
    /// Dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
    /// Output file [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// Module.
    #[arg(long)]
    pub(super) module: String,
    /// Id of the run, from `adg history`, the closing table or the report.
    #[arg(long, value_name = "ID")]
    pub(super) run: RunId,
    /// Dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
}

/// Arguments of `repair`.
#[derive(Debug, Args)]
pub(super) struct RepairArgs {
    /// Module.
    #[arg(long)]
    pub(super) module: String,
    /// Accept the changes instead: dates without a partition count as lost.
    #[arg(long)]
    pub(super) accept: bool,
    /// Dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn a_run_alone_is_read_as_among_all_commands() {
        for words in [
            "--module a",
            "--module a --profile p --log-format json --collection b",
            "--plan f --memory 1GiB",
            "--module_name a --start_dt 2024-05-01",
        ] {
            let words = || std::iter::once("adg").chain(words.split(' '));
            let (alone, among) = (OnlyRun::try_parse_from(words()).unwrap(), Cli::try_parse_from(words()).unwrap());
            let alone = (format!("{:?}", alone.run), format!("{:?}", alone.environment), alone.log_format);
            assert_eq!(alone, (format!("{:?}", among.run), format!("{:?}", among.environment), among.log_format));
        }
        for words in [
            "--help",
            "--version",
            "-V",
            "plan --module a",
            "--config c history --module a",
            "--modul a",
            "--module a --plan f",
            "",
        ] {
            assert!(OnlyRun::try_parse_from(std::iter::once("adg").chain(words.split_whitespace())).is_err(), "{words}");
        }
    }

    fn page_of(command: &mut clap::Command, path: &str, page: &mut String) {
        let help = command.clone().term_width(110).render_long_help().to_string();
        let help: Vec<_> = help.lines().map(str::trim_end).collect();
        let _ = write!(page, "\n## {path}\n\n```text\n{}\n```\n", help.join("\n").trim());
        for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
            page_of(below, &format!("{path} {}", below.get_name()), page);
        }
    }

    /// All help texts of a command and of those below it, with the place of each.
    fn help_texts(command: &clap::Command, path: &str) -> Vec<(String, String)> {
        let own = command.get_about().map(|about| (path.to_owned(), about.to_string()));
        let arguments = command.get_arguments().flat_map(|argument| {
            let place = format!("{path} {}", argument.get_id());
            let values = argument.get_possible_values();
            let values = values.iter().filter_map(|value| value.get_help()).map(ToString::to_string).collect::<Vec<_>>();
            let help = argument.get_help().map(ToString::to_string);
            help.into_iter().chain(values).map(move |text| (place.clone(), text))
        });
        let below = command.get_subcommands().flat_map(|below| help_texts(below, &format!("{path} {}", below.get_name())));
        own.into_iter().chain(arguments).chain(below).collect()
    }

    #[test]
    fn help_texts_are_short_and_begin_with_a_noun_or_an_imperative() {
        const REFUSED: [&str; 12] =
            ["What", "Who", "Whom", "Whose", "Which", "Where", "When", "Why", "How", "That", "Whether", "Says"];
        let mut command = Cli::command();
        command.build();
        let texts = help_texts(&command, "adg");
        assert!(texts.len() > 60, "{}", texts.len());
        let refused = texts.iter().filter(|(place, text)| {
            let is_generated = place.contains(" help") || place.ends_with(" version");
            let opening = text.split_whitespace().next().unwrap_or_default();
            !is_generated && (text.chars().count() > 80 || REFUSED.contains(&opening))
        });
        assert_eq!(refused.collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    }

    #[test]
    fn the_page_in_docs_has_every_command() {
        let mut page = "# Commands\n\n<!-- Made from `src/cli/args.rs`; a test compares it. -->\n".to_owned();
        let mut command = Cli::command();
        command.build();
        page_of(&mut command, "adg", &mut page);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md");
        if std::env::var_os("ADG_WRITE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page, "run the test with ADG_WRITE_DOCS=1");
    }
}
