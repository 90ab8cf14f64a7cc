//! Connections to a server.

use futures::StreamExt;
use tokio_postgres::{Client, CopyOutStream};

use crate::database::DatabaseError;
use crate::postgres::{address, connector};
use crate::runtime;

use super::copy::{BadRow, CopyBatch, CopyRows};
use super::failure;
use super::reading::ReadColumn;
use super::settings::PostgresConnection;

/// Settings of a session by which the server writes the same text of a value whatever its own and the user's are. A transaction
/// that waits for others is not ended.
const SETTINGS: &str = "set client_encoding to 'UTF8'; set timezone to 'UTC'; set datestyle to 'ISO, YMD'; \
                        set intervalstyle to 'postgres'; set extra_float_digits to 1; set bytea_output to 'hex'; \
                        set idle_in_transaction_session_timeout to 0";

/// A connection to a server, in which one statement runs at a time.
pub struct Session {
    client: Client,
    server: String,
}

impl Session {
    /// Signs in.
    ///
    /// # Errors
    /// The server does not answer, has no certificate that is believed, or refuses the user.
    pub fn open(connection: &PostgresConnection) -> Result<Self, DatabaseError> {
        let config = connection.config();
        let server = address(config.get_hosts(), config.get_dbname());
        let unavailable = |reason: String| DatabaseError::Unavailable { action: "sign in", server: server.clone(), reason };
        let tls = connector(connection.ca.as_deref(), connection.check()).map_err(unavailable)?;
        let connected = wait(&server, config.connect(tls))?;
        let (client, connection) = connected.map_err(|error| failure::of_sign_in(&server, &error))?;
        // The requests of the client fail with what ended the connection.
        let runtime = runtime::shared().map_err(|error| unavailable(error.to_string()))?;
        runtime.spawn(async move { drop(connection.await) });
        let session = Self { client, server };
        session.run("set up a session", SETTINGS)?;
        Ok(session)
    }

    /// Returns the server's version and address, for people.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn describe_server(&self) -> Result<String, DatabaseError> {
        let version = wait(&self.server, self.client.query_one("select current_setting('server_version')", &[]))?;
        let version: Result<String, _> = version.and_then(|row| row.try_get(0));
        let version = version.map_err(|error| failure::of("ask for the version", &self.server, &error))?;
        Ok(format!("PostgreSQL {} at {}", version.split(' ').next().unwrap_or_default(), self.server))
    }

    /// Runs a statement without rows.
    ///
    /// # Errors
    /// The server refuses it, or the connection is lost.
    pub fn run(&self, action: &'static str, statement: &str) -> Result<(), DatabaseError> {
        wait(&self.server, self.client.batch_execute(statement))?.map_err(|error| failure::of(action, &self.server, &error))
    }

    /// Begins a transaction that only reads, in one snapshot; returns the name by which others may join it.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn begin_snapshot(&self) -> Result<String, DatabaseError> {
        self.run("begin a transaction", "begin isolation level repeatable read read only")?;
        let exported = wait(&self.server, self.client.query_one("select pg_export_snapshot()", &[]))?;
        exported.and_then(|row| row.try_get(0)).map_err(|error| failure::of("export a snapshot", &self.server, &error))
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
        let prepared = wait(&self.server, self.client.prepare(query))?;
        let prepared = prepared.map_err(|error| failure::of("describe a query", &self.server, &error))?;
        Ok(prepared
            .columns()
            .iter()
            .map(|column| ReadColumn::of(column.name(), column.type_(), column.type_modifier()))
            .collect())
    }

    /// Begins to read the rows of a query with these columns.
    ///
    /// # Errors
    /// The server does not accept the query.
    pub fn copy(&self, query: &str, columns: Vec<ReadColumn>) -> Result<Copy, DatabaseError> {
        let names: Vec<String> = columns.iter().map(ReadColumn::expression).collect();
        // A line end, since a query may end with a comment.
        let statement = format!("copy (select {} from ({query}\n) as adg) to stdout (format binary)", names.join(", "));
        let stream = wait(&self.server, self.client.copy_out(&statement))?;
        let stream = stream.map_err(|error| failure::of("read rows", &self.server, &error))?;
        Ok(Copy { stream: Box::pin(stream), rows: CopyRows::new(columns), server: self.server.clone() })
    }
}

/// Rows that a server is sending.
pub struct Copy {
    stream: std::pin::Pin<Box<CopyOutStream>>,
    rows: CopyRows,
    server: String,
}

impl Copy {
    /// Returns the next rows, at most so many; `None` at their end.
    ///
    /// # Errors
    /// The connection is lost, or a row is not what the server promised.
    pub fn next_batch(&mut self, most: usize) -> Result<Option<CopyBatch>, DatabaseError> {
        let server = self.server.clone();
        let bad = |BadRow { row, reason }| DatabaseError::Row { server: server.clone(), row, reason };
        let (stream, rows) = (&mut self.stream, &mut self.rows);
        wait(&self.server, async {
            while rows.held() < most {
                match stream.next().await {
                    Some(Ok(message)) => rows.push(&message).map_err(bad)?,
                    Some(Err(error)) => return Err(failure::of("read rows", &server, &error)),
                    None => {
                        rows.end().map_err(bad)?;
                        break;
                    }
                }
            }
            Ok(())
        })??;
        if self.rows.held() == 0 {
            return Ok(None);
        }
        let row = self.rows.rows();
        self.rows.take().map(Some).map_err(|error| bad(BadRow { row, reason: error.to_string() }))
    }
}

fn wait<F: Future>(server: &str, future: F) -> Result<F::Output, DatabaseError> {
    let failed = |error: std::io::Error| DatabaseError::Unavailable {
        action: "start threads for requests",
        server: server.to_owned(),
        reason: error.to_string(),
    };
    runtime::wait(future).map_err(failed)
}
