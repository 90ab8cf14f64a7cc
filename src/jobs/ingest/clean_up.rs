//! Clean-up: rebuilds from the source what a module published, and unpublishes what the source can't rebuild.

use std::collections::BTreeSet;

use crate::catchup::{Attempt, DayHistory, RetiredPath, Seen, Status};
use crate::identity::ProcessingDate;
use crate::lake::{HiveSink, TableLayout, by_date};
use crate::metastore::{Partition, PartitionValue};
use crate::source::DayKeys;

use super::module::Collection;
use super::request::IngestRequest;
use super::run::{Run, log_sweep};
use super::schedule::Schedule;
use crate::jobs::run::JobError;

/// Promise 11: touches only the module's own tables and folders; loses nothing that the source can't rebuild, unless forced; and
/// reports what is lost. The tables stay, so that readers and grants outlive the clean-up.
///
/// No file is deleted here, and readers of a date that is rebuilt see the old rows until the new ones are published. Files that
/// are replaced so, or lost, are swept after their retention, during which they can be restored (`adg undo`).
///
/// The ledger is written first: if killed anywhere, the next run finds every such date not done, and rebuilds it.
pub(super) fn clean_up(
    run: &Run<'_>,
    collections: &[Collection],
    keys: &DayKeys,
    request: &IngestRequest,
) -> Result<(), JobError> {
    let mut tables = Vec::with_capacity(collections.len());
    let mut history = run.context.ledger.days(&run.context.module.module)?;
    for collection in collections {
        let partitions = partitions(run, collection)?;
        let layout = collection.layouts.of(true);
        let published = published(layout, &partitions, &history.remove(&collection.name).unwrap_or_default());
        let lost = losses(run, collection, &published, keys, request)?;
        tables.push((collection, partitions, published, lost));
    }
    for (collection, partitions, published, lost) in tables {
        mark(run, collection, &partitions, &published, &lost)?;
        let sink = run.sink(collection, run.context.layout(collection)?);
        for value in &lost {
            unpublish(run, collection, &sink, value)?;
        }
        let (to_rebuild, lost) = (published.len() - lost.len(), lost.len());
        let undo = request.commands.undo(run.id);
        tracing::warn!(
            event = "cleaned_up", table = %collection.table, to_rebuild, lost, undo,
            "marked dates for rebuild and unpublished lost ones"
        );
    }
    Ok(())
}

/// Deletes files that dead attempts left in the tables' folders, once the rebuild is done. Before a table without personal data
/// was created, an attempt may have left a day in the folder of tables that have some, where no rerun looks.
pub(super) fn sweep(run: &Run<'_>, collections: &[Collection]) {
    for collection in collections {
        for layout in collection.layouts.all() {
            log_sweep(collection, run.sink(collection, layout).sweep_all_unpublished());
        }
    }
}

/// Returns the partitions of a table, to which nobody with an earlier lease adds any more; none if it is not registered: whatever
/// a run that slept past its lease creates and publishes now is rebuilt all the same.
fn partitions(run: &Run<'_>, collection: &Collection) -> Result<Vec<Partition>, JobError> {
    match run.sink(collection, run.context.layout(collection)?).at.registered()? {
        Some(_) => {
            // Lest one who slept past its lease publishes what is not in the list, and nobody builds anew.
            run.context.metastore.fence_off(&collection.table, run.lease.lease().token)?;
            Ok(run.context.metastore.partitions(&collection.table)?)
        }
        None => Ok(Vec::new()),
    }
}

/// Returns the values of all dates that readers see, or would see if the metastore had not forgotten them: those that it has,
/// and those that the ledger has as completed, whatever the metastore says.
pub(super) fn published(layout: &TableLayout, partitions: &[Partition], history: &DayHistory) -> BTreeSet<PartitionValue> {
    let completed = history.iter().filter(|(_, status)| **status == Status::Completed).map(|(date, _)| layout.value(*date));
    partitions.iter().map(|partition| layout.keys().date_value(&partition.value)).chain(completed).collect()
}

/// Unpublishes a date; the files of one that the metastore has forgotten have the same retention.
fn unpublish(run: &Run<'_>, collection: &Collection, sink: &HiveSink<'_>, value: &PartitionValue) -> Result<(), JobError> {
    if sink.at.registered()?.is_some() {
        sink.unpublish(value)?;
    }
    if let Some(location) = location_by_ledger(run, collection, value)? {
        run.context.ledger.retire(run.lease.lease(), &RetiredPath { location, at: run.context.clock.now() })?;
    }
    Ok(())
}

/// Returns the date of a partition; `None` if it is none.
pub(super) fn date_of(collection: &Collection, value: &PartitionValue) -> Option<ProcessingDate> {
    collection.layouts.of(true).keys().date(value)
}

/// Returns the location at which readers saw a date before this run, by the ledger.
fn location_by_ledger(run: &Run<'_>, collection: &Collection, value: &PartitionValue) -> Result<Option<String>, JobError> {
    let Some(date) = date_of(collection, value) else { return Ok(None) };
    let attempts = run.context.ledger.attempts(&run.context.unit(collection, date))?;
    let earlier = attempts.partition_point(|attempt| attempt.run_id < run.id);
    Ok(Seen::after(&attempts[..earlier]).rows().and_then(|attempt| attempt.location.clone()))
}

/// Returns the partitions that this run does not rebuild; refuses the clean-up if there are any, unless it is forced.
fn losses(
    run: &Run<'_>,
    collection: &Collection,
    published: &BTreeSet<PartitionValue>,
    keys: &DayKeys,
    request: &IngestRequest,
) -> Result<Vec<PartitionValue>, JobError> {
    let schedule = Schedule {
        today: run.context.today,
        rules: run.rules,
        requested: request.scope.dates,
        shard: None,
        keys,
        late: &[],
        takes_incomplete: request.options.incomplete,
    };
    let lost = not_rebuilt(&schedule, collection, published);
    let dates = lost.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (lost.is_empty(), request.options.force_clean_up) {
        (true, _) => {}
        (false, true) => tracing::warn!(
            event = "clean_up_loses", table = %collection.table, dates,
            "the source no longer has these dates"
        ),
        (false, false) => return Err(JobError::CleanUp { table: collection.table.to_string(), dates }),
    }
    Ok(lost)
}

/// Returns the partitions that a run with this schedule does not rebuild from the source.
pub(super) fn not_rebuilt(
    schedule: &Schedule<'_>,
    collection: &Collection,
    published: &BTreeSet<PartitionValue>,
) -> Vec<PartitionValue> {
    let Schedule { today, rules, requested, keys, .. } = schedule;
    let rebuilt = |date: ProcessingDate| {
        let asked = requested.start.is_none_or(|start| start <= date) && date <= requested.end.unwrap_or(*today);
        let counts = requested.start.is_some() || rules.start.is_none_or(|start| start <= date);
        asked && counts && keys.contains_key(&(collection.name.clone(), date))
    };
    published.iter().filter(|value| !date_of(collection, value).is_some_and(rebuilt)).cloned().collect()
}

/// Records in the ledger that these dates are to be rebuilt, or that they are lost.
fn mark(
    run: &Run<'_>,
    collection: &Collection,
    partitions: &[Partition],
    published: &BTreeSet<PartitionValue>,
    lost: &[PartitionValue],
) -> Result<(), JobError> {
    let by_date = by_date(collection.layouts.of(true).keys(), partitions.to_vec());
    for value in published {
        let Some(date) = date_of(collection, value) else { continue };
        let is_lost = lost.contains(value);
        let status = if is_lost { Status::Lost } else { Status::CleanedUp };
        let now = run.context.clock.now();
        let mut mark = Attempt::begin(run.context.unit(collection, date), run.id, 0, status, now);
        mark.location = match by_date.get(value) {
            _ if is_lost => None,
            Some(published) => Some(published.location().to_owned()),
            // So that its files stay until it is built anew, however long that takes.
            None => location_by_ledger(run, collection, value)?,
        };
        run.record(&mark)?;
    }
    Ok(())
}
