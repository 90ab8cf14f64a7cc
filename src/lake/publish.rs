//! Publishing of a date's files.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::catchup::RetiredPath;
use crate::identity::{ProcessingDate, RunId};
use crate::metastore::{Database, MetastoreError, Parameters, Partition, PartitionValue, Table};
use crate::schema::{ColumnName, Evolution};
use crate::store::{normal_location, spelled_like};

use super::changed::{PARTITION_SCHEMA, RUN};
use super::parameters::OWNER;
use super::{COLUMNS, Destination, LakeError, RunFolder, WrittenFile};

impl Destination<'_> {
    /// Creates the table with the evolution's columns, or alters it in place; `personal` are its columns with personal data.
    /// Returns the table's location, as the metastore spells it.
    pub fn ensure_table(&self, evolution: &Evolution, personal: &BTreeSet<ColumnName>) -> Result<String, LakeError> {
        match &evolution.before {
            None => {
                let folder = self.layout.table();
                let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
                let database = Database { name: self.table.database.clone(), location: self.store.written_location(parent) };
                self.metastore.create_database(&database)?;
                let wanted = self.wanted(&evolution.after, personal);
                self.create(&wanted)?;
                Ok(wanted.location)
            }
            Some(before) => {
                let table = self.metastore.table(self.table)?.ok_or_else(|| self.gone())?;
                let mut own = self.own_parameters(personal);
                // What others did to the columns is told until somebody says what is to become of it.
                if !self.has_changed_columns(&table)? {
                    own.insert(COLUMNS.to_owned(), evolution.after.fingerprint().to_string());
                }
                let Table { location, parameters, .. } = table;
                // A table that another tool made becomes this module's with the first publish.
                let is_told = own.iter().all(|(key, value)| parameters.get(key) == Some(value));
                if evolution.alters() || !is_told {
                    self.metastore.alter_table(self.table, before, &evolution.after, &own)?;
                }
                Ok(location)
            }
        }
    }

    /// Error for a table that was dropped since the run read it.
    fn gone(&self) -> MetastoreError {
        MetastoreError::Changed { table: self.table.clone() }
    }

    /// Creates the table. An existing table with the same schema and owner is success: an earlier create whose reply was lost.
    fn create(&self, wanted: &Table) -> Result<(), LakeError> {
        match self.metastore.create_table(wanted) {
            Err(MetastoreError::TableExists { table, metastore }) => match self.registered()? {
                Some(found) if found.schema == wanted.schema && found.parameters.get(OWNER) == wanted.parameters.get(OWNER) => {
                    Ok(())
                }
                _ => Err(MetastoreError::TableExists { table, metastore }.into()),
            },
            done => Ok(done?),
        }
    }

    /// Swaps the partition of the table at `table_location` to the folder of the files. Returns the new location.
    ///
    /// The ledger records the replaced location before the swap, so that its files are retained for its readers.
    pub fn publish(
        &self,
        date: ProcessingDate,
        table_location: &str,
        folder: &RunFolder<'_>,
        files: &[WrittenFile],
        schema_fingerprint: &str,
        now: impl Fn() -> Timestamp,
    ) -> Result<String, LakeError> {
        let value = PartitionValue::from(date);
        let location = folder.location();
        self.before_the_swing(&value, folder, files, now).inspect_err(|_| folder.give_up())?;
        let partition = Partition {
            value,
            location: spelled_like(&location, table_location),
            parameters: self.parameters(files, schema_fingerprint),
        };
        self.swing(partition)?;
        Ok(location)
    }

    /// Swaps a partition to its new location. If the reply is lost, the metastore's current location decides.
    pub(super) fn swing(&self, partition: Partition) -> Result<(), LakeError> {
        match self.metastore.publish(self.table, std::slice::from_ref(&partition), self.lease.token) {
            // The reply may have been lost after the metastore acted: what it says now decides.
            Err(error @ MetastoreError::Unavailable { .. }) => match self.current(&partition.value) {
                Ok(Some(now)) if now == normal_location(&partition.location) => Ok(()),
                _ => Err(error.into()),
            },
            done => Ok(done?),
        }
    }

    fn before_the_swing(
        &self,
        value: &PartitionValue,
        folder: &RunFolder<'_>,
        files: &[WrittenFile],
        now: impl Fn() -> Timestamp,
    ) -> Result<(), LakeError> {
        // Lest one who slept past its lease publishes between the look at what is replaced and its replacement: of that nobody
        // would know that it has readers.
        self.metastore.fence_off(self.table, self.lease.token)?;
        if let Some(old) = self.current(value)? {
            self.ledger.retire(self.lease, &RetiredPath { location: old, at: now() })?;
        }
        self.still_there(files, folder)
    }

    fn parameters(&self, files: &[WrittenFile], schema_fingerprint: &str) -> Parameters {
        let total = |count: fn(&WrittenFile) -> u64| files.iter().map(count).sum::<u64>();
        let (rows, bytes) = (total(|file| file.rows), total(|file| file.bytes));
        partition_parameters(rows, files.len() as u64, bytes, Some(self.run), Some(schema_fingerprint))
    }

    /// Checks that the files to publish exist with their full size: a sweep by a run that lost its lease may have deleted them.
    fn still_there(&self, files: &[WrittenFile], folder: &RunFolder<'_>) -> Result<(), LakeError> {
        for file in files {
            let key = folder.key(&file.name);
            let found = self.store.head(&key)?.size;
            if found != file.bytes {
                return Err(LakeError::Cut { key, found, written: file.bytes });
            }
        }
        Ok(())
    }
}

/// Returns the parameters of a partition: counts of its files, the run that wrote them, and the table's columns at that time.
pub(super) fn partition_parameters(
    rows: u64,
    files: u64,
    bytes: u64,
    run: Option<RunId>,
    schema_fingerprint: Option<&str>,
) -> Parameters {
    let counts = [("numRows", rows), ("numFiles", files), ("totalSize", bytes)].map(|(key, count)| (key, count.to_string()));
    let run = run.map(|run| (RUN, run.to_string()));
    let schema = schema_fingerprint.map(|fingerprint| (PARTITION_SCHEMA, fingerprint.to_owned()));
    counts.into_iter().chain(run).chain(schema).map(|(key, value)| (key.to_owned(), value)).collect()
}
