//! Runs of jobs: what all of them share on the command line.

use std::io::{self, IsTerminal};

use crate::jobs::{Environment, JobError, Services};
use crate::report::{Bars, ExitCode, NoProgress, Progress, RunReport, closing_table, shown};
use crate::stop::Stop;
use crate::telemetry;
use crate::telemetry::otlp::{self, Otlp};

use super::environment::env;
use super::logging::LogFormat;
use super::output::tell_person;

/// Runs a job, and tells how that ended.
pub(super) fn run_job(
    job: &str,
    environment: Environment,
    format: LogFormat,
    otlp: Option<&Otlp>,
    work: impl FnOnce(&Services, &dyn Progress) -> Result<RunReport, JobError>,
) -> Result<ExitCode, JobError> {
    let mut services = Services::open_to_run(environment, job)?;
    services.environment.stop = Stop::on_signals()
        .map_err(|error| JobError::Machine { message: format!("failed to handle signals: {error}"), hint: "run again".into() })?;
    let progress: Box<dyn Progress> = match format {
        LogFormat::Human if io::stderr().is_terminal() => Box::new(Bars::default()),
        _ => Box::new(NoProgress),
    };
    let report = work(&services, &*progress)?;
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

/// Enters the span of a job's run, which goes on with the trace of the process that started it.
pub(super) fn run_span(job: &str) -> tracing::span::EnteredSpan {
    let span = tracing::info_span!("run", otel.name = format!("adg {job}"), module = job);
    otlp::continue_trace(&span, &env);
    span.entered()
}
