//! Implementation of the metastore trait for Glue.

use crate::identity::{CollectionName, FencingToken};
use crate::schema::TableSchema;

use super::super::{Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Registered, Table, TableName};

use super::refused::Task;

use super::convert;

use super::client::GlueMetastore;

impl Metastore for GlueMetastore {
    fn check(&self) -> Result<String, MetastoreError> {
        self.ask_for_a_database().map(|()| self.to_string()).map_err(self.failed(Task::CHECK, None))
    }

    fn create_database(&self, database: &Database) -> Result<(), MetastoreError> {
        match self.add_database(database) {
            Err(refused) if refused.already_exists() => Ok(()),
            // Who may not create databases is still told yes where somebody else did.
            Err(refused) if refused.is_denied() && self.has_database(&database.name) => Ok(()),
            done => done.map_err(self.failed(Task::CREATE_DATABASE, None)),
        }
    }

    fn tables(&self) -> Result<Vec<TableName>, MetastoreError> {
        let failed = self.failed(Task::LIST_TABLES, None);
        let mut names = Vec::new();
        for database in self.databases().map_err(&failed)? {
            // A name that adg can't say is of a database that it has no table in.
            let Ok(database) = database.name.parse::<CollectionName>() else { continue };
            let tables = self.tables_of(database.as_str()).map_err(&failed)?;
            let known = tables
                .iter()
                .filter(|table| convert::is_known(table))
                .filter_map(|table| table.name.parse::<CollectionName>().ok());
            names.extend(known.map(|table| TableName { database: database.clone(), table }));
        }
        names.sort();
        Ok(names)
    }

    fn table(&self, name: &TableName) -> Result<Option<Table>, MetastoreError> {
        let found = self.find(name).map_err(self.failed(Task::READ_TABLE, Some(name)))?;
        let foreign = |what| MetastoreError::Foreign { table: name.clone(), metastore: self.to_string(), what };
        found.map(|table| convert::table(name, &table).map_err(foreign)).transpose()
    }

    fn create_table(&self, table: &Table) -> Result<(), MetastoreError> {
        self.must_fit(&table.name, &table.schema)?;
        match self.add_table(table) {
            Err(refused) if refused.already_exists() => {
                Err(MetastoreError::TableExists { table: table.name.clone(), metastore: self.to_string() })
            }
            done => done.map_err(self.failed(Task::CREATE_TABLE, Some(&table.name))),
        }
    }

    fn alter_table(
        &self,
        name: &TableName,
        before: &TableSchema,
        after: &TableSchema,
        parameters: &Parameters,
    ) -> Result<(), MetastoreError> {
        self.must_fit(name, after)?;
        self.alter(name, before, after, parameters)
    }

    fn partitions(&self, name: &TableName) -> Result<Vec<Partition>, MetastoreError> {
        let found = match self.partitions_of(name) {
            Err(refused) if refused.is_not_found() => return Err(self.no_such_table(name)),
            found => found.map_err(self.failed(Task::LIST_PARTITIONS, Some(name)))?,
        };
        let mut partitions: Vec<Partition> = found.into_iter().map(convert::partition).collect();
        if partitions.is_empty() {
            partitions.extend(self.whole(name)?);
        }
        partitions.sort_by(|a, b| a.value.cmp(&b.value));
        Ok(partitions)
    }

    fn registered_below(&self, folder: &str) -> Result<Vec<Registered>, MetastoreError> {
        let mut found = Vec::new();
        for database in self.databases().map_err(self.failed(Task::LIST_TABLES, None))? {
            for table in self.tables_of(&database.name).map_err(self.failed(Task::LIST_TABLES, None))? {
                let name = format!("{}.{}", database.name, table.name);
                let is_partitioned = !table.partition_keys().is_empty();
                let own = table.storage_descriptor().and_then(|descriptor| descriptor.location());
                found.extend(own.filter(|_| !is_partitioned).and_then(|own| Registered::below(folder, name.clone(), own, false)));
                if !is_partitioned {
                    continue;
                }
                let partitions = self.partitions_in(&database.name, &table.name);
                for partition in partitions.map_err(self.failed(Task::LIST_PARTITIONS, None))? {
                    let at = partition.storage_descriptor().and_then(|descriptor| descriptor.location());
                    found.extend(at.and_then(|at| Registered::below(folder, name.clone(), at, true)));
                }
            }
        }
        Ok(found)
    }

    fn partition(&self, name: &TableName, value: &PartitionValue) -> Result<Option<Partition>, MetastoreError> {
        if value.is_none() {
            return self.whole(name);
        }
        let found = self.find_partition(name, value).map_err(self.failed(Task::READ_PARTITION, Some(name)))?;
        Ok(found.map(convert::partition))
    }

    fn publish(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Result<(), MetastoreError> {
        if let [to] = partitions
            && to.value.is_none()
        {
            return self.move_table(name, to, fence);
        }
        let table = self.pass_fence(Task::PUBLISH, name, fence)?;
        if partitions.is_empty() {
            return Ok(());
        }
        self.register(name, table, partitions, fence)?;
        // Glue has no transaction over the table and its partitions: where somebody took the fence in between, what we have just
        // done may have replaced theirs.
        self.pass_fence(Task::PUBLISH, name, fence).map(drop)
    }

    fn drop_partition(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Result<(), MetastoreError> {
        self.pass_fence(Task::DROP_PARTITION, name, fence)?;
        match self.remove_partition(name, value) {
            Err(refused) if refused.is_not_found() => Ok(()),
            done => done.map_err(self.failed(Task::DROP_PARTITION, Some(name))),
        }
    }
}

impl GlueMetastore {
    /// Returns the only partition of a table without partition columns; none if it has some.
    fn whole(&self, name: &TableName) -> Result<Option<Partition>, MetastoreError> {
        let found = self.find(name).map_err(self.failed(Task::READ_TABLE, Some(name)))?;
        Ok(found.and_then(|table| convert::as_partition(&table)))
    }
}
