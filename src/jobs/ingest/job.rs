//! Ingest job: loads the due dates of a module one after the other, and reports the end.

use jiff::{SignedDuration, Timestamp};

use crate::catchup::WindowRules;
use crate::config::Module;
use crate::identity::{Causes, Explain};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::run_reports::write_report;
use crate::jobs::run::spans::staged;
use crate::jobs::run::{JobError, Services, rerun, tell};
use crate::report::{Difference, LateFiles, Progress, RunReport, Stage, Stages};
use crate::sink::TableSink;
use crate::telemetry::lineage::Lineage;

use super::context::Context;
use super::dates::{DATES, Done, do_all};
use super::lineage::RunLineage;
use super::module::{Collection, collections};
use super::request::IngestRequest;
use super::run::{Run, log_sweep};
use super::schedule::Schedule;
use super::slices::{dates_to_list, in_slices, source_keys};
use super::summary::KeptSummary;
use super::test_flag::refuse_test_flag;
use super::{clean_up, differences, late, plan};

/// Runs a module and sends notifications of how that ended. An error means that no date could be tried; failures of single dates
/// are in the report.
///
/// # Errors
/// The request or the module is invalid; the lease is held or was lost; the ledger, the metastore or a store fails; the plan is
/// stale; clean-up would lose what the source can't rebuild.
pub fn ingest(services: &Services, request: &IngestRequest, progress: &dyn Progress) -> Result<RunReport, JobError> {
    let done = all_dates(services, request, progress);
    if let Some(Err(error)) = services.lineage.as_ref().map(Lineage::end) {
        tracing::warn!(
            event = "lineage_not_sent", formerly = "lineage_not_told", error = %Causes(&error),
            "could not send lineage events"
        );
    }
    let mut report =
        done.inspect_err(|error| drop(tell::tell_failure(&services.environment, &services.channels, &request.scope.job, error)))?;
    write_report(&services.environment, &report)?;
    tell::tell(&services.environment, &services.channels, &mut report);
    if !report.notified.is_empty() {
        write_report(&services.environment, &report)?;
    }
    Ok(report)
}

/// Runs all dates, with the lease held.
fn all_dates(services: &Services, request: &IngestRequest, progress: &dyn Progress) -> Result<RunReport, JobError> {
    let started = services.environment.clock.now();
    if request.options.e2e_test {
        let config = &services.environment.config;
        refuse_test_flag(&config.profile_name, config.profile.protected)?;
    }
    let module = services.environment.module(&request.scope.job, request.scope.load)?;
    let collections = collections(&module, &request.scope.collections)?;
    let request = &IngestRequest { scope: in_slices(&module, &request.scope)?, ..request.clone() };
    let lease = KeptLease::take(&services.ledger, &services.environment.clock, &module.module, request.scope.shard)?;
    let lineage = RunLineage::begin(services, &module.module, lease.run_id());
    let leased = Leased { services, request, progress, module: &module, lease: &lease, lineage: lineage.as_ref(), started };
    let done = leased.all_dates(&collections);
    lineage.inspect(|lineage| lineage.end(&done));
    done
}

/// A run that has its lease.
struct Leased<'l> {
    services: &'l Services,
    request: &'l IngestRequest,
    progress: &'l dyn Progress,
    module: &'l Module,
    lease: &'l KeptLease,
    lineage: Option<&'l RunLineage<'l>>,
    started: Timestamp,
}

impl Leased<'_> {
    fn all_dates(&self, collections: &[Collection]) -> Result<RunReport, JobError> {
        let Self { services, request, progress, module, lease, lineage, started } = *self;
        let id = lease.run_id();
        let summary = KeptSummary::take_over(&*services.ledger, lease, module)?;
        let context = Context::new(services, module, &request.options, started, id)?;
        let mut stages = Stages::new();
        let dates = dates_to_list(module, request.scope.dates, summary.first, context.today);
        let keys = staged(&mut stages, Stage::List, || {
            source_keys(module, collections, &context.source, &services.environment.zone, dates)
        })?;
        let scratch = services.environment.scratch(&id)?;
        let run = Run {
            context: &context,
            id,
            rules: WindowRules { start: summary.first, retention_days: module.catchup.retention_days },
            lease,
            summary,
            scratch: &scratch,
            progress,
            lineage,
            takes_incomplete: request.options.incomplete,
        };
        if let Some(plan) = &request.options.plan {
            plan::must_hold(plan, &plan::of(&context, collections, &keys, request, started)?)?;
        }
        if request.options.clean_up {
            staged(&mut stages, Stage::CleanUp, || clean_up::clean_up(&run, collections, &keys, request))?;
        }
        run.summary.read_history()?;
        let late = late::of(&*services.ledger, module, &keys, |name| run.summary.days(name));
        let (again, mut late) = late::divided(module, request, late);
        let schedule = Schedule {
            today: context.today,
            rules: run.rules,
            requested: request.scope.dates,
            shard: request.scope.shard,
            keys: &keys,
            late: &again,
            takes_incomplete: request.options.incomplete,
        };
        let due = schedule.due(collections, |name| run.summary.days(name))?;
        late.retain(|late| !due.get(&late.date).is_some_and(|names| names.contains(&late.collection)));
        let done = do_all(&run, collections, due, keys);
        Ok(self.end(&run, collections, done, late, stages))
    }

    /// Sweeps expired files, looks for changes of others, and returns the report of the run.
    fn end(&self, run: &Run<'_>, collections: &[Collection], done: Done, late: Vec<LateFiles>, mut stages: Stages) -> RunReport {
        let Self { services, request, module, started, .. } = *self;
        let Done { days, ended_by, not_reached } = done;
        if let Some(error) = &ended_by {
            tracing::error!(
                event = "run_ended_early", exit_code = error.kind().number(), error = %Causes(&error),
                hint = error.hint().unwrap_or_default(), "the run ended early"
            );
        }
        let is_stopped = services.environment.stop.is_requested();
        if !is_stopped {
            staged(&mut stages, Stage::Sweep, || sweep(run, collections, request));
        }
        let differences = if ended_by.is_some() || is_stopped {
            Vec::new()
        } else {
            staged(&mut stages, Stage::Compare, || differences(run, collections, request))
        };
        let rerun_late = late::commands(&*request.commands, &late, module.collections.len());
        late::log(&late, &rerun_late);
        let has_published = days.iter().any(|day| day.location.is_some());
        let mut again = rerun::failed(&days);
        for (date, names) in not_reached {
            again.entry(date).or_default().extend(names);
        }
        let (profile, ended) = (services.environment.config.profile_name.clone(), services.environment.clock.now());
        RunReport {
            rerun: rerun::commands(&*request.commands, again, module.collections.len()),
            ended_by: ended_by.map(|error| error.failure()),
            days,
            undo: has_published.then(|| request.commands.undo(run.id)),
            repair: differences.iter().any(Difference::can_be_mended).then(|| request.commands.repair()),
            differences,
            rerun_late,
            late,
            stages,
            ..RunReport::begin(run.id, module.module.clone(), profile, started, ended)
        }
    }
}

/// Finds what others changed in what the module published, and logs it.
fn differences(run: &Run<'_>, collections: &[Collection], request: &IngestRequest) -> Vec<Difference> {
    let found = differences::of(run.context, collections, request.scope.shard, |name| run.summary.days(name));
    for difference in &found {
        let (table, found) = (&difference.table, difference.sentences().join("; "));
        tracing::warn!(
            target: DATES, event = "external_change_found", formerly = "changed_by_others", table, found,
            repair = request.commands.repair(),
            "another tool changed the table"
        );
    }
    found
}

/// Deletes files that earlier reruns replaced, once their retention is over. A failure is left to the next run.
fn sweep(run: &Run<'_>, collections: &[Collection], request: &IngestRequest) {
    if request.options.clean_up {
        clean_up::sweep(run, collections);
    }
    let retention = SignedDuration::from_hours(run.context.module.target.sweep_after_hours.into());
    for collection in collections {
        for layout in collection.layouts.all() {
            log_sweep(collection, run.sink(collection, layout).expire(retention));
        }
    }
}
