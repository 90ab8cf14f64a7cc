//! Removing what no reader is sent to any more.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Lease, Ledger};
use crate::identity::{ProcessingDate, RunId};
use crate::metastore::{Metastore, PartitionValue, TableName};
use crate::store::{ObjectInfo, Store};

use super::{LakeError, TableLayout};

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sweep {
    /// Objects deleted.
    pub deleted: usize,
    /// Objects of replaced locations that still have their grace.
    pub waiting: usize,
}

/// Sweeps the folders of one date: those of attempts that were never published at once, those that were replaced once their
/// grace is over. What the metastore points at, and what no run of adg wrote, is left alone.
#[allow(clippy::too_many_arguments)] // As `publish`.
pub fn sweep(
    store: &Store,
    metastore: &dyn Metastore,
    ledger: &dyn Ledger,
    lease: &Lease,
    name: &TableName,
    layout: &TableLayout,
    date: ProcessingDate,
    grace: SignedDuration,
    now: Timestamp,
) -> Result<Sweep, LakeError> {
    let current = metastore.partition(name, &PartitionValue::from(date))?.map(|partition| partition.location);
    let partition = layout.partition(date);
    let replaced: BTreeMap<String, Timestamp> =
        ledger.superseded(&store.location(&partition))?.into_iter().map(|note| (note.location, note.at)).collect();
    let mut swept = Sweep::default();
    for (folder, objects) in attempts(&partition, store.list(&partition)?) {
        let location = store.location(&folder);
        if current.as_ref() == Some(&location) {
            continue;
        }
        let since = replaced.get(&location);
        if since.is_some_and(|since| now < *since + grace) {
            swept.waiting += objects.len();
            continue;
        }
        swept.deleted += objects.len();
        store.delete(&objects)?;
        if since.is_some() {
            ledger.forget_superseded(lease, &location)?;
        }
    }
    swept.deleted += sweep_quarantine(store, layout, date, current.as_deref())?;
    Ok(swept)
}

/// The objects of each run's folder.
fn attempts(partition: &str, objects: Vec<ObjectInfo>) -> BTreeMap<String, Vec<String>> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in objects {
        let below = object.key.strip_prefix(partition).and_then(|rest| rest.strip_prefix('/'));
        let run = below.and_then(|rest| rest.split_once('/')).map(|(run, _)| run);
        if let Some(run) = run.filter(|run| RunId::from_str(run).is_ok()) {
            folders.entry(format!("{partition}/{run}")).or_default().push(object.key);
        }
    }
    folders
}

/// Quarantined records belong to the attempt that is published; those of earlier ones were replaced with it.
fn sweep_quarantine(
    store: &Store,
    layout: &TableLayout,
    date: ProcessingDate,
    current: Option<&str>,
) -> Result<usize, LakeError> {
    let Some(run) = current.and_then(|location| location.rsplit('/').next()) else { return Ok(0) };
    let stale: Vec<String> = store
        .list(&layout.quarantine(date))?
        .into_iter()
        .map(|object| object.key)
        .filter(|key| !key.ends_with(&format!("/{run}.jsonl")))
        .collect();
    store.delete(&stale)?;
    Ok(stale.len())
}
