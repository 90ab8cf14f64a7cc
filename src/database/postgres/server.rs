//! Connections to a server.

use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Column, Row, SimpleQueryMessage};

use crate::database::DatabaseError;
use crate::postgres::{address, connector};
use crate::runtime;
use crate::stop::Stop;

use super::copy::CopyRows;
use super::copy_in::CopyIn;
use super::failure;
use super::reading::ReadColumn;
use super::requests::{Requests, connected};
use super::rows::Copy;
use super::settings::PostgresConnection;
use super::table_ref::TableRef;

/// Settings of a session by which the server writes the same text of a value whatever its own and the user's are. A transaction
/// that waits for others is not ended, and does not wait for ever for a table that others have locked, or are about to: with
/// locks of several connections, neither would ever go on.
const SETTINGS: &str = "set client_encoding to 'UTF8'; set timezone to 'UTC'; set datestyle to 'ISO, YMD'; \
                        set intervalstyle to 'postgres'; set extra_float_digits to 1; set bytea_output to 'hex'; \
                        set idle_in_transaction_session_timeout to 0; set lock_timeout to '60s'";

const EXPORT: &str = "export a snapshot";

/// A connection to a server, in which one statement runs at a time.
pub struct Session {
    client: Client,
    requests: Requests,
}

impl Session {
    /// Signs in. Its requests end once a stop is requested.
    ///
    /// # Errors
    /// The server does not answer, has no certificate that is believed, or refuses the user.
    pub fn open(connection: &PostgresConnection, stop: &Stop) -> Result<Self, DatabaseError> {
        let config = connection.config();
        let server = address(config.get_hosts(), config.get_dbname());
        let unavailable = |reason: String| DatabaseError::Unavailable { action: "sign in", server: server.clone(), reason };
        let tls = connector(connection.ca.as_deref(), connection.check()).map_err(unavailable)?;
        let connected = connected(&server, stop, config.connect(tls.clone()))?;
        let (client, connection) = connected.map_err(|error| failure::of_sign_in(&server, &error))?;
        // The requests of the client fail with what ended the connection.
        let runtime = runtime::shared().map_err(|error| unavailable(error.to_string()))?;
        runtime.spawn(async move { drop(connection.await) });
        let requests = Requests { server, stop: stop.clone(), cancel: client.cancel_token(), tls };
        let session = Self { client, requests };
        session.run("set up a session", SETTINGS)?;
        Ok(session)
    }

    /// Returns the only row of a statement.
    pub(super) fn row(
        &self,
        action: &'static str,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Row, DatabaseError> {
        self.requests.wait(self.client.query_one(statement, parameters))?.map_err(|error| self.requests.failed(action, &error))
    }

    /// Returns the rows of a statement.
    pub(super) fn rows(
        &self,
        action: &'static str,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, DatabaseError> {
        self.requests.wait(self.client.query(statement, parameters))?.map_err(|error| self.requests.failed(action, &error))
    }

    /// Runs a statement that changes rows. Returns their number.
    pub(super) fn execute(
        &self,
        action: &'static str,
        statement: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, DatabaseError> {
        let changed = self.requests.wait(self.client.execute(statement, parameters))?;
        changed.map_err(|error| failure::of_rows(action, self.address(), &error))
    }

    /// Begins to write rows by a statement.
    pub(super) fn copy_in(&self, statement: &str) -> Result<CopyIn, DatabaseError> {
        let sink = self.requests.wait(self.client.copy_in(statement))?;
        let sink = sink.map_err(|error| self.requests.failed("write rows", &error))?;
        Ok(CopyIn::new(sink, self.requests.clone()))
    }

    /// Returns the error of a request that failed.
    pub(super) fn failed(&self, action: &'static str, error: &tokio_postgres::Error) -> DatabaseError {
        self.requests.failed(action, error)
    }

    /// Returns the error of a table that is not there.
    pub(super) fn no_table(&self, name: &str) -> DatabaseError {
        DatabaseError::Statement {
            server: self.requests.server.clone(),
            reason: format!("relation {name} does not exist"),
            hint: "correct the name or the schema of the table, or let the user see the schema".to_owned(),
        }
    }

    /// Returns the server's version and address, for people.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn describe_server(&self) -> Result<String, DatabaseError> {
        const ACTION: &str = "ask for the version";
        let row = self.row(ACTION, "select current_setting('server_version')", &[])?;
        let version: String = row.try_get(0).map_err(|error| self.requests.failed(ACTION, &error))?;
        Ok(format!("PostgreSQL {} at {}", version.split(' ').next().unwrap_or_default(), self.requests.server))
    }

    /// Returns the number of the server's version, such as 150018.
    pub(super) fn version(&self) -> Result<i32, DatabaseError> {
        const ACTION: &str = "ask for the version";
        let row = self.row(ACTION, "select current_setting('server_version_num')::int", &[])?;
        row.try_get(0).map_err(|error| self.failed(ACTION, &error))
    }

    /// Runs a statement without rows.
    ///
    /// # Errors
    /// The server refuses it, or the connection is lost.
    pub fn run(&self, action: &'static str, statement: &str) -> Result<(), DatabaseError> {
        self.requests.wait(self.client.batch_execute(statement))?.map_err(|error| self.requests.failed(action, &error))
    }

    /// Ends a transaction so that others see what it did. A request to stop does not leave it open whether they do.
    pub(super) fn commit(&self, action: &'static str) -> Result<(), DatabaseError> {
        let committed = self.requests.wait_for_end(self.client.batch_execute("commit"))?;
        committed.map_err(|error| self.requests.failed(action, &error))
    }

    /// Begins a transaction that only reads, in one snapshot; returns the name by which others may join it.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn begin_snapshot(&self) -> Result<String, DatabaseError> {
        self.run("begin a transaction", "begin isolation level repeatable read read only")?;
        let row = self.row(EXPORT, "select pg_export_snapshot()", &[])?;
        row.try_get(0).map_err(|error| self.failed(EXPORT, &error))
    }

    /// Begins a transaction that reads in the snapshot of another connection, which must still be open.
    ///
    /// # Errors
    /// The server no longer has the snapshot.
    pub fn join_snapshot(&self, snapshot: &str) -> Result<(), DatabaseError> {
        let name = snapshot.replace('\'', "''");
        let statement = format!("begin isolation level repeatable read read only; set transaction snapshot '{name}'");
        self.run("join a snapshot", &statement)
    }

    /// Returns the columns of a query, without running it.
    ///
    /// # Errors
    /// The server does not accept the query.
    pub fn describe(&self, query: &str) -> Result<Vec<ReadColumn>, DatabaseError> {
        // As it is read: what can't stand there is told now.
        let columns = self.columns(&format!("select * from ({query}\n) as adg"))?;
        Ok(columns.iter().map(|(name, ty, modifier)| ReadColumn::of(name, ty, *modifier)).collect())
    }

    /// Returns the columns of a statement, each with its type and type modifier, without running it.
    pub(super) fn columns(&self, statement: &str) -> Result<Vec<(String, Type, i32)>, DatabaseError> {
        let prepared = self.requests.wait(self.client.prepare(statement))?;
        let prepared = prepared.map_err(|error| self.requests.failed("describe a query", &error))?;
        let column = |column: &Column| (column.name().to_owned(), column.type_().clone(), column.type_modifier());
        Ok(prepared.columns().iter().map(column).collect())
    }

    /// Returns the number of rows that the server expects of a query, without running it.
    ///
    /// # Errors
    /// The server does not accept the query.
    pub fn estimate(&self, query: &str) -> Result<Option<u64>, DatabaseError> {
        Ok(self.plan("estimate rows", query)?.pointer("/0/Plan/Plan Rows").and_then(Value::as_u64))
    }

    /// Returns the tables that the server would read for a query, those behind views among them.
    pub(super) fn tables_of(&self, query: &str) -> Result<Vec<TableRef>, DatabaseError> {
        let plan = self.plan("look at a query", query)?;
        let mut found = Vec::new();
        tables_in(&plan, &mut found);
        Ok(found)
    }

    fn plan(&self, action: &'static str, query: &str) -> Result<Value, DatabaseError> {
        let told = self.requests.wait(self.client.simple_query(&format!("explain (verbose, format json) {query}")))?;
        let told = told.map_err(|error| self.failed(action, &error))?;
        let text = told.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        Ok(text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }

    /// Returns the server's address, without user and password.
    pub fn address(&self) -> &str {
        &self.requests.server
    }

    /// Begins to read the rows of a query with these columns.
    ///
    /// # Errors
    /// The server does not accept the query.
    pub fn copy(&self, query: &str, columns: Vec<ReadColumn>) -> Result<Copy, DatabaseError> {
        let names: Vec<String> = columns.iter().map(ReadColumn::expression).collect();
        // A line end, since a query may end with a comment.
        let statement = format!("copy (select {} from ({query}\n) as adg) to stdout (format binary)", names.join(", "));
        let stream = self.requests.wait(self.client.copy_out(&statement))?;
        let stream = stream.map_err(|error| self.requests.failed("read rows", &error))?;
        Ok(Copy::new(stream, CopyRows::new(columns), self.requests.clone()))
    }
}

/// Collects the tables of a plan.
fn tables_in(plan: &Value, found: &mut Vec<TableRef>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| tables_in(part, found)),
        Value::Object(parts) => {
            let text = |key: &str| parts.get(key).and_then(Value::as_str).map(str::to_owned);
            if let (Some(name), schema @ Some(_)) = (text("Relation Name"), text("Schema")) {
                found.push(TableRef { schema, name });
            }
            parts.values().for_each(|part| tables_in(part, found));
        }
        _ => {}
    }
}
