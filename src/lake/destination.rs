//! A table as a run reaches it.

use std::ops::Deref;

use crate::catchup::{Lease, Ledger};
use crate::identity::RunId;
use crate::metastore::TableName;
use crate::store::Tags;

use super::TablePlace;

/// A table, and what is needed to publish to it and to sweep it: see `publish.rs` and `sweep.rs`.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// Where it is.
    pub at: TablePlace<'a>,
    /// Which knows what was replaced, and when.
    pub ledger: &'a dyn Ledger,
    /// The right to work on it.
    pub lease: &'a Lease,
    /// The run that does.
    pub run: RunId,
    /// Whether it holds personal data, by which its files are tagged.
    pub pii: bool,
}

impl<'a> Deref for Destination<'a> {
    type Target = TablePlace<'a>;

    fn deref(&self) -> &TablePlace<'a> {
        &self.at
    }
}

impl Destination<'_> {
    /// What its files are tagged with; rights are given by these tags.
    pub fn tags(&self) -> Tags {
        let TableName { database, table } = self.table;
        Tags::from([("pii", self.pii.to_string()), ("db", database.to_string()), ("table", table.to_string())])
    }
}
