//! Publishing of a date's files.

use std::collections::BTreeSet;

use crate::catchup::RetiredPath;
use crate::identity::RunId;
use crate::metastore::{Database, MetastoreError, Parameters, Partition, PartitionValue, Table};
use crate::schema::{ColumnName, Evolution};
use crate::sink::{Extent, SinkTable, StagedRows};
use crate::store::{normal_location, spelled_like};

use super::changed::{PARTITION_SCHEMA, RUN};
use super::parameters::OWNER;
use super::{COLUMNS, HiveSink, LakeError, SOURCE_NAMES, StagedFiles};

impl HiveSink<'_> {
    /// Creates the table with the evolution's columns, or alters it in place; `personal` are its columns with personal data.
    /// Returns the table's location, as the metastore spells it.
    pub(super) fn ensure_table(&self, evolution: &Evolution, personal: &BTreeSet<ColumnName>) -> Result<String, LakeError> {
        match &evolution.before {
            None => {
                let folder = self.at.layout.table();
                let parent = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
                let database =
                    Database { name: self.at.table.database.clone(), location: self.at.store.written_location(parent) };
                self.at.metastore.create_database(&database)?;
                let mut wanted = self.at.wanted(&evolution.after, personal);
                wanted.parameters.extend(source_names(evolution));
                self.create(&wanted)?;
                Ok(wanted.location)
            }
            Some(before) => {
                let table = self.at.metastore.table(self.at.table)?.ok_or_else(|| self.gone())?;
                let mut own = self.at.own_parameters(personal);
                own.extend(source_names(evolution));
                // What others did to the columns is told until somebody says what is to become of it.
                if !self.at.has_changed_columns(&table)? {
                    own.insert(COLUMNS.to_owned(), evolution.after.fingerprint().to_string());
                }
                let Table { location, parameters, .. } = table;
                // A table that another tool made becomes this module's with the first publish.
                let is_told = own.iter().all(|(key, value)| parameters.get(key) == Some(value));
                if evolution.alters() || !is_told {
                    self.at.metastore.alter_table(self.at.table, before, &evolution.after, &own)?;
                }
                Ok(location)
            }
        }
    }

    /// Error for a table that was dropped since the run read it.
    fn gone(&self) -> MetastoreError {
        MetastoreError::Changed { table: self.at.table.clone() }
    }

    /// Creates the table. An existing table with the same schema and owner is success: an earlier create whose reply was lost.
    fn create(&self, wanted: &Table) -> Result<(), LakeError> {
        match self.at.metastore.create_table(wanted) {
            Err(MetastoreError::TableExists { table, metastore }) => match self.at.registered()? {
                Some(found) if found.schema == wanted.schema && found.parameters.get(OWNER) == wanted.parameters.get(OWNER) => {
                    Ok(())
                }
                _ => Err(MetastoreError::TableExists { table, metastore }.into()),
            },
            done => Ok(done?),
        }
    }

    /// Swaps the date's partition to the folder of the staged files. Returns the new location.
    ///
    /// The ledger records the replaced location before the swap, so that its files are retained for its readers.
    pub(super) fn publish(&self, table: &SinkTable, staged: &StagedFiles<'_>) -> Result<String, LakeError> {
        let value = self.at.layout.value(staged.date());
        let location = staged.folder().location();
        self.before_the_swap(&value, staged).inspect_err(|_| staged.abort())?;
        let partition =
            Partition { value, location: spelled_like(&location, &table.location), parameters: self.parameters(staged) };
        self.swap(partition)?;
        Ok(location)
    }

    /// Swaps a partition to its new location. If the reply is lost, the metastore's current location decides.
    pub(super) fn swap(&self, partition: Partition) -> Result<(), LakeError> {
        match self.at.metastore.publish(self.at.table, std::slice::from_ref(&partition), self.lease.token) {
            // The reply may have been lost after the metastore acted: what it says now decides.
            Err(error @ MetastoreError::Unavailable { .. }) => match self.at.current(&partition.value) {
                Ok(Some(now)) if now == normal_location(&partition.location) => Ok(()),
                _ => Err(error.into()),
            },
            done => Ok(done?),
        }
    }

    fn before_the_swap(&self, value: &PartitionValue, staged: &StagedFiles<'_>) -> Result<(), LakeError> {
        // Lest one who slept past its lease publishes between the look at what is replaced and its replacement: of that nobody
        // would know that it has readers.
        self.at.metastore.fence_off(self.at.table, self.lease.token)?;
        if let Some(location) = self.at.current(value)? {
            self.retire(location)?;
        }
        self.must_still_be_there(staged)
    }

    /// Records in the ledger that readers are about to leave a location.
    pub(super) fn retire(&self, location: String) -> Result<(), LakeError> {
        Ok(self.ledger.retire(self.lease, &RetiredPath { location, at: self.clock.now() })?)
    }

    fn parameters(&self, staged: &StagedFiles<'_>) -> Parameters {
        let fingerprint = staged.schema().fingerprint().to_string();
        partition_parameters(staged.extent(), Some(self.run), Some(&fingerprint))
    }

    /// Checks that the staged files are there, and whole: a sweep by a run whose lease was lost may have come between.
    fn must_still_be_there(&self, staged: &StagedFiles<'_>) -> Result<(), LakeError> {
        for file in staged.files() {
            let key = staged.folder().key(&file.name);
            let found = self.at.store.head(&key)?.size;
            if found != file.bytes {
                return Err(LakeError::Cut { key, found, written: file.bytes });
            }
        }
        Ok(())
    }
}

/// Returns the parameters of a partition: counts of its files, the run that wrote them, and the table's columns at that time.
pub(super) fn partition_parameters(extent: Extent, run: Option<RunId>, schema_fingerprint: Option<&str>) -> Parameters {
    let Extent { files, bytes, rows } = extent;
    let counts = [("numRows", rows), ("numFiles", files), ("totalSize", bytes)].map(|(key, count)| (key, count.to_string()));
    let run = run.map(|run| (RUN, run.to_string()));
    let schema = schema_fingerprint.map(|fingerprint| (PARTITION_SCHEMA, fingerprint.to_owned()));
    counts.into_iter().chain(run).chain(schema).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Returns the parameter with the names in the source, if they are known.
fn source_names(evolution: &Evolution) -> Option<(String, String)> {
    Some((SOURCE_NAMES.to_owned(), evolution.source_names.as_ref()?.to_text()))
}
