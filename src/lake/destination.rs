//! A table as a run reaches it.

use crate::catchup::{Lease, Ledger};
use crate::identity::RunId;
use crate::metastore::{Metastore, PartitionValue, TableName};
use crate::store::{Store, Tags, normal_location};

use super::{LakeError, TableLayout};

/// A table, and what is needed to publish to it and to sweep it: see `publish.rs` and `sweep.rs`.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// Where its files are.
    pub store: &'a Store,
    /// Which says what readers are sent to.
    pub metastore: &'a dyn Metastore,
    /// Which knows what was replaced, and when.
    pub ledger: &'a dyn Ledger,
    /// The right to work on it.
    pub lease: &'a Lease,
    /// The run that does.
    pub run: RunId,
    /// Whether it holds personal data, by which its files are tagged.
    pub pii: bool,
    /// The table.
    pub table: &'a TableName,
    /// Its folders.
    pub layout: &'a TableLayout,
}

impl Destination<'_> {
    /// What its files are tagged with; rights are given by these tags.
    pub fn tags(&self) -> Tags {
        let TableName { database, table } = self.table;
        Tags::from([("pii", self.pii.to_string()), ("db", database.to_string()), ("table", table.to_string())])
    }

    /// Where readers of a partition are sent now.
    pub fn current(&self, value: &PartitionValue) -> Result<Option<String>, LakeError> {
        Ok(self.metastore.partition(self.table, value)?.map(|partition| normal_location(&partition.location)))
    }
}
