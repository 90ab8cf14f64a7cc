//! Wiping what a module published, so that it is built anew from the source.

use std::collections::BTreeSet;

use crate::catchup::{Attempt, Status};
use crate::identity::ProcessingDate;
use crate::metastore::{Partition, PartitionValue};
use crate::source::DayKeys;

use super::JobError;
use super::ingest::{IngestRequest, Run};
use super::module::Collection;
use super::todo::Known;

/// Promise 11: only the module's own tables and folders; nothing that the source can't rebuild, unless forced; and what is
/// lost is said. The tables stay, without partitions, so that readers and grants outlive the clean-up.
///
/// The ledger is told first: killed anywhere, the next run finds every wiped date not done, and builds it anew.
pub(super) fn clean_up(
    run: &Run<'_>,
    collections: &[Collection],
    keys: &DayKeys,
    request: &IngestRequest,
) -> Result<(), JobError> {
    let mut wiped = Vec::with_capacity(collections.len());
    for collection in collections {
        let partitions = partitions(run, collection)?;
        let lost = losses(run, collection, partitions.as_deref().unwrap_or_default(), keys, request)?;
        wiped.push((collection, partitions, lost));
    }
    for (collection, partitions, lost) in wiped {
        mark(run, collection, partitions.as_deref().unwrap_or_default(), &lost)?;
        match partitions {
            Some(partitions) => wipe(run, collection, &partitions)?,
            // What lies in its folders goes as its dates are done again. Nothing is there to keep one who slept past its lease
            // from making the table now, and publishing what would be wiped.
            None => tracing::info!(event = "nothing_to_clean_up", table = %collection.table),
        }
    }
    Ok(())
}

/// The partitions of a table, to which nobody with an earlier lease adds any more; none where it is not registered.
fn partitions(run: &Run<'_>, collection: &Collection) -> Result<Option<Vec<Partition>>, JobError> {
    match run.destination(collection, run.setup.layout(collection)?).registered()? {
        Some(_) => {
            // Lest one who slept past its lease publishes what is not in the list, whose files go all the same.
            run.setup.services.metastore.fence_off(&collection.table, run.lease.token)?;
            Ok(Some(run.setup.services.metastore.partitions(&collection.table)?))
        }
        None => Ok(None),
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
    let known = Known { today: run.setup.today, rules: run.rules, requested: request.dates, keys };
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
    let Known { today, rules, requested, keys } = known;
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
    let published = partitions.iter().filter_map(|partition| partition.value.0.parse().ok());
    for date in completed.chain(published).collect::<BTreeSet<ProcessingDate>>() {
        let status = if lost.contains(&PartitionValue::from(date)) { Status::Lost } else { Status::CleanedUp };
        let (module, now) = (run.setup.module.module.clone(), run.setup.services.environment.clock.now());
        run.record(&Attempt::begin(module, collection.name.clone(), date, run.id, 0, status, now))?;
    }
    Ok(())
}

/// Readers first: once no partition points at them, the files go.
fn wipe(run: &Run<'_>, collection: &Collection, partitions: &[Partition]) -> Result<(), JobError> {
    for partition in partitions {
        run.setup.services.metastore.drop_partition(&collection.table, &partition.value, run.lease.token)?;
    }
    // A table without personal data may have left a day in the folder of those that have some, before it was made.
    for layout in collection.layouts.all() {
        let folders = run.destination(collection, layout).sweep_all()?;
        let folder = run.setup.published.location(layout.table());
        tracing::warn!(event = "cleaned_up", table = %collection.table, partitions = partitions.len(), folders, folder);
    }
    Ok(())
}
