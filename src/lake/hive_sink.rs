//! A Hive table as a sink. Its slices are dates, or it is one slice; a commit replaces one.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::catchup::{Lease, Ledger, Slice};
use crate::identity::{Clock, RunId};
use crate::metastore::{PartitionValue, Table, TableName};
use crate::schema::{ColumnName, Evolution, TableSchema};
use crate::sink::{Changes, Commit, Committed, Extent, Reverted, Revision, SinkTable, TableSink};
use crate::store::Tags;

use super::{FileSettings, LakeError, StagedFiles, TableHandle};

/// A table with the handles to publish to it and to sweep it: see `publish.rs` and `sweep.rs`.
#[derive(Clone, Copy)]
pub struct HiveSink<'a> {
    /// Table with its store and metastore.
    pub at: TableHandle<'a>,
    /// Ledger that records replaced locations and the time of each.
    pub ledger: &'a dyn Ledger,
    /// Lease that gives the run the right to work on the table.
    pub lease: &'a Lease,
    /// Run that works on the table.
    pub run: RunId,
    /// True if the table holds personal data; its files are tagged with this.
    pub pii: bool,
    /// Settings of the files.
    pub files: FileSettings,
    /// Clock by which replaced files are retained.
    pub clock: &'a dyn Clock,
}

impl HiveSink<'_> {
    /// Returns the tags of the table's files; access rights depend on these tags.
    pub fn tags(&self) -> Tags {
        let TableName { database, table } = self.at.table;
        Tags::from([("pii", self.pii.to_string()), ("db", database.to_string()), ("table", table.to_string())])
    }
}

impl<'a> TableSink for HiveSink<'a> {
    type Error = LakeError;
    type Staged = StagedFiles<'a>;

    fn state(&self) -> Result<Option<SinkTable>, LakeError> {
        Ok(self.at.registered()?.map(|table| sink_table(&table)))
    }

    fn evolve(&self, evolution: &Evolution, personal: &BTreeSet<ColumnName>) -> Result<SinkTable, LakeError> {
        let location = self.ensure_table(evolution, personal)?;
        Ok(SinkTable { schema: evolution.after.clone(), personal: personal.clone(), location })
    }

    fn begin(&self, slice: &Slice, schema: &TableSchema) -> Result<StagedFiles<'a>, LakeError> {
        let value = self.value_of(slice)?;
        self.at.must_take(schema)?;
        let folder = self.run_folder(&value)?;
        Ok(StagedFiles::new((slice.clone(), value), folder, schema, self.files, self.at.layout.keys().row_day().cloned()))
    }

    fn supports(&self, _: &Commit<'_>) -> bool {
        true
    }

    fn commit(&self, table: &SinkTable, staged: &StagedFiles<'a>, commit: &Commit<'_>) -> Result<Committed, LakeError> {
        match commit {
            Commit::Replace => Ok(Committed { location: self.publish(table, staged)?, changes: Changes::default() }),
            Commit::Append | Commit::ReplaceFrom { .. } | Commit::Merge { .. } => self.combine(table, staged, commit),
        }
    }

    fn revert(&self, slice: &Slice, to: Option<&Revision>) -> Result<Reverted, LakeError> {
        let value = self.value_of(slice)?;
        match to {
            Some(revision) => self.send_back(&value, revision),
            None => {
                self.at.metastore.fence_off(self.at.table, self.lease.token)?;
                self.unpublish(&value)?;
                Ok(Reverted::Done(Extent::default()))
            }
        }
    }

    fn expire(&self, retention: SignedDuration) -> Result<usize, LakeError> {
        self.sweep_replaced(retention)
    }

    fn count(&self, slice: &Slice) -> Result<Option<Extent>, LakeError> {
        let location = self.at.current(&self.value_of(slice)?)?;
        let Some(folder) = location.and_then(|location| self.at.store.key_at(&location)) else { return Ok(None) };
        Ok(Some(self.at.rows_of_date(&folder)?.extent))
    }
}

impl HiveSink<'_> {
    pub(super) fn value_of(&self, slice: &Slice) -> Result<PartitionValue, LakeError> {
        let value = self.at.layout.keys().value_of(slice);
        value.ok_or_else(|| LakeError::Unsupported {
            table: self.at.table.to_string(),
            reason: format!("`{slice}` is no slice of it"),
            hint: "publish slices by the columns that the table is partitioned by".to_owned(),
        })
    }
}

fn sink_table(table: &Table) -> SinkTable {
    SinkTable { schema: table.schema.clone(), personal: table.personal(), location: table.location.clone() }
}
