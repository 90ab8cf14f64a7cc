//! Places of tables, as the settings name them.

use crate::catchup::Slice;
use crate::config::{DatabaseTarget, HiveTarget};
use crate::database::postgres::TableRef;
use crate::identity::ProcessingDate;
use crate::lake::TableLayout;

/// Place of a table.
#[derive(Debug)]
pub(super) enum Place<'p> {
    /// Parquet files, and a table of the metastore.
    Hive { target: &'p HiveTarget, layout: TableLayout },
    /// A table of a database.
    Postgres { target: &'p DatabaseTarget, table: TableRef },
}

impl Place<'_> {
    /// Returns the table's name, for people.
    pub(super) fn table(&self) -> String {
        match self {
            Self::Hive { target, .. } => target.table.to_string(),
            Self::Postgres { table, .. } => table.to_string(),
        }
    }

    /// Returns the key of its settings in the sink's.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Hive { .. } => "hive",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Returns true if a run may replace any row of the table.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Hive { layout, .. } => layout.keys().is_whole(),
            Self::Postgres { .. } => true,
        }
    }

    /// Returns the part of the table that a run of that date replaces.
    pub(super) fn slice(&self, today: ProcessingDate) -> Slice {
        if self.is_whole() { Slice::Whole } else { today.into() }
    }

    /// Returns true if rows of one table would be those of the other too.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Hive { target, layout }, Self::Hive { target: other, layout: other_layout }) => {
                target.table == other.table || (target.store == other.store && layout.overlaps(other_layout))
            }
            (Self::Postgres { target, table }, Self::Postgres { target: other, table: other_table }) => {
                target.connection == other.connection && table == other_table
            }
            _ => false,
        }
    }
}
