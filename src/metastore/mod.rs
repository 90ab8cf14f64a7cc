//! The catalog that readers ask: databases, tables, columns, and where each partition's files are.
//!
//! The notions are Hive's. Every backend passes `conformance`.

#[cfg(test)]
mod conformance;
mod ddl;
mod glue;
mod hive;
mod spark_schema;
mod spark_statistics;
mod sqlite;
mod table;

use crate::identity::FencingToken;
use crate::schema::TableSchema;

pub use ddl::create_table as create_table_ddl;
pub use glue::{GlueMetastore, GlueSettings};
pub use hive::{HiveMetastore, HiveSettings, ThriftUri};
pub use sqlite::SqliteMetastore;
pub use table::{Database, PERSONAL, Parameters, Partition, PartitionValue, Registered, Table, TableName};

/// Why the metastore did not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MetastoreError {
    /// The table is not there.
    #[error("the table {table} does not exist in the metastore {metastore}")]
    NoSuchTable {
        /// The table.
        table: TableName,
        /// Which metastore.
        metastore: String,
    },
    /// Somebody made the table in the meantime.
    #[error("the table {table} already exists in the metastore {metastore}")]
    TableExists {
        /// The table.
        table: TableName,
        /// Which metastore.
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
        /// Which metastore.
        metastore: String,
        /// What it says.
        reason: String,
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
    /// We may not.
    #[error("failed to {action} in the metastore {metastore}: access denied: {reason}")]
    Denied {
        /// What was being done.
        action: &'static str,
        /// Which metastore.
        metastore: String,
        /// What it says.
        reason: String,
        /// What would allow it.
        hint: String,
    },
    /// The metastore can't be reached or read.
    #[error("failed to {action} in the metastore {metastore}: {reason}")]
    Unavailable {
        /// What was being done.
        action: &'static str,
        /// Which metastore.
        metastore: String,
        /// What its backend says.
        reason: String,
    },
    /// The metastore holds something that can't be understood.
    #[error("the metastore {metastore} holds {what}, which this version does not understand")]
    Corrupt {
        /// Which metastore.
        metastore: String,
        /// What was found.
        what: String,
    },
}

impl MetastoreError {
    /// What to try.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Denied { hint, .. } => Some(hint.clone()),
            // Hive refuses any change of a struct, unless its service is told not to.
            Self::TypeRefused { .. } => Some(
                "set hive.metastore.disallow.incompatible.col.type.changes=false at the metastore, or leave new members of objects out with `evolution.new_column: ignore`".into(),
            ),
            _ => None,
        }
    }
}

/// The catalog.
pub trait Metastore: Send + Sync {
    /// Asks whether it answers. Gives what it says that it is.
    fn check(&self) -> Result<String, MetastoreError>;

    /// Creates the database unless it is there.
    fn create_database(&self, database: &Database) -> Result<(), MetastoreError>;

    /// The names of all tables, by database and name.
    fn tables(&self) -> Result<Vec<TableName>, MetastoreError>;

    /// The table, if it is there.
    fn table(&self, name: &TableName) -> Result<Option<Table>, MetastoreError>;

    /// Creates an external table.
    fn create_table(&self, table: &Table) -> Result<(), MetastoreError>;

    /// Replaces the columns of a table that still has the columns `before`, and sets `parameters`; everything else of the table
    /// is kept.
    fn alter_table(
        &self,
        name: &TableName,
        before: &TableSchema,
        after: &TableSchema,
        parameters: &Parameters,
    ) -> Result<(), MetastoreError>;

    /// All partitions of a table, by value.
    fn partitions(&self, name: &TableName) -> Result<Vec<Partition>, MetastoreError>;

    /// All places below `folder` that tables and partitions of any database and owner are registered at, and what lies above it
    /// where a table without partitions reads all of it. `folder` is as [`crate::store::normal_location`] writes it. An answer
    /// that leaves out what can't be read is an error.
    fn registered_below(&self, folder: &str) -> Result<Vec<Registered>, MetastoreError>;

    /// One partition, if it is there.
    fn partition(&self, name: &TableName, value: &PartitionValue) -> Result<Option<Partition>, MetastoreError>;

    /// Adds each partition, or swings the one of that value to the new location: in one step for each, so that a reader sees
    /// its old files or its new ones. Refused where a holder of a later lease has published to the table. Values are unique.
    /// Statistics of Spark's among the table's properties are removed, since they are those of other files.
    fn publish(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Result<(), MetastoreError>;

    /// Lets nobody with an earlier lease publish to the table from now on: what is read of its partitions afterwards stays true until
    /// we change it. Refused where a holder of a later lease has published.
    fn fence_off(&self, name: &TableName, fence: FencingToken) -> Result<(), MetastoreError> {
        self.publish(name, &[], fence)
    }

    /// Whether a publish and the look at its fence are one step. Where they are not, one who fell asleep between them publishes,
    /// when it wakes, what a later run has long replaced.
    fn fences_in_one_step(&self) -> bool {
        false
    }

    /// Drops a partition; one that is not there is no error. Files are left alone.
    fn drop_partition(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Result<(), MetastoreError>;
}
