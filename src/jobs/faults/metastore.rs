//! The metastore behind the gate.

use std::fmt::Display;

use crate::identity::FencingToken;
use crate::metastore::{
    Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Registered, SqliteMetastore, Table, TableName,
};
use crate::schema::TableSchema;

use super::call::{Call, Process, nothing};

/// The metastore as a process reaches it.
pub(super) struct GatedMetastore {
    pub inner: SqliteMetastore,
    pub process: Process,
    /// True if the fence check and the publish are one step. Else as in Hive and Glue: the fence, the publish of each
    /// partition, and the fence again.
    pub in_one_step: bool,
}

type Result<T> = std::result::Result<T, MetastoreError>;

impl GatedMetastore {
    fn pass<T>(&self, action: &'static str, on: impl Display, act: impl FnMut() -> Result<T>) -> Result<T> {
        let failed = |reason| MetastoreError::Unavailable { action, metastore: "behind the gate".to_owned(), reason };
        self.process.pass_now(Call { service: "metastore", action, on: on.to_string() }, failed, act, nothing)
    }
}

impl Metastore for GatedMetastore {
    fn check(&self) -> Result<String> {
        self.pass("check", "", || self.inner.check())
    }

    fn create_database(&self, database: &Database) -> Result<()> {
        self.pass("create database", &database.name, || self.inner.create_database(database))
    }

    fn tables(&self) -> Result<Vec<TableName>> {
        self.pass("tables", "", || self.inner.tables())
    }

    fn table(&self, name: &TableName) -> Result<Option<Table>> {
        self.pass("table", name, || self.inner.table(name))
    }

    fn create_table(&self, table: &Table) -> Result<()> {
        self.pass("create table", &table.name, || self.inner.create_table(table))
    }

    fn alter_table(&self, name: &TableName, before: &TableSchema, after: &TableSchema, parameters: &Parameters) -> Result<()> {
        self.pass("alter table", name, || self.inner.alter_table(name, before, after, parameters))
    }

    fn partitions(&self, name: &TableName) -> Result<Vec<Partition>> {
        self.pass("partitions", name, || self.inner.partitions(name))
    }

    fn registered_below(&self, folder: &str) -> Result<Vec<Registered>> {
        self.pass("registered below", folder, || self.inner.registered_below(folder))
    }

    fn partition(&self, name: &TableName, value: &PartitionValue) -> Result<Option<Partition>> {
        self.pass("partition", format!("{name} {value}"), || self.inner.partition(name, value))
    }

    fn publish(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Result<()> {
        let values: Vec<String> = partitions.iter().map(|partition| partition.value.to_string()).collect();
        let on = format!("{name} {}", values.join(" "));
        if self.in_one_step || partitions.is_empty() {
            return self.pass("publish", on, || self.inner.publish(name, partitions, fence));
        }
        self.pass("fence", &on, || self.inner.fence_off(name, fence))?;
        for partition in partitions {
            let on = format!("{name} {}", partition.value);
            self.pass("publish", on, || self.inner.publish_unfenced(name, std::slice::from_ref(partition)))?;
        }
        self.pass("fence", &on, || self.inner.fence_off(name, fence))
    }

    fn fences_in_one_step(&self) -> bool {
        self.in_one_step
    }

    fn drop_partition(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Result<()> {
        self.pass("drop partition", format!("{name} {value}"), || self.inner.drop_partition(name, value, fence))
    }
}
