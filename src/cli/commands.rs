//! Commands: each runs a job and prints its result.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use clap::CommandFactory;
use serde::Serialize;

use crate::config::{self, ConfigFile};
use crate::identity::ErrorKind;
use crate::jobs::{
    self, DoctorRequest, Environment, ImportRequest, InitRequest, JobError, RepairRequest, RetypeRequest, Retyped, Services,
    SniffRequest,
};
use crate::report::{
    Bars, ExitCode, NoProgress, Progress, Repair, Undoing, Verified, closing_table, history_table, is_harmful, page_html,
    plan_table, repaired_table, shown, undone_table, verified_table,
};
use crate::stop::Stop;
use crate::telemetry;
use crate::telemetry::otlp::{self, Otlp};

use super::args::{Cli, Command, EnvironmentArgs, HistoryArgs, RepairArgs, ReportArgs, RunArgs, UndoArgs};
use super::environment::{config_file, env};
use super::logging::LogFormat;
use super::making_args::{ImportArgs, SniffArgs};
use super::requests::{generate_request, history_request, ingest_request, module_name, next_commands, past_scope};

/// Number of dates that `adg history` shows where none are requested; `REPORTED_DAYS` is that of a page.
const TOLD_DAYS: u32 = 31;
const REPORTED_DAYS: u32 = 62;

/// Runs the command of a command line.
pub(super) fn run(cli: Cli, format: LogFormat, otlp: Option<&Otlp>) -> Result<ExitCode, JobError> {
    let Some(command) = cli.command else { return run_module(&cli.run, &cli.environment, format, otlp) };
    let services = || services(&cli.environment);
    match command {
        Command::Query { sql, format, output } => jobs::query(&services()?, &sql, format, output.as_deref())?,
        Command::Plan { run, out } => return plan(&run, &cli.environment, out.as_deref()),
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
    let span = tracing::info_span!("run", otel.name = format!("adg {}", request.scope.job), module = request.scope.job);
    otlp::continue_trace(&span, &env);
    let _span = span.entered();
    let mut services = Services::open_to_run(self::environment(environment)?, &request.scope.job)?;
    services.environment.stop = Stop::on_signals()
        .map_err(|error| JobError::Machine { message: format!("failed to handle signals: {error}"), hint: "run again".into() })?;
    let progress: Box<dyn Progress> = match format {
        LogFormat::Human if io::stderr().is_terminal() => Box::new(Bars::default()),
        _ => Box::new(NoProgress),
    };
    let report = jobs::ingest(&services, &request, &*progress)?;
    if let Some(otlp) = otlp {
        otlp.measure(&telemetry::measures(&report));
    }
    let code = report.exit_code();
    match format {
        LogFormat::Human => tell_person(&shown(&closing_table(&report))),
        LogFormat::Json => tracing::info!(
            event = "run_done", run_id = %report.run_id, module = %report.module, profile = report.profile,
            dates = report.days.len(), exit_code = code.number(), rerun = report.rerun.join("; "), "the run is done"
        ),
    }
    Ok(code)
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
    let json = serde_json::to_string_pretty(value).map_err(|error| JobError::Bug(error.to_string()))?;
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        // In texts only: JSON itself has no such character but line ends.
        if c != '\n' && is_harmful(c) { escaped += &format!("\\u{:04x}", u32::from(c)) } else { escaped.push(c) }
    }
    print_bytes(format!("{escaped}\n").as_bytes())
}

/// Prints a text to standard output, without characters on which a terminal would act: it contains names of a source and messages
/// of services.
fn print(text: &str) -> Result<(), JobError> {
    print_bytes(format!("{}\n", shown(text)).as_bytes())
}

/// Writes bytes to standard output. A pipe that its reader has closed is no failure.
fn print_bytes(bytes: &[u8]) -> Result<(), JobError> {
    match io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(JobError::Output { what: "the result".into(), source: error })
        }
        _ => Ok(()),
    }
}

/// Prints a message for a person to standard error. If that fails, as on a full disk, the exit code says how the command ended.
pub(super) fn tell_person(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
