//! Commands: each runs a job and prints its result.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::config::{self, ConfigFile};
use crate::identity::ErrorKind;
use crate::jobs::{
    self, DoctorRequest, Environment, ImportRequest, InitRequest, JobError, QueryRequest, RepairRequest, RetypeRequest, Retyped,
    Services, SniffRequest,
};
use crate::report::{
    ExitCode, Repair, Undoing, Verified, history_table, page_html, plan_table, repaired_table, shown, undone_table,
    verified_table,
};
use crate::telemetry::otlp::Otlp;
use clap::CommandFactory;

use super::args::{Cli, Command, EnvironmentArgs, HistoryArgs, RepairArgs, ReportArgs, RunArgs, UndoArgs};
use super::environment::config_file;
use super::logging::LogFormat;
use super::making_args::{ImportArgs, SniffArgs};
use super::memory::memory as memory_limit;
use super::output::{print, print_bytes, print_json};
use super::pipeline_args::PipelineCommand;
use super::requests::{
    generate_request, history_request, ingest_request, module_name, next_commands, past_scope, pipeline_request,
};
use super::running::{run_job, run_span};

/// Number of dates that `adg history` shows where none are requested; `REPORTED_DAYS` is that of a page.
const TOLD_DAYS: u32 = 31;
const REPORTED_DAYS: u32 = 62;

/// Runs the command of a command line.
pub(super) fn run(cli: Cli, format: LogFormat, otlp: Option<&Otlp>) -> Result<ExitCode, JobError> {
    let Some(command) = cli.command else { return run_module(&cli.run, &cli.environment, format, otlp) };
    let services = || services(&cli.environment);
    match command {
        Command::Query { sql, format, output, memory } => {
            let request = QueryRequest { sql, format, output, memory: memory_limit(&memory)? };
            jobs::query(&services()?, &request)?;
        }
        Command::Plan { run, out } => return plan(&run, &cli.environment, out.as_deref()),
        Command::Pipeline(command) => return pipeline(&command, &cli.environment, format, otlp),
        Command::History(args) => history(&args, &cli.environment)?,
        Command::Verify { run, json } => return verify(&run, &cli.environment, json),
        Command::Report(args) => report(&args, &cli.environment)?,
        Command::Import(args) => import(&args, &cli.environment)?,
        Command::Undo(args) => return undo(&args, &cli.environment),
        Command::Repair(args) => return repair(&args, &cli.environment),
        Command::Retype { table, column, ty, load_type } => {
            retype(&RetypeRequest { table, column, ty, load: load_type }, &cli.environment)?;
        }
        Command::Tables => print(&jobs::tables(&services()?)?)?,
        Command::Describe { table } => print(&jobs::describe(&services()?, &table)?)?,
        Command::Schema { file, markdown } => print_schema(file, markdown)?,
        Command::Doctor { module, load_type, read_only } => {
            let module = module.as_deref().map(module_name);
            let commands = next_commands(module.as_deref().unwrap_or_default(), load_type, &cli.environment);
            let request = DoctorRequest { module, load: load_type, read_only, commands };
            return doctor(&cli.environment, &request);
        }
        Command::Sniff(SniffArgs { file, store, module }) => {
            let request = SniffRequest { file, store, module };
            print(jobs::sniff(&request, || environment(&cli.environment))?.trim_end())?;
        }
        Command::Init { source } => init(source, &cli.environment)?,
        Command::GenerateTestData(args) => {
            print(&jobs::generate(&environment(&cli.environment)?, &generate_request(&args)?)?.join("\n"))?;
        }
        Command::Man { folder } => manual(&folder)?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "adg", &mut script);
            print_bytes(&script)?;
        }
    }
    Ok(ExitCode::Done)
}

fn environment(args: &EnvironmentArgs) -> Result<Environment, JobError> {
    let (file, profile) = config_file(args);
    Environment::load(&file, profile.as_deref())
}

fn services(args: &EnvironmentArgs) -> Result<Services, JobError> {
    Services::open(environment(args)?)
}

/// Prints the plan of a run, and writes it to `out` if given. Ends with [`ErrorKind::Partial`] if others changed published data.
fn plan(args: &RunArgs, environment: &EnvironmentArgs, out: Option<&Path>) -> Result<ExitCode, JobError> {
    let request = ingest_request(args, environment)?;
    let plan = jobs::plan(&services(environment)?, &request)?;
    if let Some(out) = out {
        jobs::write_plan(&plan, out)?;
    }
    print(&plan_table(&plan))?;
    Ok(if plan.changed_by_others.is_empty() { ExitCode::Done } else { ErrorKind::Partial.into() })
}

/// Prints the finding of each step as soon as it is known.
fn doctor(args: &EnvironmentArgs, request: &DoctorRequest) -> Result<ExitCode, JobError> {
    let mut printed = Ok(());
    let diagnosis = jobs::doctor(environment(args), request, &mut |finding| {
        if printed.is_ok() {
            printed = print(&finding.to_string());
        }
    });
    printed?;
    print(&diagnosis.to_string())?;
    Ok(diagnosis.exit_code())
}

/// Prints whether published data still matches its record.
fn verify(args: &RunArgs, environment: &EnvironmentArgs, json: bool) -> Result<ExitCode, JobError> {
    let request = ingest_request(args, environment)?;
    let verified = jobs::verify(&services(environment)?, &request.scope, &request.options)?;
    if json {
        print_json(&verified)?;
    } else {
        print(&verified_table(&verified))?;
    }
    Ok(if verified.iter().any(Verified::differs) { ErrorKind::Partial.into() } else { ExitCode::Done })
}

/// Rolls back a run, and prints the data that readers see now.
fn undo(args: &UndoArgs, environment: &EnvironmentArgs) -> Result<ExitCode, JobError> {
    let undone = jobs::undo(&services(environment)?, &past_scope(&args.module, &args.past), args.run)?;
    print(&undone_table(&undone))?;
    let is_done = undone.iter().all(|one| !matches!(one.outcome, Undoing::Kept(_)));
    Ok(if is_done { ExitCode::Done } else { ErrorKind::Partial.into() })
}

/// Repairs published data that others changed, and prints the outcome.
fn repair(args: &RepairArgs, environment: &EnvironmentArgs) -> Result<ExitCode, JobError> {
    let commands = next_commands(&args.module, args.past.load_type, environment);
    let request = RepairRequest { scope: past_scope(&args.module, &args.past), accept: args.accept, commands };
    let (repaired, rerun) = jobs::repair(&services(environment)?, &request)?;
    if args.json {
        print_json(&repaired)?;
    } else {
        print(&repaired_table(&repaired, &rerun))?;
    }
    let is_done = repaired.iter().all(|one| !matches!(one.outcome, Repair::Left(_)));
    Ok(if is_done { ExitCode::Done } else { ErrorKind::Partial.into() })
}

/// Writes a module file, or prints it. An existing file is never overwritten.
fn import(args: &ImportArgs, environment: &EnvironmentArgs) -> Result<(), JobError> {
    let ImportArgs { from_table, module, store, files, spark_option, out } = args;
    let (tables, store, files) = (from_table.clone(), store.clone(), files.clone());
    let request = ImportRequest { tables, module: module.clone(), store, files, spark_options: spark_option.clone() };
    let yaml = jobs::import(&services(environment)?, &request)?;
    let Some(file) = out else { return print(yaml.trim_end()) };
    let written = File::create_new(file).and_then(|mut file| file.write_all(yaml.as_bytes()));
    written.map_err(|source| JobError::Output { what: format!("the module `{}`", file.display()), source })
}

/// Changes the type of a column, and prints what was rewritten.
fn retype(request: &RetypeRequest, environment: &EnvironmentArgs) -> Result<(), JobError> {
    let Retyped { table, from, to, rewritten } = jobs::retype(&services(environment)?, request)?;
    let dates = match rewritten.as_slice() {
        [] => "no files were rewritten".to_owned(),
        [one] => format!("the files of {one} were rewritten"),
        [first, .., last] => format!("the files of {} dates from {first} to {last} were rewritten", rewritten.len()),
    };
    print(&format!("`{}` of {table} is {to} now, and was {from}; {dates}", request.column))
}

/// Begins a workspace, and prints what was written and what comes next.
fn init(source: String, environment: &EnvironmentArgs) -> Result<(), JobError> {
    let request = InitRequest { source, config: config_file(environment).0 };
    let written = jobs::init(&request)?;
    let files = written.files.iter().map(|file| format!("wrote {}", file.display()));
    let doubts = written.doubts.iter().map(|doubt| format!("check {doubt}"));
    let next = written.modules.iter().map(|module| format!("next: adg plan --module {module}"));
    print(&files.chain(doubts).chain(next).collect::<Vec<_>>().join("\n"))
}

/// Writes the history of modules' dates as an HTML page.
fn report(args: &ReportArgs, environment: &EnvironmentArgs) -> Result<(), JobError> {
    let request = |module: &String| history_request(module, &args.past, REPORTED_DAYS, environment);
    let requests: Vec<_> = args.module.iter().map(request).collect();
    let page = jobs::report(&services(environment)?, &requests)?;
    let html = shown(&page_html(&page).map_err(|error| JobError::Bug(error.to_string()))?);
    match &args.out {
        Some(file) => std::fs::write(file, html)
            .map_err(|source| JobError::Output { what: format!("the page `{}`", file.display()), source }),
        None => print(&html),
    }
}

/// Prints the history of a module's dates.
fn history(args: &HistoryArgs, environment: &EnvironmentArgs) -> Result<(), JobError> {
    let request = history_request(&args.module, &args.past, TOLD_DAYS, environment);
    let history = jobs::history(&services(environment)?, &request)?;
    if args.json { print_json(&history) } else { print(&history_table(&history)) }
}

fn run_module(
    args: &RunArgs,
    environment: &EnvironmentArgs,
    format: LogFormat,
    otlp: Option<&Otlp>,
) -> Result<ExitCode, JobError> {
    let request = ingest_request(args, environment)?;
    let _span = run_span(&request.scope.job);
    run_job(&request.scope.job, self::environment(environment)?, format, otlp, |services, progress| {
        jobs::ingest(services, &request, progress)
    })
}

fn pipeline(
    command: &PipelineCommand,
    environment: &EnvironmentArgs,
    format: LogFormat,
    otlp: Option<&Otlp>,
) -> Result<ExitCode, JobError> {
    match command {
        PipelineCommand::Plan(args) => {
            print(&jobs::plan_pipeline(&services(environment)?, &pipeline_request(args, environment)?)?)?;
            Ok(ExitCode::Done)
        }
        PipelineCommand::Graph { name } => {
            print(&jobs::pipeline_diagram(&self::environment(environment)?, &module_name(name))?)?;
            Ok(ExitCode::Done)
        }
        PipelineCommand::Undo { name, run } => {
            let undone = jobs::undo_pipeline(&services(environment)?, &module_name(name), *run)?;
            print(&undone.to_text())?;
            Ok(if undone.is_whole() { ExitCode::Done } else { ErrorKind::Partial.into() })
        }
        PipelineCommand::History { name, last, json } => {
            let history = jobs::pipeline_history(&services(environment)?, &module_name(name), (*last).into())?;
            (if *json { print_json(&history) } else { print(&history.to_text()) })?;
            Ok(ExitCode::Done)
        }
        PipelineCommand::Run(args) => {
            let request = pipeline_request(args, environment)?;
            let _span = run_span(&request.pipeline);
            run_job(&request.pipeline, self::environment(environment)?, format, otlp, |services, progress| {
                jobs::pipeline(services, &request, progress)
            })
        }
    }
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
