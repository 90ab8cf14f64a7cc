//! Plan of a run, without running it. Missing embedded ledgers and metastores are created, and a local folder for the tables;
//! nothing else is written.

use std::path::Path;

use jiff::Timestamp;

use crate::catchup::{DayHistory, Seen, SourceFile, Status};
use crate::identity::{Causes, ProcessingDate, RunId};
use crate::jobs::run::{JobError, Services};
use crate::lake::SOURCE_NAMES;
use crate::metastore::{Table, create_table_ddl};
use crate::report::{Asked, Difference, Effect, Outcome, Plan, PlannedCleanUp, PlannedDay, shortened};
use crate::schema::Evolution;
use crate::source::{DayKeys, Sample, SourceKey};

use super::clean_up::{date_of, not_rebuilt, published};
use super::context::Context;
use super::day::{notes, route, without_files};
use super::duplicates::distinct;
use super::incoming::{DayFiles, source_file};
use super::module::{Collection, collections};
use super::request::IngestRequest;
use super::schedule::Schedule;
use super::slices::{dates_to_list, in_slices, source_keys};
use super::summary::known_history;
use super::test_flag::refuse_test_flag;
use super::{complete, differences, late};

/// Writes a plan to a file as JSON.
///
/// # Errors
/// The file can't be written.
pub fn write_plan(plan: &Plan, file: &Path) -> Result<(), JobError> {
    let failed = |source| JobError::Output { what: format!("the plan `{}`", file.display()), source };
    let json = serde_json::to_string_pretty(plan).map_err(|error| failed(error.into()))?;
    std::fs::write(file, json + "\n").map_err(failed)
}

/// Reads a plan from a file.
///
/// # Errors
/// The file can't be read, or is not a plan that this version understands.
pub fn read_plan(file: &Path) -> Result<Plan, JobError> {
    let wrong = |reason: String| JobError::Usage {
        message: format!("the plan `{}` can't be read: {reason}", file.display()),
        hint: Some("make one with `adg plan --out FILE` and the run's arguments".into()),
    };
    let json = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let plan: Plan = serde_json::from_str(&json).map_err(|error| wrong(error.to_string()))?;
    if plan.version == 1 { Ok(plan) } else { Err(wrong(format!("its version is {}, and this adg reads 1", plan.version))) }
}

/// Refuses a plan that differs from `now`, the plan of the run that is set up.
pub(super) fn must_hold(plan: &Plan, now: &Plan) -> Result<(), JobError> {
    let differences = if plan.profile == now.profile {
        plan.differences(now)
    } else {
        vec![format!("it was made for the profile `{}`, not `{}`", plan.profile, now.profile)]
    };
    if differences.is_empty() { Ok(()) } else { Err(JobError::Planned { differences: differences.join("; ") }) }
}

/// Plans a run.
///
/// # Errors
/// The request or the module is invalid; a table is not the module's, or adg can't publish to it; the ledger, the metastore or
/// a store fails. Dates that would fail are in the plan.
pub fn plan(services: &Services, request: &IngestRequest) -> Result<Plan, JobError> {
    let now = services.environment.clock.now();
    let config = &services.environment.config;
    if request.options.e2e_test {
        refuse_test_flag(&config.profile_name, config.profile.protected)?;
    }
    let module = services.environment.module(&request.scope.job, request.scope.load)?;
    let collections = collections(&module, &request.scope.collections)?;
    let request = &IngestRequest { scope: in_slices(&module, &request.scope)?, ..request.clone() };
    let context = Context::new(services, &module, &request.options, now, RunId::new(now))?;
    let dates = dates_to_list(&module, request.scope.dates, None, context.today);
    let keys = source_keys(&module, &collections, &context.source, &services.environment.zone, dates)?;
    of(&context, &collections, &keys, request, now)
}

/// Returns the plan of a run that is set up.
pub(super) fn of(
    context: &Context<'_>,
    collections: &[Collection],
    keys: &DayKeys,
    request: &IngestRequest,
    now: Timestamp,
) -> Result<Plan, JobError> {
    let (rules, mut history) = known_history(context.ledger, context.module)?;
    let late = late::of(context.ledger, context.module, keys, |name| history.get(name).cloned().unwrap_or_default());
    let (again, mut late) = late::divided(context.module, request, late);
    let schedule = Schedule {
        today: context.today,
        rules,
        requested: request.scope.dates,
        shard: request.scope.shard,
        keys,
        late: &again,
        takes_incomplete: request.options.incomplete,
    };
    let mut clean_up = Vec::new();
    if request.options.clean_up {
        for collection in collections {
            clean_up.push(cleaned_up(context, &schedule, collection, history.entry(collection.name.clone()).or_default())?);
        }
    }
    let due = schedule.due(collections, |name| history.get(name).cloned().unwrap_or_default())?;
    let changed_by_others = differences::of(context, collections, request.scope.shard, |name| {
        let mut days = history.get(name).cloned().unwrap_or_default();
        days.retain(|date, _| !due.get(date).is_some_and(|names| names.contains(name)));
        days
    });
    late.retain(|late| !due.get(&late.date).is_some_and(|names| names.contains(&late.collection)));
    let mut days = Vec::new();
    for collection in collections {
        let dates = due.iter().filter(|(_, names)| names.contains(&collection.name)).map(|(date, _)| *date);
        let history = history.remove(&collection.name).unwrap_or_default();
        days.extend(Planned { context, schedule: &schedule, collection, history }.days(dates)?);
    }
    days.sort_by_key(|day| day.date);
    let asked = Asked {
        load: request.scope.load,
        start: request.scope.dates.start,
        end: request.scope.dates.end,
        shard: request.scope.shard,
        collections: request.scope.collections.clone(),
        clean_up: request.options.clean_up,
        force_clean_up: request.options.force_clean_up,
        incomplete: request.options.incomplete,
        e2e_test: request.options.e2e_test,
    };
    let profile = context.environment.config.profile_name.clone();
    let repair = changed_by_others.iter().any(Difference::can_be_mended).then(|| request.commands.repair());
    Ok(Plan {
        version: 1,
        module: context.module.module.clone(),
        profile,
        made: now,
        asked,
        clean_up,
        days,
        changed_by_others,
        rerun_late: late::commands(&*request.commands, &late, context.module.collections.len()),
        late,
        repair,
    })
}

/// Returns the effect of a clean-up on a table; `history` becomes what the ledger would say then.
fn cleaned_up(
    context: &Context<'_>,
    schedule: &Schedule<'_>,
    collection: &Collection,
    history: &mut DayHistory,
) -> Result<PlannedCleanUp, JobError> {
    let handle = context.handle(collection, context.layout(collection)?);
    let partitions = match handle.registered()? {
        Some(_) => handle.metastore.partitions(&collection.table)?,
        None => Vec::new(),
    };
    let published = published(collection.layouts.of(true), &partitions, history);
    let lost = not_rebuilt(schedule, collection, &published);
    for value in &published {
        let Some(date) = date_of(collection, value) else { continue };
        history.insert(date, if lost.contains(value) { Status::Lost } else { Status::CleanedUp });
    }
    let total = |parameter| partitions.iter().filter_map(|partition| partition.number(parameter)).sum();
    Ok(PlannedCleanUp {
        table: collection.table.to_string(),
        rows: total("numRows"),
        bytes: total("totalSize"),
        partitions: published.iter().map(ToString::to_string).collect(),
        lost: lost.iter().map(ToString::to_string).collect(),
    })
}

/// A collection that is planned.
struct Planned<'p> {
    context: &'p Context<'p>,
    schedule: &'p Schedule<'p>,
    collection: &'p Collection,
    history: DayHistory,
}

impl Planned<'_> {
    /// Plans the collection's dates, each with the table as the dates before would leave it.
    fn days(&self, dates: impl Iterator<Item = ProcessingDate>) -> Result<Vec<PlannedDay>, JobError> {
        let handle = self.context.handle(self.collection, self.context.layout(self.collection)?);
        let mut table = handle.registered()?;
        dates.map(|date| self.day(date, &mut table)).collect()
    }

    fn day(&self, date: ProcessingDate, table: &mut Option<Table>) -> Result<PlannedDay, JobError> {
        let name = &self.collection.name;
        let listed = self.schedule.keys.get(&(name.clone(), date)).cloned().unwrap_or_default();
        let keys = self.context.module.source.pick.choose(listed.clone());
        let mut day = PlannedDay {
            date,
            collection: name.clone(),
            why: self.schedule.why(name, date, &self.history),
            files: keys.iter().map(source_file).collect(),
            effect: Effect::Added,
            schema_changes: Vec::new(),
            notes: Vec::new(),
            risks: Vec::new(),
        };
        let found = if keys.is_empty() {
            without_files(self.context, self.schedule.rules, self.collection, date).map(|outcome| {
                day.effect = if outcome == Outcome::Skipped { Effect::Skipped } else { Effect::Added };
            })
        } else {
            self.with_all_files(&listed, &keys, &mut day, table)
        };
        match found {
            Err(error) if error.ends_the_run() => Err(error),
            Err(error) => Ok(PlannedDay { effect: Effect::Fails(shortened(Causes(&error).to_string())), ..day }),
            Ok(()) => Ok(day),
        }
    }

    /// Plans a date with its files, if they are complete.
    fn with_all_files(
        &self,
        listed: &[SourceKey],
        keys: &[SourceKey],
        day: &mut PlannedDay,
        table: &mut Option<Table>,
    ) -> Result<(), JobError> {
        match complete::must_be(self.context, self.collection, day.date, listed, self.schedule.takes_incomplete)? {
            None => self.with_files(keys, day, table),
            Some(note) => {
                day.notes.push(note);
                day.effect = Effect::Skipped;
                Ok(())
            }
        }
    }

    fn with_files(&self, keys: &[SourceKey], day: &mut PlannedDay, table: &mut Option<Table>) -> Result<(), JobError> {
        let (keys, sent_twice) = distinct(self.context, keys.to_vec())?;
        let files = DayFiles { context: self.context, collection: self.collection, keys: &keys };
        let layout = self.context.layout(self.collection)?;
        let (headers, evolution) = files.evolve(table.as_ref(), Sample::Full)?;
        let (layout, personal) = route(self.context, self.collection, layout, table.as_ref(), &headers, &evolution)?;
        let handle = self.context.handle(self.collection, layout);
        handle.must_take(&evolution.after)?;
        let wanted = handle.wanted(&evolution.after, &personal);
        day.schema_changes = match table {
            None => vec![create_table_ddl(&wanted)],
            Some(_) => evolution.ddl(&self.collection.table.to_string()),
        };
        day.notes = notes(self.context, self.collection, &headers, &evolution);
        day.notes.extend(sent_twice);
        day.notes.extend(self.context.engine.note(keys.iter().map(|key| key.object.size).sum()));
        let Evolution { after, source_names, .. } = evolution;
        let mut next = match table.take() {
            Some(known) => Table { schema: after, ..known },
            None => wanted,
        };
        next.parameters.extend(source_names.map(|names| (SOURCE_NAMES.to_owned(), names.to_text())));
        *table = Some(next);
        if let Some(location) = handle.current(&handle.layout.value(day.date))? {
            day.risks.extend(self.shrinks(day)?);
            day.effect = Effect::Replaced(location);
        }
        Ok(())
    }

    /// Returns a risk if the published data was made from more than twice the bytes: a file that is not whole reads like one that
    /// is.
    fn shrinks(&self, day: &PlannedDay) -> Result<Option<String>, JobError> {
        let attempts = self.context.ledger.attempts(&self.context.unit(self.collection, day.date))?;
        let total = |files: &[SourceFile]| files.iter().map(|file| file.size).sum::<u64>();
        let (now, before) = (total(&day.files), Seen::after(&attempts).rows().map_or(0, |attempt| total(&attempt.sources)));
        Ok((now < before / 2).then(|| format!("its files have {now} bytes, the published ones had {before}")))
    }
}
