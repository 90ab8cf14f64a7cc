//! Publishing of a date's files.

use std::collections::{BTreeMap, BTreeSet};

use crate::catchup::RetiredPath;
use crate::identity::RunId;
use crate::metastore::{Database, MetastoreError, Parameters, Partition, PartitionValue, Table};
use crate::schema::{ColumnName, Evolution};
use crate::sink::{Extent, SinkTable, StagedRows};
use crate::store::spelled_like;

use super::parameters::{OWNER, PARTITION_SCHEMA, RUN};
use super::published::TOGETHER;
use super::{COLUMNS, HiveSink, LakeError, PublishedDate, SOURCE_NAMES, StagedFiles};

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

    /// Swaps the date's partition to the folder of the staged files; those of a date with one for each day of its rows one after
    /// the other, and drops what is left of the replaced ones. Returns the new location.
    ///
    /// The ledger records the replaced location before the swap, so that its files are retained for its readers.
    pub(super) fn publish(&self, table: &SinkTable, staged: &StagedFiles<'_>) -> Result<String, LakeError> {
        let value = staged.value();
        let location = staged.folder().location();
        self.before_the_swap(value, staged).inspect_err(|_| staged.abort())?;
        let fingerprint = staged.schema().fingerprint().to_string();
        let written = DateFiles { folders: staged.folders(), run: Some(self.run), schema_fingerprint: Some(&fingerprint) };
        self.swap(value, &location, &table.location, &written)?;
        Ok(location)
    }

    /// Swaps the partitions of a date to the folders in `location`, spelled like `spelling`.
    pub(super) fn swap(
        &self,
        value: &PartitionValue,
        location: &str,
        spelling: &str,
        written: &DateFiles<'_>,
    ) -> Result<(), LakeError> {
        let partitions = self.partitions(value, &spelled_like(location, spelling), written);
        self.register(value, &partitions)?;
        if self.at.layout.keys().row_day().is_some() {
            let published = self.at.published(value)?;
            let is_new = |one: &&Partition| partitions.iter().any(|other| other.value == one.value);
            for stale in published.iter().flat_map(PublishedDate::partitions).filter(|one| !is_new(one)) {
                self.at.metastore.drop_partition(self.at.table, &stale.value, self.lease.token)?;
            }
        }
        Ok(())
    }

    /// Returns the partitions of a date whose files lie in the folders in `location`.
    fn partitions(&self, date: &PartitionValue, location: &str, written: &DateFiles<'_>) -> Vec<Partition> {
        let DateFiles { folders, run, schema_fingerprint } = written;
        let partition = |(name, extent): (&String, &Extent)| {
            let mut parameters = partition_parameters(*extent, *run, *schema_fingerprint);
            let Some(day) = self.at.layout.keys().row_day().and_then(|row_day| row_day.value_in(name)) else {
                return Partition { value: date.clone(), location: location.to_owned(), parameters };
            };
            parameters.insert(TOGETHER.to_owned(), folders.len().to_string());
            let value = PartitionValue::new(date.texts().iter().cloned().chain([day]).collect());
            Partition { value, location: format!("{}/{name}", location.trim_end_matches('/')), parameters }
        };
        folders.iter().map(partition).collect()
    }

    /// Registers partitions of a date. If the reply is lost, what the metastore says now decides.
    fn register(&self, date: &PartitionValue, partitions: &[Partition]) -> Result<(), LakeError> {
        match self.at.metastore.publish(self.at.table, partitions, self.lease.token) {
            // The reply may have been lost after the metastore acted.
            Err(error @ MetastoreError::Unavailable { .. }) => match self.at.published(date) {
                Ok(Some(now)) if partitions.iter().all(|wanted| now.has(wanted)) => Ok(()),
                _ => Err(error.into()),
            },
            done => Ok(done?),
        }
    }

    fn before_the_swap(&self, value: &PartitionValue, staged: &StagedFiles<'_>) -> Result<(), LakeError> {
        // Lest one who slept past its lease publishes between the look at what is replaced and its replacement: of that nobody
        // would know that it has readers.
        self.at.metastore.fence_off(self.at.table, self.lease.token)?;
        self.retire_all(value)?;
        self.must_still_be_there(staged)
    }

    /// Records in the ledger that readers are about to leave the locations of a date.
    pub(super) fn retire_all(&self, value: &PartitionValue) -> Result<(), LakeError> {
        self.at.locations(value)?.into_iter().try_for_each(|location| self.retire(location))
    }

    /// Records in the ledger that readers are about to leave a location.
    pub(super) fn retire(&self, location: String) -> Result<(), LakeError> {
        Ok(self.ledger.retire(self.lease, &RetiredPath { location, at: self.clock.now() })?)
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

/// Files of a date that are to be published.
pub(super) struct DateFiles<'w> {
    /// Their extent by the name of their folder in that of the attempt.
    pub(super) folders: BTreeMap<String, Extent>,
    /// Run that wrote them; none if another tool did.
    pub(super) run: Option<RunId>,
    /// Fingerprint of the table's columns at that time, if it is known.
    pub(super) schema_fingerprint: Option<&'w str>,
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
