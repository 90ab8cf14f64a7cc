//! Pipeline job: reads the sources in one state of each database, computes and checks, publishes the tables, and reports the end.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::Pipeline;
use crate::identity::{ProcessingDate, SliceLength};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::run_reports::write_report;
use crate::jobs::run::{Budget, JobError, Services, tell};
use crate::report::{DayReport, Failure, Outcome, Progress, RunReport};

use super::checked::Checked;
use super::connection::warn_of_weak;
use super::engines::Engines;
use super::prepared::Prepared;
use super::request::PipelineRequest;
use super::sink::{Publishing, SinkAttempt};
use super::sources::Databases;
use super::work::Work;

/// Most connections to a database at a time, beside the one that keeps its state.
const MOST_CONNECTIONS: usize = 4;
/// Folder for results of statements. No source and no statement has this name.
const RESULTS: &str = "_results";

/// Runs a pipeline and sends notifications of how that ended. An error means that no table could be tried; failures of single
/// tables are in the report.
///
/// # Errors
/// The request or the pipeline is invalid; the lease is held or was lost; the ledger or the metastore fails; a source can't be
/// looked at, or a statement is refused.
pub fn pipeline(services: &Services, request: &PipelineRequest, progress: &dyn Progress) -> Result<RunReport, JobError> {
    let done = run(services, request, progress);
    let mut report = done.inspect_err(|error| {
        if let Some(report) = tell::tell_failure(&services.environment, &services.channels, &request.pipeline, error) {
            // It is logged where it can't be written, and the error of the run is what ends it.
            let _ = write_report(&services.environment, &RunReport { rerun: vec![request.rerun.clone()], ..report });
        }
    })?;
    write_report(&services.environment, &report)?;
    tell::tell(&services.environment, &services.channels, &mut report);
    if !report.notified.is_empty() {
        write_report(&services.environment, &report)?;
    }
    Ok(report)
}

fn run(services: &Services, request: &PipelineRequest, progress: &dyn Progress) -> Result<RunReport, JobError> {
    let environment = &services.environment;
    let started = environment.clock.now();
    let settings = environment.pipeline(&request.pipeline)?;
    let checked = Checked::new(&settings)?;
    warn_of_weak(environment, &checked);
    let lease = KeptLease::take(&services.ledger, &environment.clock, &settings.pipeline, None)?;
    let scratch = environment.scratch(&lease.run_id())?;
    let results = scratch.folder(RESULTS)?;
    let engines = Engines::new(environment, &checked, request.memory, Some(results.path()))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let connections = cores.clamp(1, MOST_CONNECTIONS);
    let databases = Databases::open(environment, &checked, connections)?;
    let prepared = Prepared::new(services, &checked, &databases, &engines)?;
    let budget = Budget::new(request.memory, cores);
    let publishing = Publishing {
        services,
        job: &settings.pipeline,
        lease: &lease,
        today: ProcessingDate::latest(started, &environment.zone, SliceLength::Day),
        budget,
        sources: prepared.sources.iter().map(|source| source.place.clone()).collect(),
        notes: prepared.sources.iter().flat_map(|source| source.notes.clone()).collect(),
    };
    let attempts = prepared.targets.iter().map(|target| SinkAttempt::begin(&publishing, target));
    let attempts = attempts.collect::<Result<Vec<_>, JobError>>()?;
    let mut work = Work {
        environment,
        prepared: &prepared,
        engines: &engines,
        scratch: &scratch,
        progress,
        today: publishing.today,
        row_group_bytes: budget.row_group_bytes / (2 * connections),
        staged: BTreeMap::new(),
    };
    let days = match work.all(databases) {
        Ok(()) => publish_all(attempts, &work)?,
        Err(error) => {
            let failed = fail_all(attempts, &error.failure())?;
            if error.ends_the_run() {
                return Err(error);
            }
            failed
        }
    };
    Ok(report(services, request, &settings, &lease, started, days))
}

fn publish_all(attempts: Vec<SinkAttempt<'_>>, work: &Work<'_>) -> Result<Vec<DayReport>, JobError> {
    let mut days = Vec::new();
    let mut rest = attempts.into_iter();
    while let Some(attempt) = rest.next() {
        match attempt.publish(work) {
            Ok(day) => days.push(day),
            Err(error) => {
                if !error.is_of_a_lost_lease() {
                    fail_all(rest.collect(), &error.failure())?;
                }
                return Err(error);
            }
        }
    }
    Ok(days)
}

fn fail_all(attempts: Vec<SinkAttempt<'_>>, failure: &Failure) -> Result<Vec<DayReport>, JobError> {
    attempts.into_iter().map(|attempt| attempt.fail(failure)).collect()
}

fn report(
    services: &Services,
    request: &PipelineRequest,
    settings: &Pipeline,
    lease: &KeptLease,
    started: Timestamp,
    days: Vec<DayReport>,
) -> RunReport {
    let has_failed = days.iter().any(|day| day.outcome == Outcome::Failed);
    let environment = &services.environment;
    let (profile, ended) = (environment.config.profile_name.clone(), environment.clock.now());
    let begun = RunReport::begin(lease.run_id(), settings.pipeline.clone(), profile, started, ended);
    RunReport { days, rerun: has_failed.then(|| request.rerun.clone()).into_iter().collect(), ..begun }
}
