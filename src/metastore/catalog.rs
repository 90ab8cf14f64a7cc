//! The metastore trait.

use crate::identity::FencingToken;
use crate::schema::TableSchema;

use super::{Database, MetastoreError, Parameters, Partition, PartitionValue, Registered, Table, TableName};

/// A catalog of databases, tables and partitions.
pub trait Metastore: Send + Sync {
    /// Checks that the metastore answers. Returns a description of it.
    fn check(&self) -> Result<String, MetastoreError>;

    /// Creates the database unless it exists.
    fn create_database(&self, database: &Database) -> Result<(), MetastoreError>;

    /// Returns the names of all tables, ordered by database and name.
    fn tables(&self) -> Result<Vec<TableName>, MetastoreError>;

    /// Returns the table, if it exists.
    fn table(&self, name: &TableName) -> Result<Option<Table>, MetastoreError>;

    /// Creates an external table.
    fn create_table(&self, table: &Table) -> Result<(), MetastoreError>;

    /// Replaces the columns of a table that still has the columns `before`, and sets `parameters`; keeps everything else of the
    /// table.
    fn alter_table(
        &self,
        name: &TableName,
        before: &TableSchema,
        after: &TableSchema,
        parameters: &Parameters,
    ) -> Result<(), MetastoreError>;

    /// Returns all partitions of a table, ordered by value.
    fn partitions(&self, name: &TableName) -> Result<Vec<Partition>, MetastoreError>;

    /// Returns all locations at or below `folder` at which tables and partitions of any database and owner are registered, and
    /// locations above it of tables without partitions, which read all files below. `folder` is as
    /// [`crate::store::normal_location`] writes it. If some of them can't be read, the call fails rather than omit them.
    fn registered_below(&self, folder: &str) -> Result<Vec<Registered>, MetastoreError>;

    /// Returns one partition, if it exists.
    fn partition(&self, name: &TableName, value: &PartitionValue) -> Result<Option<Partition>, MetastoreError>;

    /// Adds each partition, or swaps the one of that value to the new location: in one step for each, so that a reader sees its
    /// old files or its new ones. Refused if a holder of a later lease has published to the table. Values are unique. Removes
    /// Spark's statistics from the table's properties, since they describe other files.
    fn publish(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Result<(), MetastoreError>;

    /// Stops holders of earlier leases from publishing to the table: partitions that are read afterwards stay as they are until
    /// we change them. Refused if a holder of a later lease has published.
    fn fence_off(&self, name: &TableName, fence: FencingToken) -> Result<(), MetastoreError> {
        self.publish(name, &[], fence)
    }

    /// Returns true if a publish and the check of its fence are one step. If they are not, a run that sleeps between them
    /// publishes, when it wakes, files that a later run has long replaced.
    fn fences_in_one_step(&self) -> bool {
        false
    }

    /// Drops a partition; a missing one is not an error. Files are left alone.
    fn drop_partition(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Result<(), MetastoreError>;
}
