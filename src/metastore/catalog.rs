//! The metastore trait.

use crate::identity::FencingToken;
use crate::schema::TableSchema;

use super::{Database, MetastoreError, Parameters, Partition, PartitionValue, Registered, Table, TableName};

/// A catalog of databases, tables and partitions.
pub trait Metastore: Send + Sync {
    /// Checks that the metastore answers. Returns a description of it.
    ///
    /// # Errors
    /// The metastore does not answer, or denies access.
    fn check(&self) -> Result<String, MetastoreError>;

    /// Creates the database unless it exists.
    ///
    /// # Errors
    /// The metastore fails.
    fn create_database(&self, database: &Database) -> Result<(), MetastoreError>;

    /// Returns the names of all tables, ordered by database and name.
    ///
    /// # Errors
    /// The metastore fails.
    fn tables(&self) -> Result<Vec<TableName>, MetastoreError>;

    /// Returns the table, if it exists.
    ///
    /// # Errors
    /// [`MetastoreError::Corrupt`] if the table has something that this version does not understand; or the metastore fails.
    fn table(&self, name: &TableName) -> Result<Option<Table>, MetastoreError>;

    /// Creates an external table.
    ///
    /// # Errors
    /// [`MetastoreError::TableExists`] if the table exists; its database does not exist; or the metastore fails.
    fn create_table(&self, table: &Table) -> Result<(), MetastoreError>;

    /// Replaces the columns of a table that still has the columns `before`, and sets `parameters`; keeps everything else of the
    /// table.
    ///
    /// # Errors
    /// [`MetastoreError::Changed`] if the table has other columns than `before`; the table does not exist; the metastore refuses
    /// the new type of a column, or fails.
    fn alter_table(
        &self,
        name: &TableName,
        before: &TableSchema,
        after: &TableSchema,
        parameters: &Parameters,
    ) -> Result<(), MetastoreError>;

    /// Returns all partitions of a table, ordered by value.
    ///
    /// # Errors
    /// The table does not exist; a partition has something that this version does not understand; the metastore fails.
    fn partitions(&self, name: &TableName) -> Result<Vec<Partition>, MetastoreError>;

    /// Returns the partitions whose values begin with these, ordered by value; none if the table does not exist.
    ///
    /// # Errors
    /// A partition has something that this version does not understand; the metastore fails.
    fn partitions_of(&self, name: &TableName, first: &PartitionValue) -> Result<Vec<Partition>, MetastoreError> {
        if self.table(name)?.is_none() {
            return Ok(Vec::new());
        }
        let mut found = self.partitions(name)?;
        found.retain(|partition| partition.value.texts().starts_with(first.texts()));
        Ok(found)
    }

    /// Returns all locations at or below `folder` at which tables and partitions of any database and owner are registered, and
    /// locations above it of tables without partitions, which read all files below. `folder` is as
    /// [`crate::store::normal_location`] writes it. If some of them can't be read, the call fails rather than omit them.
    ///
    /// # Errors
    /// The metastore fails, or denies access to a database or table of any owner.
    fn registered_below(&self, folder: &str) -> Result<Vec<Registered>, MetastoreError>;

    /// Returns one partition, if it exists.
    ///
    /// # Errors
    /// The partition has something that this version does not understand; the metastore fails.
    fn partition(&self, name: &TableName, value: &PartitionValue) -> Result<Option<Partition>, MetastoreError>;

    /// Adds each partition, or swaps the one of that value to the new location: in one step for each, so that a reader sees its
    /// old files or its new ones. Properties of the only partition of a table are added to those of the table. Refused if a
    /// holder of a later lease has published to the table. Values are unique. Removes Spark's statistics from the table's
    /// properties, since they describe other files.
    ///
    /// # Errors
    /// [`MetastoreError::Fenced`] if a later run has set the fence; the table does not exist; the metastore fails. Unless it
    /// [fences in one step](Self::fences_in_one_step), some partitions may be swapped by then.
    fn publish(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Result<(), MetastoreError>;

    /// Stops holders of earlier leases from publishing to the table: partitions that are read afterwards stay as they are until
    /// we change them. Refused if a holder of a later lease has published.
    ///
    /// # Errors
    /// [`MetastoreError::Fenced`] if a later run has set the fence; the table does not exist; the metastore fails.
    fn fence_off(&self, name: &TableName, fence: FencingToken) -> Result<(), MetastoreError> {
        self.publish(name, &[], fence)
    }

    /// Returns true if a publish and the check of its fence are one step. If they are not, a run that sleeps between them
    /// publishes, when it wakes, files that a later run has long replaced.
    fn fences_in_one_step(&self) -> bool {
        false
    }

    /// Drops a partition; a missing one is not an error. Files are left alone. It is not called for the only partition of a table
    /// without partition columns.
    ///
    /// # Errors
    /// [`MetastoreError::Fenced`] if a later run has set the fence; the table does not exist; the metastore fails.
    fn drop_partition(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Result<(), MetastoreError>;
}
