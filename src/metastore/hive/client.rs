//! The metastore's calls, without partitions.

use std::future::Future;
use std::time::Duration;

use backon::BackoffBuilder;
use hive_metastore as hms;
use pilota::AHashMap;

use crate::identity::{Clock, FencingToken, SystemClock};
use crate::metastore::{
    Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Registered, Table, TableName, spark_schema,
};
use crate::runtime;
use crate::schema::TableSchema;

use super::HiveSettings;
use super::connections::Connections;
use super::convert::{self, LAST_CHANGED, text};
use super::fault::Fault;

/// A Hive Metastore.
pub struct HiveMetastore {
    pub(super) connections: Connections,
}

/// Attempts at a change: if somebody else changes the table between our read and our write, it is read again.
const TRIES: usize = 5;
/// Age in seconds from which a change counts as older than the current second, though clocks differ a little.
const SETTLED: i64 = 2;

pub(super) type Fallible<T> = Result<T, MetastoreError>;

impl HiveMetastore {
    /// Opens the metastore without a call.
    pub fn open(settings: &HiveSettings) -> Self {
        let timeout = Duration::from_secs(settings.timeout_seconds.into());
        Self { connections: Connections::new(settings.uris.clone(), timeout) }
    }

    /// Returns the number of calls made so far.
    pub fn calls(&self) -> u64 {
        self.connections.calls()
    }

    pub(super) fn unavailable(&self, action: &'static str, reason: String) -> MetastoreError {
        MetastoreError::Unavailable { action, metastore: self.connections.describe(), reason }
    }

    pub(super) fn corrupt(&self, what: String) -> MetastoreError {
        MetastoreError::Corrupt { metastore: self.connections.describe(), what }
    }

    pub(super) fn no_such_table(&self, name: &TableName) -> MetastoreError {
        MetastoreError::NoSuchTable { table: name.clone(), metastore: self.connections.describe() }
    }

    pub(super) fn failed(&self, action: &'static str, fault: Fault) -> MetastoreError {
        let reason = match fault {
            Fault::Missing => "it does not exist".to_owned(),
            Fault::Exists => "it exists already".to_owned(),
            Fault::Refused(reason) | Fault::Types(reason) | Fault::Lost(reason) => reason,
        };
        self.unavailable(action, reason)
    }

    pub(super) fn wait<T>(&self, action: &'static str, call: impl Future<Output = Fallible<T>>) -> Fallible<T> {
        runtime::wait(call).map_err(|error| self.unavailable(action, error.to_string()))?
    }

    pub(super) async fn find_table(&self, name: &TableName) -> Result<Option<hms::Table>, Fault> {
        let (database, table) = (text(name.database.as_str()), text(name.table.as_str()));
        match self
            .connections
            .read(|client| {
                let (database, table) = (database.clone(), table.clone());
                async move { client.get_table(database, table).await }
            })
            .await
        {
            Ok(found) => Ok(Some(found)),
            Err(Fault::Missing) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    pub(super) async fn existing(&self, action: &'static str, name: &TableName) -> Fallible<hms::Table> {
        let found = self.find_table(name).await.map_err(|fault| self.failed(action, fault))?;
        found.ok_or_else(|| self.no_such_table(name))
    }

    /// Replaces `before` by `after`, once: if no answer comes, or somebody else changed the table in between, the caller must
    /// read and compare the table again before it writes again.
    pub(super) async fn alter(&self, name: &TableName, before: &hms::Table, mut after: hms::Table) -> Result<(), Fault> {
        let mut context = AHashMap::from_iter([(text("DO_NOT_UPDATE_STATS"), text("true"))]);
        if let Some(last) = before.parameters.as_ref().and_then(|parameters| parameters.get(LAST_CHANGED)) {
            // The time, as Hive's own tools set it; no rule of adg depends on it. Never the same twice, so that the service sees
            // our change where another comes within the second.
            let next = last.parse::<i64>().unwrap_or_default() + 1;
            let now = SystemClock.now().as_second().max(next).to_string();
            after.parameters.get_or_insert_default().insert(text(LAST_CHANGED), text(now));
            context.insert(text(hms::EXPECTED_PARAMETER_KEY), text(LAST_CHANGED));
            context.insert(text(hms::EXPECTED_PARAMETER_VALUE), last.clone());
        }
        let context = hms::EnvironmentContext { properties: Some(context) };
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let (database, table) = (text(name.database.as_str()), text(name.table.as_str()));
            let (after, context) = (after.clone(), context.clone());
            async move { client.alter_table_with_environment_context(database, table, after, context).await }
        };
        self.connections.once(&call).await
    }

    /// Replaces the table by the result of `decide`, which is called again if somebody else changed the table first or no answer
    /// came; None leaves the table alone. Returns the table as it was before.
    pub(super) async fn change(
        &self,
        action: &'static str,
        name: &TableName,
        decide: impl Fn(&hms::Table, bool) -> Fallible<Option<hms::Table>>,
    ) -> Fallible<hms::Table> {
        let deadline = self.connections.write_deadline();
        let late = |_| self.unavailable(action, format!("no answer within {} seconds", deadline.as_secs()));
        tokio::time::timeout(deadline, self.change_in_time(action, name, decide)).await.map_err(late)?
    }

    pub(super) async fn change_in_time(
        &self,
        action: &'static str,
        name: &TableName,
        decide: impl Fn(&hms::Table, bool) -> Fallible<Option<hms::Table>>,
    ) -> Fallible<hms::Table> {
        let mut lost = None;
        for (tries, pause) in self.connections.retries().with_max_times(TRIES).build().enumerate() {
            let found = self.settled(action, name).await?;
            let Some(wanted) = decide(&found, tries > 0)? else { return Ok(found) };
            match self.alter(name, &found, wanted).await {
                Ok(()) => return Ok(found),
                Err(Fault::Types(reason)) => {
                    let (table, metastore) = (name.clone(), self.connections.describe());
                    return Err(MetastoreError::TypeRefused { table, metastore, reason });
                }
                Err(fault) if fault.is_lost() => lost = Some(fault),
                Err(fault) if fault.is_conflict() => lost = None,
                Err(fault) => return Err(self.failed(action, fault)),
            }
            tokio::time::sleep(pause).await;
        }
        Err(lost.map_or_else(|| MetastoreError::Changed { table: name.clone() }, |fault| self.failed(action, fault)))
    }

    /// Returns the table once it has not changed for more than a second. The service tells changes apart by the second in which
    /// they were made: of two in the same second, one may lie between our read and our write, and would be lost.
    pub(super) async fn settled(&self, action: &'static str, name: &TableName) -> Fallible<hms::Table> {
        let mut found = self.existing(action, name).await?;
        while convert::last_changed(&found).is_some_and(|second| second + SETTLED > SystemClock.now().as_second()) {
            tokio::time::sleep(Duration::from_millis(1050)).await;
            let again = self.existing(action, name).await?;
            // Whatever our clocks say of it: it would be another one by now.
            if convert::last_changed(&again) == convert::last_changed(&found) {
                return Ok(again);
            }
            found = again;
        }
        Ok(found)
    }

    /// Takes the table's fence and returns the table. Refused unless the caller holds the newest lease.
    pub(super) async fn pass_fence(&self, action: &'static str, name: &TableName, ours: FencingToken) -> Fallible<hms::Table> {
        let decide = |table: &hms::Table, _| match convert::fence(table) {
            Some(found) if found > ours => Err(MetastoreError::Fenced { table: name.clone(), found: found.0, ours: ours.0 }),
            Some(found) if found == ours && !convert::has_spark_statistics(table) => Ok(None),
            _ => Ok(Some(convert::with_fence(table.clone(), ours))),
        };
        // What has our fence already need not be settled: nothing is written.
        let found = self.existing(action, name).await?;
        match decide(&found, false)? {
            None => Ok(found),
            Some(_) => self.change(action, name, decide).await,
        }
    }
}

impl Metastore for HiveMetastore {
    fn check(&self) -> Fallible<String> {
        const ACTION: &str = "list databases";
        let databases = self.wait(ACTION, async {
            let all = self.connections.read(|client| async move { client.get_all_databases().await }).await;
            all.map_err(|fault| self.failed(ACTION, fault))
        })?;
        Ok(format!("Hive Metastore at {}, {} databases", self.connections.describe(), databases.len()))
    }

    fn create_database(&self, database: &Database) -> Fallible<()> {
        const ACTION: &str = "create a database";
        let wanted = convert::database(database);
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let wanted = wanted.clone();
            async move { client.create_database(wanted).await }
        };
        self.wait(ACTION, async {
            // Whether it is there is what the next try finds out by itself.
            match self.connections.write(call, || async { Ok(false) }).await {
                Ok(_) | Err(Fault::Exists) => Ok(()),
                Err(fault) => Err(self.failed(ACTION, fault)),
            }
        })
    }

    fn tables(&self) -> Fallible<Vec<TableName>> {
        const ACTION: &str = "list tables";
        self.wait(ACTION, async {
            let failed = |fault| self.failed(ACTION, fault);
            let mut names = Vec::new();
            let databases = self.connections.read(|client| async move { client.get_all_databases().await });
            for database in databases.await.map_err(failed)? {
                let tables = self.connections.read(|client| {
                    let database = database.clone();
                    async move { client.get_all_tables(database).await }
                });
                let tables = tables.await.map_err(failed)?;
                // Other tools' names may be none that adg could have made.
                names.extend(tables.iter().filter_map(|table| format!("{database}.{table}").parse().ok()));
            }
            names.sort();
            Ok(names)
        })
    }

    fn table(&self, name: &TableName) -> Fallible<Option<Table>> {
        const ACTION: &str = "read a table";
        let found = self.wait(ACTION, async { self.find_table(name).await.map_err(|fault| self.failed(ACTION, fault)) })?;
        let foreign = |what| MetastoreError::Foreign { table: name.clone(), metastore: self.connections.describe(), what };
        found.map(|found| convert::table_from(name, &found).map_err(foreign)).transpose()
    }

    fn create_table(&self, table: &Table) -> Fallible<()> {
        const ACTION: &str = "create a table";
        let wanted = convert::table(table);
        let call = |client: hms::ThriftHiveMetastoreClient| {
            let wanted = wanted.clone();
            async move { client.create_table(wanted).await }
        };
        let done = || async {
            let found = self.find_table(&table.name).await?;
            Ok(found.is_some_and(|found| convert::table_from(&table.name, &found).is_ok_and(|found| found == *table)))
        };
        self.wait(ACTION, async {
            match self.connections.write(call, done).await {
                Ok(_) => Ok(()),
                Err(Fault::Exists) => {
                    Err(MetastoreError::TableExists { table: table.name.clone(), metastore: self.connections.describe() })
                }
                Err(fault) => Err(self.failed(ACTION, fault)),
            }
        })
    }

    fn alter_table(&self, name: &TableName, before: &TableSchema, after: &TableSchema, set: &Parameters) -> Fallible<()> {
        const ACTION: &str = "alter a table";
        let decide = |found: &hms::Table, is_again| {
            let now = convert::schema(found).map_err(|what| self.corrupt(what))?;
            if is_again && now == *after && convert::has_parameters(found, set) {
                // It had acted, though no answer came.
                return Ok(None);
            }
            if now != *before {
                return Err(MetastoreError::Changed { table: name.clone() });
            }
            let mut wanted = convert::with_columns(found.clone(), after, set);
            convert::change_parameters(&mut wanted, |all| spark_schema::follow(all, before, after))
                .map_err(|what| self.corrupt(what))?;
            Ok(Some(wanted))
        };
        self.wait(ACTION, self.change(ACTION, name, decide)).map(drop)
    }

    fn partitions(&self, name: &TableName) -> Fallible<Vec<Partition>> {
        self.wait("list partitions", self.all_partitions(name))
    }

    fn registered_below(&self, folder: &str) -> Fallible<Vec<Registered>> {
        self.wait("list locations", self.all_registered_below(folder))
    }

    fn partition(&self, name: &TableName, value: &PartitionValue) -> Fallible<Option<Partition>> {
        self.wait("read a partition", self.one_partition(name, value))
    }

    fn publish(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Fallible<()> {
        self.wait("publish partitions", self.publish_all(name, partitions, fence))
    }

    fn drop_partition(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Fallible<()> {
        self.wait("drop a partition", self.drop_one(name, value, fence))
    }
}
