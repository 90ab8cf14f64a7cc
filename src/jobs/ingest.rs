//! A module over its dates: which are to do, each done, and what happened told.

use std::path::Path;

use bytesize::ByteSize;
use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Attempt, Requested, Shard, WindowRules};
use crate::config::{self, EngineName, Module, SparkRemote};
use crate::identity::{Causes, CollectionName, Explain, LoadType, RunId};
use crate::lake::{Destination, LakeError, TableLayout};
use crate::report::{Difference, LateFiles, Plan, Progress, RunReport, Stage, Stages};
use crate::store::Scratch;
use crate::telemetry::lineage::Lineage;

use super::clean_up;
use super::dates::{DATES, Done, do_all};
use super::lease::KeptLease;
use super::lineage::RunLineage;
use super::module::{Collection, collections, dates_to_list, source_keys};
use super::rerun;
use super::run_reports::write_report;
use super::setup::Setup;
use super::staged::staged;
use super::summary::KeptSummary;
use super::todo::Known;
use super::{JobError, Services, differences, late, plan, tell};

/// What was asked for.
#[derive(Debug, Clone)]
pub struct IngestRequest {
    /// The module's name.
    pub module: String,
    /// Which of its loads.
    pub load: LoadType,
    /// Dates asked for by name.
    pub dates: Requested,
    /// Only these of the dates, whether asked for by name or not; other processes do the others.
    pub shard: Option<Shard>,
    /// Only these collections; all where it is empty.
    pub collections: Vec<CollectionName>,
    /// Whether to build anew what was published.
    pub clean_up: bool,
    /// Whether clean-up may lose what the source can't rebuild.
    pub force_clean_up: bool,
    /// Whether dates are done whose files are not all there.
    pub incomplete: bool,
    /// Whether to read the test folder of the published store.
    pub e2e_test: bool,
    /// What the run may hold in memory.
    pub memory: ByteSize,
    /// Who reads files and writes rows; the profile says it otherwise.
    pub engine: Option<EngineName>,
    /// Where Spark is; the profile says it otherwise.
    pub spark_remote: Option<SparkRemote>,
    /// The plan that is to be done, and nothing else.
    pub plan: Option<Plan>,
    /// The words that run the module, to print what to type next.
    pub command: Vec<String>,
    /// What else was given, without dates and collections.
    pub flags: Vec<String>,
}

/// What every date of a run needs.
pub(super) struct Run<'a> {
    pub(super) setup: &'a Setup<'a>,
    pub(super) id: RunId,
    pub(super) rules: WindowRules,
    pub(super) lease: &'a KeptLease,
    pub(super) summary: KeptSummary<'a>,
    pub(super) scratch: &'a Scratch,
    pub(super) progress: &'a dyn Progress,
    pub(super) lineage: Option<&'a RunLineage<'a>>,
    /// Whether dates are done whose files are not all there.
    pub(super) takes_incomplete: bool,
}

impl Run<'_> {
    /// Writes an attempt into the ledger.
    pub(super) fn record(&self, attempt: &Attempt) -> Result<(), JobError> {
        Ok(self.setup.services.ledger.record(self.lease.lease(), attempt)?)
    }

    /// Says what became of a sweep.
    pub(super) fn swept(&self, collection: &Collection, swept: Result<usize, LakeError>) {
        match swept {
            Ok(0) => {}
            Ok(folders) => tracing::info!(event = "swept", table = %collection.table, folders),
            Err(error) => tracing::warn!(event = "not_swept", table = %collection.table, error = %Causes(&error)),
        }
    }

    /// A collection's table, in that folder.
    pub(super) fn destination<'d>(&'d self, collection: &'d Collection, layout: &'d TableLayout) -> Destination<'d> {
        Destination {
            at: self.setup.place(collection, layout),
            ledger: &*self.setup.services.ledger,
            lease: self.lease.lease(),
            run: self.id,
            pii: self.setup.module.target.pii || !collection.personal.is_empty(),
        }
    }
}

/// Runs a module and tells people how that ended. An error is one for which no date could be tried; what failed on single dates
/// is in the report.
pub fn ingest(services: &Services, request: &IngestRequest, progress: &dyn Progress) -> Result<RunReport, JobError> {
    let done = all_dates(services, request, progress);
    if let Some(Err(error)) = services.lineage.as_ref().map(Lineage::end) {
        tracing::warn!(event = "lineage_not_told", error = %Causes(&error));
    }
    let mut report = done.inspect_err(|error| tell::tell_failure(&services.environment, &services.channels, request, error))?;
    write_report(&services.environment, &report)?;
    tell::tell(&services.environment, &services.channels, &mut report);
    if !report.notified.is_empty() {
        write_report(&services.environment, &report)?;
    }
    Ok(report)
}

/// The run itself, with the lease held.
fn all_dates(services: &Services, request: &IngestRequest, progress: &dyn Progress) -> Result<RunReport, JobError> {
    let started = services.environment.clock.now();
    if request.e2e_test {
        let config = &services.environment.config;
        refuse_test_flag(&config.profile_name, config.profile.protected)?;
    }
    let module = services.environment.module(&request.module, request.load)?;
    let collections = collections(&module, &request.collections)?;
    let lease = KeptLease::take(&services.ledger, &services.environment.clock, &module.module, request.shard)?;
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
        let setup = Setup::new(services, module, request, started, id)?;
        let mut stages = Stages::new();
        let dates = dates_to_list(module, request.dates, summary.first, setup.today);
        let keys = staged(&mut stages, Stage::List, || source_keys(module, collections, &setup.source, dates))?;
        let scratch = services.environment.scratch(&id)?;
        let run = Run {
            setup: &setup,
            id,
            rules: WindowRules { start: summary.first, retention_days: module.catchup.retention_days },
            lease,
            summary,
            scratch: &scratch,
            progress,
            lineage,
            takes_incomplete: request.incomplete,
        };
        if let Some(plan) = &request.plan {
            plan::must_hold(plan, &plan::of(&setup, collections, &keys, request, started)?)?;
        }
        if request.clean_up {
            staged(&mut stages, Stage::CleanUp, || clean_up::clean_up(&run, collections, &keys, request))?;
        }
        run.summary.read_history()?;
        let late = late::of(&*services.ledger, module, &keys, |name| run.summary.days(name));
        let (again, mut late) = late::divided(module, request, late);
        let known = Known {
            today: setup.today,
            rules: run.rules,
            requested: request.dates,
            shard: request.shard,
            keys: &keys,
            late: &again,
            takes_incomplete: request.incomplete,
        };
        let todo = known.to_do(collections, |name| run.summary.days(name))?;
        late.retain(|late| !todo.get(&late.date).is_some_and(|names| names.contains(&late.collection)));
        let done = do_all(&run, collections, todo, keys);
        Ok(self.end(&run, collections, done, late, stages))
    }

    /// Sweeps, looks at what others changed, and says all that happened.
    fn end(&self, run: &Run<'_>, collections: &[Collection], done: Done, late: Vec<LateFiles>, mut stages: Stages) -> RunReport {
        let Self { services, request, module, started, .. } = *self;
        let Done { days, ended_by, not_reached } = done;
        if let Some(error) = &ended_by {
            tracing::error!(event = "run_ended_early", exit_code = error.kind().number(), error = %Causes(&error), hint = error.hint().unwrap_or_default());
        }
        let is_stopped = services.environment.stop.is_told();
        if !is_stopped {
            staged(&mut stages, Stage::Sweep, || sweep(run, collections, request));
        }
        let differences = match ended_by.is_some() || is_stopped {
            true => Vec::new(),
            false => staged(&mut stages, Stage::Compare, || differences(run, collections, request)),
        };
        let base = [&*request.command, &*request.flags].concat();
        let rerun_late = late::commands(&base, &late, module.collections.len());
        late::log(&late, &rerun_late);
        let has_published = days.iter().any(|day| day.location.is_some());
        let mut again = rerun::failed(&days);
        not_reached.into_iter().for_each(|(date, names)| again.entry(date).or_default().extend(names));
        RunReport {
            run_id: run.id,
            module: module.module.clone(),
            profile: services.environment.config.profile_name.clone(),
            started,
            ended: services.environment.clock.now(),
            rerun: rerun::commands(&base, again, module.collections.len()),
            ended_by: ended_by.map(|error| error.failure()),
            days,
            undo: has_published.then(|| rerun::undo(&request.command, run.id)),
            repair: differences.iter().any(Difference::can_be_mended).then(|| rerun::repair(&request.command)),
            differences,
            rerun_late,
            late,
            notified: Vec::new(),
            stages,
        }
    }
}

/// Promise 12: refuses the test flag before anything but the file of environments is read, so before [`Environment::load`],
/// which reads secrets.
///
/// [`Environment::load`]: super::Environment::load
pub fn refuse_test_flag_where_protected(file: &Path, profile: Option<&str>) -> Result<(), JobError> {
    let (name, is_protected) = config::is_protected(file, profile)?;
    refuse_test_flag(&name, is_protected)
}

pub(super) fn refuse_test_flag(profile: &str, is_protected: bool) -> Result<(), JobError> {
    if is_protected {
        return Err(JobError::Usage {
            message: format!("the test flag is refused: the profile `{profile}` is protected"),
            hint: Some("leave E2E_TEST_FLG out, or choose another profile".into()),
        });
    }
    Ok(())
}

/// Finds what others changed of what the module published, and logs it.
fn differences(run: &Run<'_>, collections: &[Collection], request: &IngestRequest) -> Vec<Difference> {
    let found = differences::of(run.setup, collections, request.shard, |name| run.summary.days(name));
    for difference in &found {
        let (table, found) = (&difference.table, difference.sentences().join("; "));
        tracing::warn!(target: DATES, event = "changed_by_others", table, found, repair = rerun::repair(&request.command));
    }
    found
}

/// Removes what earlier reruns replaced, once its grace is over. What fails is left to the next run.
fn sweep(run: &Run<'_>, collections: &[Collection], request: &IngestRequest) {
    if request.clean_up {
        clean_up::sweep(run, collections);
    }
    let grace = SignedDuration::from_hours(run.setup.module.target.sweep_after_hours.into());
    for collection in collections {
        for layout in collection.layouts.all() {
            let now = run.setup.services.environment.clock.now();
            run.swept(collection, run.destination(collection, layout).sweep_replaced(grace, now));
        }
    }
}
