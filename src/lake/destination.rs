//! The table that a run publishes to.

use std::ops::Deref;

use crate::catchup::{Lease, Ledger};
use crate::identity::RunId;
use crate::metastore::TableName;
use crate::store::Tags;

use super::TablePlace;

/// A table with the handles to publish to it and to sweep it: see `publish.rs` and `sweep.rs`.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// Table with its store and metastore.
    pub at: TablePlace<'a>,
    /// Ledger that records replaced locations and the time of each.
    pub ledger: &'a dyn Ledger,
    /// Lease that gives the run the right to work on the table.
    pub lease: &'a Lease,
    /// Run that works on the table.
    pub run: RunId,
    /// True if the table holds personal data; its files are tagged with this.
    pub pii: bool,
}

impl<'a> Deref for Destination<'a> {
    type Target = TablePlace<'a>;

    fn deref(&self) -> &TablePlace<'a> {
        &self.at
    }
}

impl Destination<'_> {
    /// Returns the tags of the table's files; access rights depend on these tags.
    pub fn tags(&self) -> Tags {
        let TableName { database, table } = self.table;
        Tags::from([("pii", self.pii.to_string()), ("db", database.to_string()), ("table", table.to_string())])
    }
}
