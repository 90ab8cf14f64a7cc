//! Making a date's new files the ones that readers see.

use jiff::Timestamp;

use crate::catchup::{Lease, Ledger, Superseded};
use crate::identity::{ProcessingDate, RunId};
use crate::metastore::{Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Table, TableName};
use crate::schema::{Column, ColumnType, Evolution};
use crate::store::Store;

use super::{LakeError, TableLayout, WrittenFile};

/// Where a date now is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The folder of its files, as the metastore has it.
    pub location: String,
}

/// Makes the table have the evolution's columns: creates it, or alters it in place.
pub fn ensure_table(
    metastore: &dyn Metastore,
    name: &TableName,
    store: &Store,
    layout: &TableLayout,
    evolution: &Evolution,
) -> Result<(), LakeError> {
    if evolution.before.is_empty() {
        let database = Database { name: name.database.clone(), location: store.location(parent(layout.table())) };
        metastore.create_database(&database)?;
        metastore.create_table(&Table {
            name: name.clone(),
            location: store.location(layout.table()),
            schema: evolution.after.clone(),
            partition_by: Column::new(layout.partition_by().clone(), ColumnType::Date),
            parameters: Table::first_parameters(),
        })?;
    } else if evolution.alters() {
        metastore.alter_columns(name, &evolution.before, &evolution.after)?;
    }
    Ok(())
}

fn parent(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Sends the files to the run's own folder and swings the partition to it.
///
/// Until the last step no reader is sent there; a crash leaves a folder that nothing points at, which the next attempt
/// sweeps. The location that is replaced is noted before it is, so that its readers have their grace.
#[allow(clippy::too_many_arguments)] // Each is a room's part in the one place where they meet.
pub fn publish(
    store: &Store,
    metastore: &dyn Metastore,
    ledger: &dyn Ledger,
    lease: &Lease,
    name: &TableName,
    layout: &TableLayout,
    date: ProcessingDate,
    run: RunId,
    files: &[WrittenFile],
    schema_fingerprint: &str,
    now: impl Fn() -> Timestamp,
) -> Result<Published, LakeError> {
    let folder = layout.attempt(date, run);
    for file in files {
        store.put_file(&file.path, &format!("{folder}/{}", file.name))?;
    }
    let value = PartitionValue::from(date);
    let location = store.location(&folder);
    if let Some(old) = metastore.partition(name, &value)? {
        ledger.note_superseded(lease, &Superseded { location: old.location, at: now() })?;
    }
    let total = |count: fn(&WrittenFile) -> u64| files.iter().map(count).sum::<u64>().to_string();
    let parameters: Parameters = [
        ("numRows", total(|file| file.rows)),
        ("numFiles", files.len().to_string()),
        ("totalSize", total(|file| file.bytes)),
        ("adg.run_id", run.to_string()),
        ("adg.schema", schema_fingerprint.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    let partition = Partition { value, location: location.clone(), parameters };
    match metastore.publish(name, &partition, lease.token) {
        Ok(()) => Ok(Published { location }),
        // The reply may have been lost after the metastore acted: what it says now decides.
        Err(error @ MetastoreError::Unavailable { .. }) => match metastore.partition(name, &partition.value) {
            Ok(Some(now)) if now.location == location => Ok(Published { location }),
            _ => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}
