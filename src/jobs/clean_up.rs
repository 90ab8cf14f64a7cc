//! Building anew from the source what a module published, and taking from readers what the source can't rebuild.

use std::collections::{BTreeMap, BTreeSet};

use crate::catchup::{Attempt, Status};
use crate::identity::ProcessingDate;
use crate::metastore::{Partition, PartitionValue};
use crate::source::DayKeys;

use super::JobError;
use super::ingest::{IngestRequest, Run};
use super::module::Collection;
use super::rerun;
use super::todo::Known;

/// Promise 11: only the module's own tables and folders; nothing that the source can't rebuild, unless forced; and what is
/// lost is said. The tables stay, so that readers and grants outlive the clean-up.
///
/// No file is deleted here, and readers of a date that is built anew see the old rows until the new ones are published. What is
/// replaced so, or lost, is swept after its grace, in which it can be had back (`adg undo`).
///
/// The ledger is told first: killed anywhere, the next run finds every such date not done, and builds it anew.
pub(super) fn clean_up(
    run: &Run<'_>,
    collections: &[Collection],
    keys: &DayKeys,
    request: &IngestRequest,
) -> Result<(), JobError> {
    let mut tables = Vec::with_capacity(collections.len());
    for collection in collections {
        let partitions = partitions(run, collection)?;
        let lost = losses(run, collection, &partitions, keys, request)?;
        tables.push((collection, partitions, lost));
    }
    for (collection, partitions, lost) in tables {
        mark(run, collection, &partitions, &lost)?;
        let destination = run.destination(collection, run.setup.layout(collection)?);
        for value in &lost {
            destination.withdraw(value, run.setup.services.environment.clock.now())?;
        }
        let (to_rebuild, lost) = (partitions.len() - lost.len(), lost.len());
        let undo = rerun::undo(&request.command, run.id);
        tracing::warn!(event = "cleaned_up", table = %collection.table, to_rebuild, lost, undo);
    }
    Ok(())
}

/// Removes what dead attempts left in the tables' folders, now that what was to be rebuilt is. A table without personal data may
/// have left a day in the folder of those that have some, before it was made, where no rerun looks.
pub(super) fn sweep(run: &Run<'_>, collections: &[Collection]) {
    let now = run.setup.services.environment.clock.now();
    for collection in collections {
        for layout in collection.layouts.all() {
            run.swept(collection, run.destination(collection, layout).sweep_all_unpublished(now));
        }
    }
}

/// The partitions of a table, to which nobody with an earlier lease adds any more; none where it is not registered: one who slept
/// past its lease and makes it now publishes what is built anew all the same.
fn partitions(run: &Run<'_>, collection: &Collection) -> Result<Vec<Partition>, JobError> {
    match run.destination(collection, run.setup.layout(collection)?).registered()? {
        Some(_) => {
            // Lest one who slept past its lease publishes what is not in the list, and nobody builds anew.
            run.setup.services.metastore.fence_off(&collection.table, run.lease.lease().token)?;
            Ok(run.setup.services.metastore.partitions(&collection.table)?)
        }
        None => Ok(Vec::new()),
    }
}

/// The partitions that this run does not build anew; refused where there are any, unless it is forced.
fn losses(
    run: &Run<'_>,
    collection: &Collection,
    partitions: &[Partition],
    keys: &DayKeys,
    request: &IngestRequest,
) -> Result<Vec<PartitionValue>, JobError> {
    let known = Known { today: run.setup.today, rules: run.rules, requested: request.dates, shard: None, keys };
    let lost = not_rebuilt(&known, collection, partitions);
    let dates = lost.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (lost.is_empty(), request.force_clean_up) {
        (true, _) => {}
        (false, true) => tracing::warn!(event = "clean_up_loses", table = %collection.table, dates),
        (false, false) => return Err(JobError::CleanUp { table: collection.table.to_string(), dates }),
    }
    Ok(lost)
}

/// The partitions that a run which goes by `known` does not build anew from the source.
pub(super) fn not_rebuilt(known: &Known<'_>, collection: &Collection, partitions: &[Partition]) -> Vec<PartitionValue> {
    let Known { today, rules, requested, keys, .. } = known;
    let rebuilt = |date: ProcessingDate| {
        let asked = requested.start.is_none_or(|start| start <= date) && date <= requested.end.unwrap_or(*today);
        let counts = requested.start.is_some() || rules.start.is_none_or(|start| start <= date);
        asked && counts && keys.contains_key(&(collection.name.clone(), date))
    };
    let values = partitions.iter().map(|partition| partition.value.clone());
    values.filter(|value| !value.0.parse().is_ok_and(rebuilt)).collect()
}

/// Writes into the ledger that these dates are to be built anew, or that they are lost.
fn mark(run: &Run<'_>, collection: &Collection, partitions: &[Partition], lost: &[PartitionValue]) -> Result<(), JobError> {
    let history = run.setup.services.ledger.history(&run.setup.module.module)?.remove(&collection.name).unwrap_or_default();
    let completed = history.into_iter().filter(|(_, status)| *status == Status::Completed).map(|(date, _)| date);
    let published = partitions.iter().filter_map(|partition| Some((partition.value.0.parse().ok()?, &*partition.location)));
    let published: BTreeMap<ProcessingDate, &str> = published.collect();
    for date in completed.chain(published.keys().copied()).collect::<BTreeSet<_>>() {
        let is_lost = lost.contains(&PartitionValue::from(date));
        let status = if is_lost { Status::Lost } else { Status::CleanedUp };
        let (module, now) = (run.setup.module.module.clone(), run.setup.services.environment.clock.now());
        let mut mark = Attempt::begin(module, collection.name.clone(), date, run.id, 0, status, now);
        mark.location = published.get(&date).filter(|_| !is_lost).map(|location| (*location).to_owned());
        run.record(&mark)?;
    }
    Ok(())
}
