//! The command line's shape.

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::{ConfigFile, EngineName};
use crate::identity::{CollectionName, LoadType, ModuleName, ProcessingDate, RunId};
use crate::jobs::QueryFormat;
use crate::report::ExitCode;

/// What a run may hold in memory unless it is told otherwise.
pub(super) const DEFAULT_MEMORY: &str = "1GiB";

/// Turns a day's files into Hive tables.
#[derive(Debug, Parser)]
#[command(name = "adg", version, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Cli {
    /// The job; without one, the module of `--module` is run.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// A run's arguments.
    #[command(flatten)]
    pub(super) run: RunArgs,
    /// Which environment.
    #[command(flatten)]
    pub(super) environment: EnvironmentArgs,
    /// How progress and messages are written: for a person where standard error is a terminal, else as JSON lines.
    #[arg(long, global = true, value_enum, default_value_t = LogFormatArg::Auto)]
    pub(super) log_format: LogFormatArg,
}

impl Cli {
    /// Reads this process's arguments; the help lists the exit codes.
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

/// A run and nothing else, as most command lines are: the arguments of all commands are not described for it. What this can't read is
/// read, and refused, by [`Cli`].
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

/// Which environment a command works in.
#[derive(Debug, Args)]
pub(super) struct EnvironmentArgs {
    /// The file of environments [env: ADG_CONFIG] [default: adg.yaml].
    #[arg(long, global = true)]
    pub(super) config: Option<PathBuf>,
    /// The profile in it [env: ADG_PROFILE] [default: the file's own].
    #[arg(long, global = true)]
    pub(super) profile: Option<String>,
}

/// The arguments of a module's run. A blank value means that it is not given.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The module to run: its dates that are not done.
    #[arg(long, alias = "module_name", alias = "module-name", required_unless_present = "plan")]
    pub(super) module: Option<String>,
    /// Do exactly what `adg plan --out FILE` found, or nothing where that is no longer what would be done.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["module", "load_type", "start_dt", "end_dt", "shard", "collection", "clean_up_flg", "force_clean_up", "incomplete", "e2e_test_flg"])]
    pub(super) plan: Option<PathBuf>,
    /// Which of the module's loads.
    #[arg(long, alias = "load_type", value_enum, ignore_case = true, default_value_t = LoadType::Full)]
    pub(super) load_type: LoadType,
    /// First date, done or not [env: START_DT].
    #[arg(long, alias = "start_dt", value_name = "YYYY-MM-DD")]
    pub(super) start_dt: Option<String>,
    /// Last date [env: END_DT] [default: today].
    #[arg(long, alias = "end_dt", value_name = "YYYY-MM-DD")]
    pub(super) end_dt: Option<String>,
    /// Only every Nth date, beginning with the Kth: N processes with the shards 1/N to N/N do all of them side by side. `auto/N`: by the
    /// index that AWS Batch, Kubernetes or Cloud Run gives to each task of an array job.
    #[arg(long, value_name = "K/N")]
    pub(super) shard: Option<String>,
    /// Only this collection; may be given several times.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(super) collection: Vec<CollectionName>,
    /// Build anew all that was published, and take from readers what the source can't rebuild [env: CLEAN_UP_FLG].
    #[arg(long, alias = "clean_up_flg", value_name = "true|false")]
    pub(super) clean_up_flg: Option<String>,
    /// Let clean-up lose dates that the source can't rebuild.
    #[arg(long)]
    pub(super) force_clean_up: bool,
    /// Do dates whose files are not all there too, with those that are: what `source.complete` says does not count.
    #[arg(long)]
    pub(super) incomplete: bool,
    /// Read the test folder of the published store; refused in protected profiles [env: E2E_TEST_FLG].
    #[arg(long, alias = "e2e_test_flg", value_name = "true|false")]
    pub(super) e2e_test_flg: Option<String>,
    /// What the run may hold in memory.
    #[arg(long, default_value = DEFAULT_MEMORY)]
    pub(super) memory: String,
    /// Who reads files and writes rows [default: the profile's].
    #[arg(long, value_enum)]
    pub(super) engine: Option<EngineName>,
    /// The Spark Connect server [default: the profile's]. A token is better off in the profile, as a reference to a secret.
    #[arg(long, value_name = "sc://HOST:PORT")]
    pub(super) spark_remote: Option<String>,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormatArg {
    /// For a person at a terminal, else JSON.
    Auto,
    /// For a person.
    Human,
    /// One JSON object a line.
    Json,
}

/// The jobs beside a run.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run SQL over the published tables.
    Query {
        /// The statement.
        sql: String,
        /// How the result is printed.
        #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
        format: QueryFormat,
        /// The file to write instead of standard output.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Say what a run with the same arguments would do, and do nothing.
    Plan {
        /// The run's arguments.
        #[command(flatten)]
        run: RunArgs,
        /// The file for the plan as JSON, to be done with `adg --plan FILE`.
        #[arg(long, short)]
        out: Option<PathBuf>,
    },
    /// Show what became of a module's dates, and what to type for those that are not done.
    History(HistoryArgs),
    /// Compare what was published with its metastore, its files, and its source where that still has it. Ends with 4 where
    /// anything differs.
    Verify {
        /// The run's arguments, of which dates and collections count.
        #[command(flatten)]
        run: RunArgs,
        /// Print JSON instead.
        #[arg(long)]
        json: bool,
    },
    /// Write what became of modules' dates as one HTML page: calendar, figures, failures, changes, times.
    Report(ReportArgs),
    /// Write a module's file out of tables that another tool made.
    Import(ImportArgs),
    /// Send readers back to what they saw before a run, as long as that is still there.
    Undo(UndoArgs),
    /// Mend what others changed of published tables: register dropped partitions and tables again as long as their files are there,
    /// send readers back, give columns back. Ends with 4 where anything is left.
    Repair(RepairArgs),
    /// List the published tables.
    Tables,
    /// Show a table's columns and partitions.
    Describe {
        /// `database.table`, or the table alone.
        table: String,
    },
    /// Print the JSON Schema of the config files.
    Schema {
        /// Which file.
        #[arg(value_enum, default_value_t = ConfigFile::Environments)]
        file: ConfigFile,
        /// Print the reference page of both files instead.
        #[arg(long)]
        markdown: bool,
    },
    /// Walk the whole way of a run without running it, and say what to do where it is blocked.
    Doctor {
        /// The module whose way is walked; left out, the profile's alone.
        #[arg(long)]
        module: Option<String>,
        /// Which of the module's loads.
        #[arg(long, value_enum, ignore_case = true, default_value_t = LoadType::Full)]
        load_type: LoadType,
        /// Write neither a probe into the store nor a note into the ledger, so that it stays unknown whether a run could.
        #[arg(long)]
        read_only: bool,
    },
    /// Write a day's files of a module into its source store.
    GenerateTestData(GenerateArgs),
    /// Write the manual, a page for each command.
    Man {
        /// The folder for the pages, which is made where it is missing.
        folder: PathBuf,
    },
    /// Print a shell's completion script.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// The dates of the past that are looked at, undone or mended.
#[derive(Debug, Args)]
pub(super) struct PastArgs {
    /// Which of the module's loads.
    #[arg(long, value_enum, ignore_case = true, default_value_t = LoadType::Full)]
    pub(super) load_type: LoadType,
    /// First date [default: of a history a month ago, of a page two months, of what is undone the run's first, of what is mended the oldest].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) start_dt: Option<ProcessingDate>,
    /// Last date [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) end_dt: Option<ProcessingDate>,
    /// Only this collection; may be given several times.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(super) collection: Vec<CollectionName>,
}

/// The arguments of a module's history.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The module. Of one date alone, all attempts are shown.
    #[arg(long)]
    pub(super) module: String,
    /// Which dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
    /// Print JSON instead.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of the page.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The module; may be given several times.
    #[arg(long, required = true, action = ArgAction::Append)]
    pub(super) module: Vec<String>,
    /// Which dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
    /// Where the page is written [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// The arguments of an undoing.
#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// The module.
    #[arg(long)]
    pub(super) module: String,
    /// The run: `adg history`, its closing table and its report have its id.
    #[arg(long, value_name = "ID")]
    pub(super) run: RunId,
    /// Which dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
}

/// The arguments of mending what others changed.
#[derive(Debug, Args)]
pub(super) struct RepairArgs {
    /// The module.
    #[arg(long)]
    pub(super) module: String,
    /// Take what others changed for wanted: dates without partition count as lost, locations and columns stay as they are.
    #[arg(long)]
    pub(super) accept: bool,
    /// Which dates.
    #[command(flatten)]
    pub(super) past: PastArgs,
    /// Print JSON instead.
    #[arg(long)]
    pub(super) json: bool,
}

/// The arguments of an import.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A table, database.table; may be given several times: each becomes a collection.
    #[arg(long, required = true, value_name = "TABLE", action = ArgAction::Append)]
    pub(super) from_table: Vec<String>,
    /// The module.
    #[arg(long)]
    pub(super) module: ModuleName,
    /// The profile's store in which the tables lie.
    #[arg(long, default_value = "published")]
    pub(super) store: String,
    /// How the source names its files [default: a guess, marked as one].
    #[arg(long, value_name = "PATTERN")]
    pub(super) files: Option<String>,
    /// Where the file is written, where there is none yet [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// The arguments of the data generator.
#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// The module.
    #[arg(long)]
    pub(super) module: String,
    /// Which of its loads.
    #[arg(long, value_enum, ignore_case = true, default_value_t = LoadType::Full)]
    pub(super) load_type: LoadType,
    /// Files for each collection.
    #[arg(long, default_value_t = 1)]
    pub(super) files: u32,
    /// Whether files are packed with gzip, before they are encrypted.
    #[arg(long)]
    pub(super) gzip: bool,
    /// The day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) date: ProcessingDate,
    /// Rows in each file.
    #[arg(long, default_value_t = 10)]
    pub(super) rows: u64,
    /// The same seed gives the same files.
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// The share of values that do not fit their column.
    #[arg(long, default_value_t = 0.0)]
    pub(super) bad_values: f64,
    /// A column beside the module's own; may be given several times.
    #[arg(long, value_name = "COLLECTION.COLUMN=TYPE")]
    pub(super) add_column: Vec<String>,
    /// A column to leave out; may be given several times.
    #[arg(long, value_name = "COLLECTION.COLUMN")]
    pub(super) drop_column: Vec<String>,
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
