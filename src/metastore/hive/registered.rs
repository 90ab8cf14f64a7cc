//! The locations of all tables and partitions of the service.

use hive_metastore as hms;
use pilota::FastStr;

use super::client::{Fallible, HiveMetastore};
use super::fault::Fault;
use crate::metastore::Registered;

/// Tables per call.
const BATCH: usize = 100;

impl HiveMetastore {
    pub(super) async fn all_registered_below(&self, folder: &str) -> Fallible<Vec<Registered>> {
        self.registered(folder).await.map_err(|fault| self.failed("list locations", fault))
    }

    async fn registered(&self, folder: &str) -> Result<Vec<Registered>, Fault> {
        let mut found = Vec::new();
        for database in self.connections.read(|client| async move { client.get_all_databases().await }).await? {
            let tables = self.connections.read(|client| {
                let database = database.clone();
                async move { client.get_all_tables(database).await }
            });
            for names in tables.await?.chunks(BATCH) {
                for table in self.tables_by_names(&database, names).await? {
                    found.extend(self.registered_by(folder, &database, &table).await?);
                }
            }
        }
        Ok(found)
    }

    async fn tables_by_names(&self, database: &FastStr, names: &[FastStr]) -> Result<Vec<hms::Table>, Fault> {
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let (database, names) = (database.clone(), names.to_vec());
            async move { client.get_table_objects_by_name(database, names).await }
        };
        self.connections.read(call).await
    }

    async fn registered_by(&self, folder: &str, database: &FastStr, table: &hms::Table) -> Result<Vec<Registered>, Fault> {
        let Some(name) = &table.table_name else { return Ok(Vec::new()) };
        let full = format!("{database}.{name}");
        if table.partition_keys.as_ref().is_none_or(Vec::is_empty) {
            let own = location(table.sd.as_ref());
            return Ok(own.and_then(|own| Registered::below(folder, full, own, false)).into_iter().collect());
        }
        let partitions = match self.partitions_in(&(database.clone(), name.clone())).await {
            // It was dropped in the meantime.
            Err(Fault::Missing) => Vec::new(),
            partitions => partitions?,
        };
        let locations = partitions.iter().filter_map(|partition| location(partition.sd.as_ref()));
        Ok(locations.filter_map(|at| Registered::below(folder, full.clone(), at, true)).collect())
    }
}

fn location(descriptor: Option<&hms::StorageDescriptor>) -> Option<&str> {
    descriptor?.location.as_deref()
}
