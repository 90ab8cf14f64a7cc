//! The catalog as a trait.

use crate::identity::FencingToken;
use crate::schema::TableSchema;

use super::{Database, MetastoreError, Parameters, Partition, PartitionValue, Registered, Table, TableName};

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
