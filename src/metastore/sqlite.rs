//! The embedded metastore: Hive's concepts in a SQLite file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::embedded::{self, Fault};
use crate::identity::FencingToken;
use crate::schema::{Column, ColumnName, TableSchema};

use super::{
    Database, Metastore, MetastoreError, Parameters, Partition, PartitionValue, Registered, Table, TableName, spark_statistics,
};

/// Migrations of the database: the n-th creates version n. A released one is never changed.
const MIGRATIONS: [&str; 1] = ["
create table if not exists databases (name text primary key, location text not null) without rowid;
create table if not exists tables (
    id integer primary key, database text not null references databases (name), name text not null, location text not null,
    partition_name text not null, partition_type text not null, parameters text not null, fence integer not null default 0,
    unique (database, name)
);
create table if not exists columns (
    table_id integer not null references tables (id), position integer not null, name text not null, type text not null,
    primary key (table_id, position), unique (table_id, name)
) without rowid;
create table if not exists partitions (
    table_id integer not null references tables (id), value text not null, location text not null, parameters text not null,
    primary key (table_id, value)
) without rowid;
"];

/// A metastore in one file, for one machine.
#[derive(Debug)]
pub struct SqliteMetastore {
    path: PathBuf,
    connection: Mutex<Connection>,
}

const PUBLISH: &str = "publish partitions";

type Sql<T> = rusqlite::Result<T>;

fn failed(action: &'static str, metastore: String, fault: Fault) -> MetastoreError {
    match fault {
        Fault::Passing(reason) => MetastoreError::Unavailable { action, metastore, reason },
        Fault::Denied(reason) => MetastoreError::Denied { action, metastore, reason, hint: embedded::DENIED_HINT.to_owned() },
        Fault::Unreadable(what) => MetastoreError::Corrupt { metastore, what },
    }
}

impl SqliteMetastore {
    /// Opens the metastore. Creates the file and its folder if they are missing.
    ///
    /// # Errors
    /// The file can't be opened, is not a SQLite database, or has a newer version.
    pub fn open(path: &Path) -> Result<Self, MetastoreError> {
        let connection = embedded::open(path, &MIGRATIONS).map_err(|fault| failed("open", path.display().to_string(), fault))?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection) })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unavailable(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> MetastoreError {
        let metastore = self.path.display().to_string();
        move |error| failed(action, metastore.clone(), Fault::of(&error))
    }

    fn corrupt(&self, what: impl Into<String>) -> MetastoreError {
        MetastoreError::Corrupt { metastore: self.path.display().to_string(), what: what.into() }
    }

    fn no_such_table(&self, name: &TableName) -> MetastoreError {
        MetastoreError::NoSuchTable { table: name.clone(), metastore: self.path.display().to_string() }
    }

    fn parameters(&self, json: &str) -> Result<Parameters, MetastoreError> {
        serde_json::from_str(json).map_err(|_| self.corrupt(format!("the parameters `{json}`")))
    }

    fn json(&self, parameters: &Parameters) -> Result<String, MetastoreError> {
        serde_json::to_string(parameters).map_err(|error| self.corrupt(error.to_string()))
    }

    fn column(&self, name: &str, ty: &str) -> Result<Column, MetastoreError> {
        let name = ColumnName::new(name).map_err(|error| self.corrupt(error.to_string()))?;
        Ok(Column::new(name, ty.parse().map_err(|error: crate::schema::TypeError| self.corrupt(error.to_string()))?))
    }

    /// Publishes regardless of the fence, as services do that can't check it and publish in one step.
    ///
    /// # Errors
    /// The table does not exist, or the file can't be written.
    #[cfg(test)]
    pub fn publish_unfenced(&self, name: &TableName, partitions: &[Partition]) -> Result<(), MetastoreError> {
        self.on_table(PUBLISH, name, |transaction, id| self.put_partitions(transaction, id, partitions))
    }

    fn put_partitions(&self, transaction: &Transaction<'_>, id: i64, partitions: &[Partition]) -> Result<(), MetastoreError> {
        for partition in partitions {
            if partition.value.is_none() {
                self.move_table(transaction, id, partition)?;
                continue;
            }
            let parameters = self.json(&partition.parameters)?;
            transaction
                .prepare_cached("insert or replace into partitions values (?1, ?2, ?3, ?4)")
                .and_then(|mut insert| insert.execute(params![id, stored(&partition.value), partition.location, parameters]))
                .map_err(self.unavailable(PUBLISH))?;
        }
        Ok(())
    }

    /// Sends the readers of a table without partition columns to another folder.
    fn move_table(&self, transaction: &Transaction<'_>, id: i64, to: &Partition) -> Result<(), MetastoreError> {
        let failed = self.unavailable(PUBLISH);
        let mut all = self.parameters_of(transaction, id)?;
        all.extend(to.parameters.clone());
        let moved = params![id, to.location, self.json(&all)?];
        let done = transaction.execute("update tables set location = ?2, parameters = ?3 where id = ?1", moved);
        done.map(drop).map_err(failed)
    }

    fn parameters_of(&self, transaction: &Transaction<'_>, id: i64) -> Result<Parameters, MetastoreError> {
        let json: String = transaction
            .prepare_cached("select parameters from tables where id = ?1")
            .and_then(|mut query| query.query_row([id], |row| row.get(0)))
            .map_err(self.unavailable("read a table"))?;
        self.parameters(&json)
    }

    /// Runs `work` on the id of a table, in a transaction that is rolled back if it fails.
    fn on_table<T>(
        &self,
        action: &'static str,
        name: &TableName,
        work: impl FnOnce(&Transaction<'_>, i64) -> Result<T, MetastoreError>,
    ) -> Result<T, MetastoreError> {
        let mut connection = self.connection();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(self.unavailable(action))?;
        let id = table_id(&transaction, name).map_err(self.unavailable(action))?;
        let id =
            id.ok_or_else(|| MetastoreError::NoSuchTable { table: name.clone(), metastore: self.path.display().to_string() })?;
        let done = work(&transaction, id)?;
        transaction.commit().map_err(self.unavailable(action))?;
        Ok(done)
    }

    fn schema_of(&self, connection: &Connection, id: i64) -> Result<TableSchema, MetastoreError> {
        let failed = self.unavailable("read columns");
        let mut query =
            connection.prepare_cached("select name, type from columns where table_id = ?1 order by position").map_err(&failed)?;
        let rows = query.query_map([id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).map_err(&failed)?;
        let mut columns = Vec::new();
        for row in rows {
            let (name, ty) = row.map_err(&failed)?;
            columns.push(self.column(&name, &ty)?);
        }
        Ok(TableSchema::new(columns))
    }

    /// Returns the texts that one column of the database holds.
    fn texts(&self, stored: String) -> Result<Vec<String>, MetastoreError> {
        if !stored.starts_with('[') {
            return Ok(vec![stored]);
        }
        serde_json::from_str(&stored).map_err(|_| self.corrupt(format!("the partition `{stored}`")))
    }

    fn partition_columns(&self, names: String, types: String) -> Result<Vec<Column>, MetastoreError> {
        let (names, types) = (self.texts(names)?, self.texts(types)?);
        names.iter().zip(&types).map(|(name, ty)| self.column(name, ty)).collect()
    }

    fn partition_from(&self, raw: (String, String, String)) -> Result<Partition, MetastoreError> {
        let (value, location, parameters) = raw;
        Ok(Partition { value: PartitionValue::new(self.texts(value)?), location, parameters: self.parameters(&parameters)? })
    }

    /// Returns the only partition of a table without partition columns; none if it has some.
    fn whole(&self, name: &TableName) -> Result<Option<Partition>, MetastoreError> {
        Ok(self.table(name)?.filter(|table| table.partition_by.is_empty()).map(|table| table.as_partition()))
    }

    fn remove_spark_statistics(&self, transaction: &Transaction<'_>, id: i64) -> Result<(), MetastoreError> {
        let failed = self.unavailable(PUBLISH);
        let mut all = self.parameters_of(transaction, id)?;
        let before = all.len();
        all.retain(|key, _| !spark_statistics::is_one(key));
        if all.len() < before {
            transaction
                .execute("update tables set parameters = ?2 where id = ?1", params![id, self.json(&all)?])
                .map_err(&failed)?;
        }
        Ok(())
    }

    /// Takes the table's fence, unless a later run has it.
    fn pass_fence(
        &self,
        transaction: &Transaction<'_>,
        id: i64,
        name: &TableName,
        fence: FencingToken,
    ) -> Result<(), MetastoreError> {
        let failed = self.unavailable("check the fence");
        let found: u64 = transaction
            .prepare_cached("select fence from tables where id = ?1")
            .and_then(|mut query| query.query_row([id], |row| row.get(0)))
            .map_err(&failed)?;
        if found > fence.0 {
            return Err(MetastoreError::Fenced { table: name.clone(), found, ours: fence.0 });
        }
        if found < fence.0 {
            transaction.execute("update tables set fence = ?2 where id = ?1", params![id, fence.0]).map_err(&failed)?;
        }
        Ok(())
    }
}

fn table_id(connection: &Connection, name: &TableName) -> Sql<Option<i64>> {
    connection
        .prepare_cached("select id from tables where database = ?1 and name = ?2")?
        .query_row([name.database.as_str(), name.table.as_str()], |row| row.get(0))
        .optional()
}

fn insert_columns(connection: &Connection, id: i64, schema: &TableSchema) -> Sql<()> {
    let mut insert = connection.prepare_cached("insert into columns values (?1, ?2, ?3, ?4)")?;
    for (position, column) in schema.columns().iter().enumerate() {
        insert.execute(params![id, position, column.name.as_str(), column.ty.to_string()])?;
    }
    Ok(())
}

/// Returns texts as one column of the database holds them: one as it is, several as JSON. Files of versions that knew one
/// partition column alone are read as they were written.
fn stored(texts: &PartitionValue) -> String {
    match texts.texts() {
        [text] if !text.starts_with('[') => text.clone(),
        texts => serde_json::Value::from(texts.to_vec()).to_string(),
    }
}

fn raw_partition(row: &Row<'_>) -> Sql<(String, String, String)> {
    Ok((row.get("value")?, row.get("location")?, row.get("parameters")?))
}

impl Metastore for SqliteMetastore {
    fn check(&self) -> Result<String, MetastoreError> {
        self.tables().map(|tables| format!("embedded in {}, {} tables", self.path.display(), tables.len()))
    }

    fn create_database(&self, database: &Database) -> Result<(), MetastoreError> {
        self.connection()
            .execute("insert or ignore into databases values (?1, ?2)", [database.name.as_str(), &database.location])
            .map(drop)
            .map_err(self.unavailable("create a database"))
    }

    fn tables(&self) -> Result<Vec<TableName>, MetastoreError> {
        let failed = self.unavailable("list tables");
        let connection = self.connection();
        let mut query = connection.prepare("select database, name from tables order by 1, 2").map_err(&failed)?;
        let rows = query
            .query_map([], |row| Ok(format!("{}.{}", row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(&failed)?;
        rows.map(|row| {
            let name = row.map_err(&failed)?;
            name.parse().map_err(|_| self.corrupt(format!("the table name `{name}`")))
        })
        .collect()
    }

    fn table(&self, name: &TableName) -> Result<Option<Table>, MetastoreError> {
        let connection = self.connection();
        let found = connection
            .prepare_cached(
                "select id, location, partition_name, partition_type, parameters from tables where database = ?1 and name = ?2",
            )
            .and_then(|mut query| {
                query
                    .query_row([name.database.as_str(), name.table.as_str()], |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get::<_, String>(2)?,
                            row.get::<_, String>(3)?,
                            row.get::<_, String>(4)?,
                        ))
                    })
                    .optional()
            })
            .map_err(self.unavailable("read a table"))?;
        let Some((id, location, key, key_type, parameters)) = found else { return Ok(None) };
        Ok(Some(Table {
            name: name.clone(),
            location,
            schema: self.schema_of(&connection, id)?,
            partition_by: self.partition_columns(key, key_type)?,
            parameters: self.parameters(&parameters)?,
        }))
    }

    fn create_table(&self, table: &Table) -> Result<(), MetastoreError> {
        let failed = self.unavailable("create a table");
        let parameters = self.json(&table.parameters)?;
        let names = PartitionValue::new(table.partition_by.iter().map(|column| column.name.to_string()).collect());
        let types = PartitionValue::new(table.partition_by.iter().map(|column| column.ty.to_string()).collect());
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        if table_id(&transaction, &table.name).map_err(&failed)?.is_some() {
            return Err(MetastoreError::TableExists { table: table.name.clone(), metastore: self.path.display().to_string() });
        }
        transaction
            .execute(
                "insert into tables (database, name, location, partition_name, partition_type, parameters) values (?1, ?2, ?3, \
                 ?4, ?5, ?6)",
                params![
                    table.name.database.as_str(),
                    table.name.table.as_str(),
                    table.location,
                    stored(&names),
                    stored(&types),
                    parameters
                ],
            )
            .and_then(|_| insert_columns(&transaction, transaction.last_insert_rowid(), &table.schema))
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }

    fn alter_table(
        &self,
        name: &TableName,
        before: &TableSchema,
        after: &TableSchema,
        parameters: &Parameters,
    ) -> Result<(), MetastoreError> {
        let failed = self.unavailable("alter a table");
        self.on_table("alter a table", name, |transaction, id| {
            if self.schema_of(transaction, id)? != *before {
                return Err(MetastoreError::Changed { table: name.clone() });
            }
            transaction
                .execute("delete from columns where table_id = ?1", [id])
                .and_then(|_| insert_columns(transaction, id, after))
                .map_err(&failed)?;
            let mut all = self.parameters_of(transaction, id)?;
            all.extend(parameters.clone());
            transaction
                .execute("update tables set parameters = ?2 where id = ?1", params![id, self.json(&all)?])
                .map(drop)
                .map_err(&failed)
        })
    }

    fn partitions(&self, name: &TableName) -> Result<Vec<Partition>, MetastoreError> {
        let failed = self.unavailable("list partitions");
        let connection = self.connection();
        let id = table_id(&connection, name).map_err(&failed)?.ok_or_else(|| self.no_such_table(name))?;
        let mut query = connection
            .prepare_cached("select value, location, parameters from partitions where table_id = ?1 order by value")
            .map_err(&failed)?;
        let rows = query.query_map([id], raw_partition).map_err(&failed)?;
        let found = rows.map(|row| self.partition_from(row.map_err(&failed)?)).collect::<Result<Vec<_>, MetastoreError>>()?;
        drop(query);
        drop(connection);
        if found.is_empty() { Ok(self.whole(name)?.into_iter().collect()) } else { Ok(found) }
    }

    fn registered_below(&self, folder: &str) -> Result<Vec<Registered>, MetastoreError> {
        let failed = self.unavailable("list locations");
        let connection = self.connection();
        let mut query = connection
            .prepare(
                "select t.database || '.' || t.name, p.location, true from partitions p join tables t on t.id = p.table_id union \
                 all select database || '.' || name, location, false from tables where partition_name = '[]' order by 1, 2",
            )
            .map_err(&failed)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(&failed)?;
        let all = rows.collect::<Sql<Vec<(String, String, bool)>>>().map_err(&failed)?;
        let below =
            |(table, location, is_partitioned): (_, String, _)| Registered::below(folder, table, &location, is_partitioned);
        Ok(all.into_iter().filter_map(below).collect())
    }

    fn partition(&self, name: &TableName, value: &PartitionValue) -> Result<Option<Partition>, MetastoreError> {
        if value.is_none() {
            return self.whole(name);
        }
        let connection = self.connection();
        connection
            .prepare_cached(
                "select p.value, p.location, p.parameters from partitions p join tables t on t.id = p.table_id
                 where t.database = ?1 and t.name = ?2 and p.value = ?3",
            )
            .and_then(|mut query| {
                query.query_row([name.database.as_str(), name.table.as_str(), stored(value).as_str()], raw_partition).optional()
            })
            .map_err(self.unavailable("read a partition"))?
            .map(|raw| self.partition_from(raw))
            .transpose()
    }

    fn publish(&self, name: &TableName, partitions: &[Partition], fence: FencingToken) -> Result<(), MetastoreError> {
        self.on_table(PUBLISH, name, |transaction, id| {
            self.pass_fence(transaction, id, name, fence)?;
            self.remove_spark_statistics(transaction, id)?;
            self.put_partitions(transaction, id, partitions)
        })
    }

    fn fences_in_one_step(&self) -> bool {
        true
    }

    fn drop_partition(&self, name: &TableName, value: &PartitionValue, fence: FencingToken) -> Result<(), MetastoreError> {
        const ACTION: &str = "drop a partition";
        self.on_table(ACTION, name, |transaction, id| {
            self.pass_fence(transaction, id, name, fence)?;
            transaction
                .execute("delete from partitions where table_id = ?1 and value = ?2", params![id, stored(value)])
                .map(drop)
                .map_err(self.unavailable(ACTION))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metastore::conformance;

    #[test]
    fn passes_the_conformance_suite() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/metastore.db");
        conformance::suite(&SqliteMetastore::open(&path).unwrap(), &SqliteMetastore::open(&path).unwrap());
    }
}
