//! Reading, publishing and dropping of a table's partitions, in batches.

use futures::stream::{self, StreamExt, TryStreamExt};
use hive_metastore as hms;
use pilota::{AHashMap, FastStr};

use crate::identity::FencingToken;
use crate::store::normal_location;

use super::client::{Fallible, HiveMetastore};
use super::convert::{self, text};
use super::fault::Fault;
use crate::metastore::{MetastoreError, Partition, PartitionValue, TableName};

/// Partitions per call. A service takes seconds for 1,000, and keeps a transaction of its database open for that time.
const BATCH: usize = 500;
/// Calls made in parallel.
const CONCURRENT: usize = 4;

const PUBLISH: &str = "publish partitions";

type Names = Vec<FastStr>;
/// A database and a table in it.
pub(super) type Place = (FastStr, FastStr);

impl HiveMetastore {
    pub(super) async fn all_partitions(&self, name: &TableName) -> Fallible<Vec<Partition>> {
        const ACTION: &str = "list partitions";
        let table = self.existing(ACTION, name).await?;
        if convert::is_whole(&table) {
            return Ok(vec![convert::as_partition(&table)]);
        }
        let found = self.partitions_in(&place(name)).await.map_err(|fault| self.failed(ACTION, fault))?;
        let mut all: Vec<Partition> = found.iter().map(convert::partition_from).collect();
        all.sort_by(|a, b| a.value.cmp(&b.value));
        Ok(all)
    }

    /// Returns the partitions of a table of any name.
    pub(super) async fn partitions_in(&self, place: &Place) -> Result<Vec<hms::Partition>, Fault> {
        let names = self.connections.read(|client| {
            let (database, table) = place.clone();
            async move { client.get_partition_names(database, table, -1).await }
        });
        let batches = names.await?.chunks(BATCH).map(<[FastStr]>::to_vec).collect::<Vec<_>>();
        let found: Vec<Vec<hms::Partition>> =
            stream::iter(batches).map(|names| self.by_names(place, names)).buffered(CONCURRENT).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    pub(super) async fn one_partition(&self, name: &TableName, value: &PartitionValue) -> Fallible<Option<Partition>> {
        if value.is_none() {
            let found = self.find_table(name).await.map_err(|fault| self.failed("read a table", fault))?;
            return Ok(found.filter(convert::is_whole).map(|table| convert::as_partition(&table)));
        }
        let found = self.connections.read(|client| {
            let ((database, table), values) = (place(name), convert::values(value));
            async move { client.get_partition(database, table, values).await }
        });
        match found.await {
            Ok(found) => Ok(Some(convert::partition_from(&found))),
            Err(Fault::Missing) => Ok(None),
            Err(fault) => Err(self.failed("read a partition", fault)),
        }
    }

    /// Returns the existing partitions of these names.
    async fn by_names(&self, place: &Place, names: Names) -> Result<Vec<hms::Partition>, Fault> {
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let ((database, table), names) = (place.clone(), names.clone());
            async move { client.get_partitions_by_names(database, table, names).await }
        };
        self.connections.read(call).await
    }

    pub(super) async fn publish_all(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Fallible<()> {
        if let [to] = partitions
            && to.value.is_none()
        {
            return self.move_table(name, to, fence).await;
        }
        let table = &self.pass_fence(PUBLISH, name, fence).await?;
        if partitions.is_empty() {
            return Ok(());
        }
        stream::iter(partitions.chunks(BATCH))
            .map(|batch| self.publish_batch(name, table, batch, fence))
            .buffer_unordered(CONCURRENT)
            .try_collect::<()>()
            .await?;
        // The service has no transaction over the table and its partitions: where somebody took the fence in between, what we
        // have just done may have replaced theirs.
        self.pass_fence(PUBLISH, name, fence).await.map(drop)
    }

    /// Sends the readers of a table without partition columns to another folder, in one step with the check of its fence.
    async fn move_table(&self, name: &TableName, to: &Partition, fence: FencingToken) -> Fallible<()> {
        let decide = |table: &hms::Table, is_again| match convert::fence(table) {
            Some(found) if found > fence => Err(MetastoreError::Fenced { table: name.clone(), found: found.0, ours: fence.0 }),
            // It had acted, though no answer came.
            Some(_) if is_again && convert::as_partition(table).location == normal_location(&to.location) => Ok(None),
            _ => Ok(Some(convert::moved(convert::with_fence(table.clone(), fence), to))),
        };
        self.change(PUBLISH, name, decide).await.map(drop)
    }

    /// Adds missing partitions, and swaps existing ones.
    async fn publish_batch(
        &self,
        name: &TableName,
        table: &hms::Table,
        batch: &[Partition],
        fence: FencingToken,
    ) -> Fallible<()> {
        let failed = |fault| self.failed(PUBLISH, fault);
        let names = |some: &[&Partition]| some.iter().map(|one| convert::partition_name(table, &one.value)).collect::<Names>();
        let all: Vec<&Partition> = batch.iter().collect();
        // Somebody else may add one between our looking and our adding: then they are looked at once more.
        for is_last in [false, true] {
            let found = self.by_names(&place(name), names(&all)).await.map_err(failed)?;
            let is_there = |one: &&Partition| found.iter().any(|found| found.values == Some(convert::values(&one.value)));
            let (there, new): (Vec<_>, Vec<_>) = all.iter().copied().partition(is_there);
            if !there.is_empty() {
                self.alter_partitions(name, table, &there, &found).await.map_err(failed)?;
            }
            if new.is_empty() {
                return Ok(());
            }
            match self.add_partitions(name, table, &new).await {
                // It may be a later run's.
                Err(Fault::Exists) if !is_last => drop(self.pass_fence(PUBLISH, name, fence).await?),
                result => return result.map_err(failed),
            }
        }
        Ok(())
    }

    async fn add_partitions(&self, name: &TableName, table: &hms::Table, new: &[&Partition]) -> Result<(), Fault> {
        let (db_name, tbl_name) = place(name);
        let parts = new.iter().map(|one| convert::partition(table, one)).collect();
        let request = hms::AddPartitionsRequest {
            db_name,
            tbl_name,
            parts,
            if_not_exists: false,
            need_result: Some(false),
            cat_name: None,
        };
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let request = request.clone();
            async move { client.add_partitions_req(request).await }
        };
        self.connections.write(call, || self.are_there(name, table, new)).await.map(drop)
    }

    async fn alter_partitions(
        &self,
        name: &TableName,
        table: &hms::Table,
        there: &[&Partition],
        found: &[hms::Partition],
    ) -> Result<(), Fault> {
        let swapped = |one: &&Partition| {
            let mut swapped = convert::partition(table, one);
            swapped.create_time = found.iter().find(|found| found.values == swapped.values).and_then(|found| found.create_time);
            swapped
        };
        let parts: Vec<_> = there.iter().map(swapped).collect();
        // The numbers that we give are the truth; the service would list the files to count them.
        let properties = AHashMap::from_iter([(text("DO_NOT_UPDATE_STATS"), text("true"))]);
        let context = hms::EnvironmentContext { properties: Some(properties) };
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let ((database, table), parts, context) = (place(name), parts.clone(), context.clone());
            async move { client.alter_partitions_with_environment_context(database, table, parts, context).await }
        };
        self.connections.write(call, || self.are_there(name, table, there)).await.map(drop)
    }

    /// Returns true if all of these are registered at their locations now.
    async fn are_there(&self, name: &TableName, table: &hms::Table, wanted: &[&Partition]) -> Result<bool, Fault> {
        let names = wanted.iter().map(|one| convert::partition_name(table, &one.value)).collect();
        let found: Vec<_> = self.by_names(&place(name), names).await?.iter().map(convert::partition_from).collect();
        Ok(wanted
            .iter()
            .all(|one| found.iter().any(|found| found.value == one.value && found.location == normal_location(&one.location))))
    }

    pub(super) async fn drop_one(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Fallible<()> {
        const ACTION: &str = "drop a partition";
        self.pass_fence(ACTION, name, fence).await?;
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let ((database, table), values) = (place(name), convert::values(value));
            async move { client.drop_partition(database, table, values, false).await }
        };
        match self.connections.write(call, || async { Ok(false) }).await {
            Ok(_) | Err(Fault::Missing) => Ok(()),
            Err(fault) => Err(self.failed(ACTION, fault)),
        }
    }
}

fn place(name: &TableName) -> Place {
    (text(name.database.as_str()), text(name.table.as_str()))
}
