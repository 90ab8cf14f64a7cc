//! Comparison of what readers see with what the ledger says was published: a metastore may be restored from an older copy, and
//! others drop and alter tables by hand.

use std::collections::BTreeMap;

use crate::catchup::{Attempt, DayHistory, Ledger, Seen, Shard, Status, Unit};
use crate::identity::{Causes, CollectionName, Explain, ProcessingDate};
use crate::lake::{LakeError, TableHandle, by_date};
use crate::metastore::Partition;
use crate::report::{DateRange, Difference};

use super::context::Context;
use super::module::Collection;
use crate::jobs::run::JobError;

/// Compares each of the collections' tables with the ledger, by one listing of its partitions. A table that can't be compared is
/// logged: it keeps no date from being loaded.
pub(crate) fn of(
    context: &Context<'_>,
    collections: &[Collection],
    shard: Option<Shard>,
    days: impl Fn(&CollectionName) -> DayHistory,
) -> Vec<Difference> {
    let of_collection = |collection: &Collection| {
        let mut days = days(&collection.name);
        days.retain(|date, status| *status == Status::Completed && shard.is_none_or(|shard| shard.has(*date)));
        let handle = context.handle(collection, context.layout(collection)?);
        of_table(&handle, context.ledger, &collection.name, &days, Look::Recent)
    };
    let of_collection = |collection: &Collection| {
        of_collection(collection).unwrap_or_else(|error| {
            tracing::warn!(
                event = "comparison_failed", formerly = "not_compared", table = %collection.table, error = %Causes(&error),
                "could not compare the table with the ledger"
            );
            None
        })
    };
    collections.iter().filter_map(of_collection).map(|compared| compared.told).collect()
}

/// Result of comparing a table with the ledger.
pub(crate) struct Compared {
    pub(crate) told: Difference,
    pub(crate) forgotten: Vec<ProcessingDate>,
    pub(crate) elsewhere: Vec<ProcessingDate>,
}

/// Dates whose published location is read from the ledger, in addition to those whose partition does not say itself that it is as
/// it was published. A metastore that was restored from an older copy has what was published before dates were rerun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Last days up to the newest completed one: a run may have thousands of dates and hundreds of tables.
    Recent,
    /// All dates.
    All,
}

/// Returns the text of an error with its hint.
pub(crate) fn explained(error: &JobError) -> String {
    match error.hint() {
        Some(hint) => format!("{}; {hint}", Causes(error)),
        None => Causes(error).to_string(),
    }
}

/// Finds what others changed in a table of which these dates are completed; none if nothing.
pub(crate) fn of_table(
    handle: &TableHandle<'_>,
    ledger: &dyn Ledger,
    collection: &CollectionName,
    completed: &DayHistory,
    look: Look,
) -> Result<Option<Compared>, JobError> {
    if completed.is_empty() {
        return Ok(None);
    }
    let (mut forgotten, mut elsewhere, mut columns, mut refused) = (Vec::new(), Vec::new(), Vec::new(), None);
    match handle.registered() {
        Ok(None) => forgotten = completed.keys().copied().collect(),
        Ok(Some(table)) => {
            let partitions = handle.metastore.partitions(handle.table)?;
            columns = handle.changed_columns(&table, &partitions)?.iter().map(ToString::to_string).collect();
            (forgotten, elsewhere) = dates(handle, ledger, collection, completed, &partitions, look)?;
        }
        Err(error @ (LakeError::Moved { .. } | LakeError::Unsupported { .. })) => {
            refused = Some(explained(&error.into()));
        }
        Err(error) => return Err(error.into()),
    }
    let told = Difference {
        collection: collection.clone(),
        table: handle.table.to_string(),
        forgotten: DateRange::of(forgotten.iter().copied()),
        elsewhere: DateRange::of(elsewhere.iter().copied()),
        columns,
        refused,
    };
    Ok((!told.is_empty()).then_some(Compared { told, forgotten, elsewhere }))
}

/// Number of days before the newest completed one that [`Look::Recent`] covers.
const RECENT_DAYS: u32 = 31;

/// Returns the dates that the metastore has forgotten, and those of which it sends readers elsewhere. For older dates the ledger
/// is read only if the partition does not say itself that it is as it was published.
fn dates(
    handle: &TableHandle<'_>,
    ledger: &dyn Ledger,
    collection: &CollectionName,
    completed: &DayHistory,
    partitions: &[Partition],
    look: Look,
) -> Result<(Vec<ProcessingDate>, Vec<ProcessingDate>), JobError> {
    let by_value = by_date(handle.layout.keys(), partitions.to_vec());
    let (mut forgotten, mut elsewhere) = (Vec::new(), Vec::new());
    let recent = known(handle, ledger, collection, completed, look)?;
    for date in completed.keys() {
        let Some(published) = by_value.get(&handle.layout.value(*date)) else {
            forgotten.push(*date);
            continue;
        };
        let known = match recent.get(date) {
            Some(known) => known.clone(),
            None if handle.is_as_published(published) => continue,
            None => location(&ledger.attempts(&Unit::new(handle.module.clone(), collection.clone(), *date))?),
        };
        if !published.is_whole() || known.is_some_and(|known| known != published.location()) {
            elsewhere.push(*date);
        }
    }
    Ok((forgotten, elsewhere))
}

/// Returns the location that readers are to see, for each date that `look` covers.
fn known(
    handle: &TableHandle<'_>,
    ledger: &dyn Ledger,
    collection: &CollectionName,
    completed: &DayHistory,
    look: Look,
) -> Result<BTreeMap<ProcessingDate, Option<String>>, JobError> {
    let (Some(oldest), Some(last)) = (completed.keys().next(), completed.keys().next_back()) else { return Ok(BTreeMap::new()) };
    let first = if look == Look::All { *oldest } else { last.minus_days(RECENT_DAYS) };
    let attempts = ledger.attempts_between(handle.module, collection, first, *last)?;
    Ok(attempts.chunk_by(|a, b| a.unit == b.unit).filter_map(|of_date| Some((of_date[0].date()?, location(of_date)))).collect())
}

/// Returns the location that readers of a date are to see, by all attempts at it.
fn location(attempts: &[Attempt]) -> Option<String> {
    Seen::after(attempts).rows()?.location.clone()
}
