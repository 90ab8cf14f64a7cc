//! From arguments to jobs.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use clap::CommandFactory;
use serde::Serialize;

use crate::catchup::Requested;
use crate::config::{self, ColumnTypeWord, ConfigFile, LoadType};
use crate::identity::CollectionName;
use crate::jobs::{
    self, Diagnosis, DoctorRequest, Environment, ExtraColumn, Generate, HistoryRequest, IngestRequest, JobError, LEAST_MEMORY,
    Services, Stop,
};
use crate::report::{
    Asked, Bars, ExitCode, NoProgress, Progress, Undoing, Verified, closing_table, history_table, plan_table, shown,
    undone_table, verified_table,
};
use crate::schema::ColumnName;

use super::args::{Cli, Command, DEFAULT_MEMORY, EnvironmentArgs, GenerateArgs, HistoryArgs, RunArgs, UndoArgs};
use super::given::Given;
use super::logging::LogFormat;

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn given<'a>(flag: &'a str, variable: &'a str) -> Given<'a> {
    Given { flag, variable, env: &env }
}

/// Does what the command line says.
pub(super) fn run(cli: Cli, format: LogFormat) -> Result<ExitCode, JobError> {
    let Some(command) = cli.command else { return run_module(&cli.run, &cli.environment, format) };
    let services = || services(&cli.environment);
    match command {
        Command::Query { sql, format, output } => jobs::query(&services()?, &sql, format, output.as_deref())?,
        Command::Plan { run, out } => plan(&run, &cli.environment, out.as_deref())?,
        Command::History(args) => history(&args, &cli.environment)?,
        Command::Verify { run, json } => return verify(&run, &cli.environment, json),
        Command::Undo(args) => return undo(&args, &cli.environment),
        Command::Tables => print(&jobs::tables(&services()?)?)?,
        Command::Describe { table } => print(&jobs::describe(&services()?, &table)?)?,
        Command::Schema { file, markdown } => print_schema(file, markdown)?,
        Command::Doctor { module, load_type, read_only } => {
            let module = module.map(|name| name.trim().to_lowercase());
            let request = DoctorRequest { module, load: load_type, read_only };
            let diagnosis = match environment(&cli.environment) {
                Ok(environment) => jobs::doctor(&environment, &request),
                Err(error) => Diagnosis::of_files(&error),
            };
            print(&diagnosis.to_string())?;
            return Ok(diagnosis.exit_code());
        }
        Command::GenerateTestData(args) => {
            print(&jobs::generate(&environment(&cli.environment)?, &generate_request(&args)?)?.join("\n"))?
        }
        Command::Man { folder } => manual(&folder)?,
        Command::Completions { shell } => clap_complete::generate(shell, &mut Cli::command(), "adg", &mut io::stdout()),
    }
    Ok(ExitCode::Done)
}

fn services(args: &EnvironmentArgs) -> Result<Services, JobError> {
    Services::open(environment(args)?)
}

fn environment(args: &EnvironmentArgs) -> Result<Environment, JobError> {
    let (file, profile) = config_file(args);
    Environment::load(&file, profile.as_deref())
}

/// The file to read, and the profile that was given.
fn config_file(args: &EnvironmentArgs) -> (PathBuf, Option<String>) {
    let (file, profile) = chosen(args);
    (file.unwrap_or_else(|| "adg.yaml".into()), profile)
}

/// The file and the profile that were given, in whichever way.
fn chosen(args: &EnvironmentArgs) -> (Option<PathBuf>, Option<String>) {
    let file = args.config.clone().or_else(|| given("--config", "ADG_CONFIG").text(None).map(PathBuf::from));
    (file, given("--profile", "ADG_PROFILE").text(args.profile.as_deref()))
}

/// Prints what a run would do, and keeps it where it is to be done as it is.
fn plan(args: &RunArgs, environment: &EnvironmentArgs, out: Option<&Path>) -> Result<(), JobError> {
    let request = ingest_request(args, environment)?;
    let plan = jobs::plan(&services(environment)?, &request)?;
    if let Some(out) = out {
        jobs::write_plan(&plan, out)?;
    }
    print(&shown(&plan_table(&plan)))
}

/// Prints whether what was published still is what was said of it.
fn verify(args: &RunArgs, environment: &EnvironmentArgs, json: bool) -> Result<ExitCode, JobError> {
    let verified = jobs::verify(&services(environment)?, &ingest_request(args, environment)?)?;
    match json {
        true => print_json(&verified)?,
        false => print(&shown(&verified_table(&verified)))?,
    }
    Ok(if verified.iter().any(Verified::differs) { ExitCode::Partial } else { ExitCode::Done })
}

/// Sends readers back, and prints to what.
fn undo(args: &UndoArgs, environment: &EnvironmentArgs) -> Result<ExitCode, JobError> {
    let module = args.module.trim().to_lowercase();
    let request = IngestRequest {
        command: base_command(&module, args.load_type, environment),
        module,
        load: args.load_type,
        dates: Requested { start: args.start_dt, end: args.end_dt },
        collections: args.collection.clone(),
        clean_up: false,
        force_clean_up: false,
        e2e_test: false,
        memory: memory(DEFAULT_MEMORY)?,
        plan: None,
    };
    let undone = jobs::undo(&services(environment)?, &request, args.run)?;
    print(&shown(&undone_table(&undone)))?;
    let is_done = undone.iter().all(|one| matches!(one.outcome, Undoing::SentBack { .. }));
    Ok(if is_done { ExitCode::Done } else { ExitCode::Partial })
}

/// Prints what became of a module's dates.
fn history(args: &HistoryArgs, environment: &EnvironmentArgs) -> Result<(), JobError> {
    let module = args.module.trim().to_lowercase();
    let request = HistoryRequest {
        command: base_command(&module, args.load_type, environment),
        module,
        load: args.load_type,
        start: args.start_dt,
        end: args.end_dt,
        collections: args.collection.clone(),
    };
    let history = jobs::history(&services(environment)?, &request)?;
    match args.json {
        true => print_json(&history),
        false => print(&shown(&history_table(&history))),
    }
}

fn run_module(args: &RunArgs, environment: &EnvironmentArgs, format: LogFormat) -> Result<ExitCode, JobError> {
    let request = ingest_request(args, environment)?;
    let mut services = Services::open_to_run(self::environment(environment)?, &request)?;
    services.environment.stop = Stop::on_signals()
        .map_err(|error| JobError::Machine { message: format!("failed to handle signals: {error}"), hint: "run again".into() })?;
    let progress: Box<dyn Progress> = match format {
        LogFormat::Human if io::stderr().is_terminal() => Box::new(Bars::default()),
        _ => Box::new(NoProgress),
    };
    let report = jobs::ingest(&services, &request, &*progress)?;
    let code = report.exit_code();
    match format {
        LogFormat::Human => eprintln!("{}", shown(&closing_table(&report))),
        LogFormat::Json => tracing::info!(
            event = "run_done", run_id = %report.run_id, module = %report.module, profile = report.profile,
            dates = report.days.len(), exit_code = code.number(), rerun = report.rerun.join("; "),
        ),
    }
    Ok(code)
}

/// What a plan asks for; what the environment says of dates and flags does not count.
fn planned_request(file: &Path, args: &RunArgs, environment: &EnvironmentArgs) -> Result<IngestRequest, JobError> {
    let plan = jobs::read_plan(file)?;
    let Asked { load, start, end, collections, clean_up, force_clean_up, e2e_test } = plan.asked.clone();
    let module = plan.module.to_string();
    let command = again(base_command(&module, load, environment), e2e_test, &args.memory);
    let (dates, memory) = (Requested { start, end }, memory(&args.memory)?);
    Ok(IngestRequest { module, load, dates, collections, clean_up, force_clean_up, e2e_test, memory, command, plan: Some(plan) })
}

/// What a run, a plan or a look at what was published is asked for. The test flag is refused before anything else is read.
fn ingest_request(args: &RunArgs, environment: &EnvironmentArgs) -> Result<IngestRequest, JobError> {
    let request = match &args.plan {
        Some(file) => planned_request(file, args, environment)?,
        None => given_request(args, environment)?,
    };
    if request.e2e_test {
        let (file, profile) = config_file(environment);
        jobs::refuse_test_flag_where_protected(&file, profile.as_deref())?;
    }
    Ok(request)
}

fn given_request(args: &RunArgs, environment: &EnvironmentArgs) -> Result<IngestRequest, JobError> {
    let module = args.module.as_deref().map(str::trim).unwrap_or_default().to_lowercase();
    if module.is_empty() {
        return Err(JobError::Usage {
            message: "--module is blank".into(),
            hint: Some("name the module to run: --module vacancy".into()),
        });
    }
    let memory = memory(&args.memory)?;
    let e2e_test = given("--e2e-test-flg", "E2E_TEST_FLG").truth(args.e2e_test_flg.as_deref())?;
    let command = again(base_command(&module, args.load_type, environment), e2e_test, &args.memory);
    Ok(IngestRequest {
        module,
        load: args.load_type,
        dates: Requested {
            start: given("--start-dt", "START_DT").date(args.start_dt.as_deref())?,
            end: given("--end-dt", "END_DT").date(args.end_dt.as_deref())?,
        },
        collections: args.collection.clone(),
        clean_up: given("--clean-up-flg", "CLEAN_UP_FLG").truth(args.clean_up_flg.as_deref())?,
        force_clean_up: args.force_clean_up,
        e2e_test,
        memory,
        command,
        plan: None,
    })
}

/// The command that runs a module, without dates, to print what to type next.
fn base_command(module: &str, load: LoadType, environment: &EnvironmentArgs) -> Vec<String> {
    let program = std::env::args().next().unwrap_or_else(|| "adg".to_owned());
    let mut command = vec![program, "--module".to_owned(), module.to_owned()];
    let (file, profile) = chosen(environment);
    command.extend(file.into_iter().flat_map(|file| ["--config".to_owned(), file.display().to_string()]));
    command.extend(profile.into_iter().flat_map(|profile| ["--profile".to_owned(), profile]));
    if load != LoadType::Full {
        command.extend(["--load-type".to_owned(), load.to_string()]);
    }
    command
}

/// The same of a run that was given more. What the environment says now is said in so many words: the command is run in another
/// shell, or in this one again.
fn again(mut command: Vec<String>, e2e_test: bool, memory: &str) -> Vec<String> {
    if e2e_test || env("E2E_TEST_FLG").is_some() {
        command.extend(["--e2e-test-flg".to_owned(), e2e_test.to_string()]);
    }
    if env("CLEAN_UP_FLG").is_some() {
        command.extend(["--clean-up-flg".to_owned(), "false".to_owned()]);
    }
    if memory != DEFAULT_MEMORY {
        command.extend(["--memory".to_owned(), memory.to_owned()]);
    }
    command
}

fn memory(text: &str) -> Result<ByteSize, JobError> {
    let wrong = |reason: &str| usage("--memory", text, reason);
    let memory: ByteSize = text.parse().map_err(|_| wrong("write a size such as 512MiB"))?;
    if memory < LEAST_MEMORY { Err(wrong(&format!("a run needs at least {LEAST_MEMORY}"))) } else { Ok(memory) }
}

fn generate_request(args: &GenerateArgs) -> Result<Generate, JobError> {
    let add = args.add_column.iter().map(|text| {
        let wrong = |reason: &str| usage("--add-column", text, reason);
        let (place, word) = text.split_once('=').ok_or_else(|| wrong("write COLLECTION.COLUMN=TYPE"))?;
        let (collection, name) = column_place("--add-column", place)?;
        let ty = word.parse().map_err(|error: crate::schema::TypeError| wrong(&error.to_string()))?;
        Ok(ExtraColumn { collection, name, word: ColumnTypeWord { word: word.to_owned(), ty } })
    });
    Ok(Generate {
        module: args.module.to_lowercase(),
        load: args.load_type,
        files: args.files,
        gzip: args.gzip,
        date: args.date,
        rows: args.rows,
        seed: args.seed,
        bad_values: args.bad_values,
        add: add.collect::<Result<_, JobError>>()?,
        drop: args.drop_column.iter().map(|place| column_place("--drop-column", place)).collect::<Result<_, _>>()?,
    })
}

fn usage(flag: &str, text: &str, reason: &str) -> JobError {
    JobError::Usage { message: format!("{flag} `{text}`: {reason}"), hint: None }
}

fn column_place(flag: &str, text: &str) -> Result<(CollectionName, ColumnName), JobError> {
    let (collection, column) = text.split_once('.').ok_or_else(|| usage(flag, text, "write COLLECTION.COLUMN"))?;
    let collection = collection.parse().map_err(|error: crate::identity::NameError| usage(flag, text, &error.to_string()))?;
    let column = ColumnName::new(column).map_err(|error| usage(flag, text, &error.to_string()))?;
    Ok((collection, column))
}

fn print_schema(file: ConfigFile, markdown: bool) -> Result<(), JobError> {
    if markdown {
        return print(config::markdown().trim_end());
    }
    print_json(&config::json_schema(file))
}

fn manual(folder: &Path) -> Result<(), JobError> {
    let failed = |source| JobError::Output { what: format!("the manual into `{}`", folder.display()), source };
    std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder)).map_err(failed)
}

fn print_json(value: &impl Serialize) -> Result<(), JobError> {
    print(&serde_json::to_string_pretty(value).map_err(|error| JobError::Bug(error.to_string()))?)
}

fn print(text: &str) -> Result<(), JobError> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(JobError::Output { what: "the result".into(), source: error })
        }
        _ => Ok(()),
    }
}
