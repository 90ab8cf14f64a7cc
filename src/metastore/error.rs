//! Errors of the metastore.

use crate::identity::{ErrorKind, Explain, hints};
use crate::schema::ColumnName;

use super::TableName;

/// A failed request to the metastore. Nothing was changed, but by a publish of many partitions: some may be published.
#[derive(Debug, thiserror::Error)]
pub enum MetastoreError {
    /// The table does not exist.
    #[error("the table {table} does not exist in the metastore {metastore}")]
    NoSuchTable {
        /// The table.
        table: TableName,
        /// Metastore.
        metastore: String,
    },
    /// Somebody created the table in the meantime.
    #[error("the table {table} already exists in the metastore {metastore}")]
    TableExists {
        /// The table.
        table: TableName,
        /// Metastore.
        metastore: String,
    },
    /// Somebody changed the table's columns since they were read.
    #[error("the columns of {table} were changed by somebody else in the meantime")]
    Changed {
        /// The table.
        table: TableName,
    },
    /// The metastore does not let a column have that type.
    #[error("the metastore {metastore} refuses to change types of columns of {table}: {reason}")]
    TypeRefused {
        /// The table.
        table: TableName,
        /// Metastore.
        metastore: String,
        /// Message of the metastore.
        reason: String,
    },
    /// The type of a column is longer than the metastore's limit.
    #[error(
        "the type of the column `{column}` of {table} has {length} bytes, and the metastore {metastore} takes at most {most}"
    )]
    TypeTooLong {
        /// The table.
        table: TableName,
        /// The column.
        column: ColumnName,
        /// Metastore.
        metastore: String,
        /// Length of the type.
        length: usize,
        /// The limit.
        most: usize,
    },
    /// Another tool's table has something that adg can't publish to.
    #[error("the table {table} in the metastore {metastore} has {what}, which adg can't publish to")]
    Foreign {
        /// The table.
        table: TableName,
        /// Metastore.
        metastore: String,
        /// The part of it that adg does not support.
        what: String,
    },
    /// A later holder of the module's lease has published to the table.
    #[error("a later run has published to {table} (its fencing token is {found}, ours {ours}): this run slept past its lease")]
    Fenced {
        /// The table.
        table: TableName,
        /// The highest token that published.
        found: u64,
        /// Our token.
        ours: u64,
    },
    /// The caller lacks the rights.
    #[error("failed to {action} in the metastore {metastore}: access denied: {reason}")]
    Denied {
        /// Failed action.
        action: &'static str,
        /// Metastore.
        metastore: String,
        /// Message of the metastore.
        reason: String,
        /// Rights or settings that would allow it.
        hint: String,
    },
    /// The metastore can't be reached or read.
    #[error("failed to {action} in the metastore {metastore}: {reason}")]
    Unavailable {
        /// Failed action.
        action: &'static str,
        /// Metastore.
        metastore: String,
        /// Message of the backend.
        reason: String,
    },
    /// The metastore holds something that can't be understood.
    #[error("the metastore {metastore} holds {what}, which this version does not understand")]
    Corrupt {
        /// Metastore.
        metastore: String,
        /// Content that was not understood.
        what: String,
    },
}

impl Explain for MetastoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Fenced { .. } => ErrorKind::Held,
            Self::Denied { .. } => ErrorKind::Access,
            Self::Changed { .. } | Self::TableExists { .. } | Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::NoSuchTable { .. } => ErrorKind::Usage,
            Self::TypeRefused { .. } | Self::TypeTooLong { .. } => ErrorKind::Schema,
            Self::Corrupt { .. } | Self::Foreign { .. } => ErrorKind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Denied { hint, .. } => Some(hint.clone()),
            // Hive refuses any change of a struct, unless its service is told not to.
            Self::TypeRefused { .. } => Some(
                "set hive.metastore.disallow.incompatible.col.type.changes=false at the metastore, or leave new members of \
                 objects out with `evolution.new_column: ignore`"
                    .into(),
            ),
            Self::TypeTooLong { column, .. } => Some(format!(
                "declare `{column}` as map<string,string> or string in the module's `columns`, or leave new members out with \
                 `evolution.new_column: ignore`"
            )),
            Self::Foreign { .. } => Some(
                "give the module a table of its own (`target.database`, or another name of the collection), or change the table \
                 with the tool that made it"
                    .into(),
            ),
            Self::Fenced { .. } => Some(hints::LEASE_LOST.into()),
            Self::Corrupt { .. } => Some(hints::CORRUPT.into()),
            _ => None,
        }
    }
}
