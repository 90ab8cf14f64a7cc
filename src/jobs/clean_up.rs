//! Wiping what a module published, so that it is built anew from the source.

use crate::identity::ProcessingDate;
use crate::metastore::{MetastoreError, Partition};
use crate::source::DayKeys;

use super::JobError;
use super::ingest::{IngestRequest, Run};
use super::module::Collection;

/// Promise 11: only the module's own tables and folders; nothing that the source can't rebuild, unless forced; and what is
/// lost is said. The tables stay, without partitions, so that readers and grants outlive the clean-up.
///
/// Gives the oldest date that was wiped, from which the module is to be built anew.
pub(super) fn clean_up(
    run: &Run<'_>,
    collections: &[Collection],
    keys: &DayKeys,
    request: &IngestRequest,
) -> Result<Option<ProcessingDate>, JobError> {
    let mut published = Vec::with_capacity(collections.len());
    for collection in collections {
        let partitions = partitions(run, collection)?;
        refuse_losses(run, collection, &partitions, keys, request)?;
        published.push((collection, partitions));
    }
    let oldest =
        published.iter().flat_map(|(_, partitions)| partitions).filter_map(|partition| partition.value.0.parse().ok()).min();
    for (collection, partitions) in published {
        wipe(run, collection, &partitions)?;
    }
    Ok(oldest)
}

fn partitions(run: &Run<'_>, collection: &Collection) -> Result<Vec<Partition>, JobError> {
    match run.services.metastore.partitions(&collection.table) {
        Ok(partitions) => Ok(partitions),
        Err(MetastoreError::NoSuchTable { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn refuse_losses(
    run: &Run<'_>,
    collection: &Collection,
    partitions: &[Partition],
    keys: &DayKeys,
    request: &IngestRequest,
) -> Result<(), JobError> {
    let rebuilt = |date: ProcessingDate| {
        let asked = request.dates.start.is_none_or(|start| start <= date) && date <= request.dates.end.unwrap_or(run.today);
        let counts = run.module.catchup.start.is_none_or(|start| start <= date);
        asked && counts && keys.contains_key(&(collection.name.clone(), date))
    };
    let lost: Vec<&str> =
        partitions.iter().map(|partition| partition.value.0.as_str()).filter(|value| !value.parse().is_ok_and(rebuilt)).collect();
    if lost.is_empty() {
        return Ok(());
    }
    let dates = lost.join(", ");
    if request.force_clean_up {
        tracing::warn!(event = "clean_up_loses", table = %collection.table, dates);
        return Ok(());
    }
    Err(JobError::CleanUp { table: collection.table.to_string(), dates })
}

/// Readers first: once no partition points at them, the files go. Then the ledger forgets, so that the dates count as not done.
fn wipe(run: &Run<'_>, collection: &Collection, partitions: &[Partition]) -> Result<(), JobError> {
    for partition in partitions {
        run.services.metastore.drop_partition(&collection.table, &partition.value, run.lease.token)?;
    }
    let objects = run.published.list(collection.layout.table())?;
    let bytes: u64 = objects.iter().map(|object| object.size).sum();
    tracing::warn!(
        event = "cleaned_up", table = %collection.table, partitions = partitions.len(), objects = objects.len(), bytes,
        folder = run.published.location(collection.layout.table()),
    );
    run.published.delete_folder(collection.layout.table())?;
    Ok(run.services.ledger.forget(run.lease, &collection.name)?)
}
