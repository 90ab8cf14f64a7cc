//! Sources of a pipeline, looked at before anything is read.

use std::collections::BTreeMap;

use crate::config::{ConnectionSettings, MisfitRule};
use crate::database::postgres::{PostgresConnection, ReadColumn, Session, Snapshot};
use crate::identity::NodeName;
use crate::jobs::run::{Environment, JobError, PipelineError};
use crate::metastore::{Metastore, Partition, Table};
use crate::schema::{Column, ColumnName, ERROR_DESC, TableSchema, system_columns};
use crate::stop::Stop;

use super::checked::{Checked, Relation, Source, SourceFrom};
use super::wrong::wrong;

/// Pages of a range, which one connection reads at a time: 64 MiB with the usual page of 8 KiB.
const RANGE_PAGES: u64 = 8192;

const OTHER_NAME: &str = "read it by a `query` that gives the column another name";

/// Databases of a pipeline, by their connections.
pub(super) struct Databases(BTreeMap<String, Database>);

/// A database in one state, and the connections that read it.
pub(super) struct Database {
    snapshot: Snapshot,
    pub(super) sessions: Vec<Session>,
}

impl Database {
    fn open(connection: &PostgresConnection, count: usize, stop: &Stop) -> Result<Self, JobError> {
        let snapshot = Snapshot::take(connection, stop)?;
        let sessions = (0..count).map(|_| Ok(snapshot.join()?)).collect::<Result<Vec<_>, JobError>>()?;
        Ok(Self { snapshot, sessions })
    }
}

impl Databases {
    /// Signs in to each database that has sources of the pipeline, with so many connections, and takes a snapshot of it.
    pub(super) fn open(environment: &Environment, checked: &Checked<'_>, count: usize) -> Result<Self, JobError> {
        let mut databases = BTreeMap::new();
        for source in &checked.sources {
            let SourceFrom::Postgres { connection, .. } = &source.from else { continue };
            if databases.contains_key(connection) {
                continue;
            }
            let connections = &environment.config.profile.connections;
            let settings = connections.get(connection).ok_or_else(|| {
                let known = connections.keys().cloned().collect::<Vec<_>>().join(", ");
                let reason = format!("the profile has no connection `{connection}`; it has {known}");
                wrong(checked.pipeline, &format!("sources.{}.postgres.connection", source.name), reason)
            })?;
            let ConnectionSettings::Postgres(settings) = settings;
            let ca = settings.ca.as_ref().map(|file| environment.config.path(file));
            let settings = PostgresConnection { ca, ..settings.clone() };
            if let Some(weakness) = settings.weakness() {
                tracing::warn!(
                    event = "connection_not_protected",
                    connection,
                    weakness,
                    "a connection to a database is not protected; `tls: verify-full` protects it"
                );
            }
            let database = Database::open(&settings, count, &environment.stop);
            databases.insert(connection.clone(), database.map_err(|error| of_source(&source.name, error))?);
        }
        Ok(Self(databases))
    }

    /// Returns a database.
    pub(super) fn of(&self, connection: &str) -> Result<&Database, JobError> {
        self.0.get(connection).ok_or_else(|| JobError::Bug(format!("no snapshot of `{connection}`")))
    }
}

/// A source, with its columns.
pub(super) struct OpenSource {
    pub(super) name: NodeName,
    /// Place that it comes from, for people.
    pub(super) place: String,
    pub(super) schema: TableSchema,
    /// Number of rows that are expected, if it is known.
    pub(super) rows: Option<u64>,
    pub(super) from: OpenFrom,
}

/// Rows of a source.
pub(super) enum OpenFrom {
    Database(DatabaseRows),
    Table(Box<Table>, Vec<Partition>),
}

/// Rows of a database that are read by these queries, each of them once.
pub(super) struct DatabaseRows {
    pub(super) connection: String,
    pub(super) queries: Vec<String>,
    pub(super) columns: Vec<DatabaseColumn>,
}

/// Column of a database's rows.
pub(super) struct DatabaseColumn {
    pub(super) name: ColumnName,
    pub(super) read: ReadColumn,
    pub(super) rule: MisfitRule,
}

impl DatabaseRows {
    /// Returns true if rows have the column `error_desc`.
    pub(super) fn have_errors(&self) -> bool {
        self.columns.iter().any(|column| column.rule == MisfitRule::Null && column.read.may_misfit())
    }

    fn schema(&self) -> TableSchema {
        let own = self.columns.iter().map(|column| Column::new(column.name.clone(), column.read.ty.clone()));
        let errors = system_columns(false).into_iter().filter(|_| self.have_errors());
        TableSchema::new(own.chain(errors).collect())
    }
}

impl OpenSource {
    /// Looks at a source.
    pub(super) fn open(source: &Source, databases: &Databases, metastore: &dyn Metastore) -> Result<Self, JobError> {
        Self::opened(source, databases, metastore).map_err(|error| of_source(&source.name, error))
    }

    fn opened(source: &Source, databases: &Databases, metastore: &dyn Metastore) -> Result<Self, JobError> {
        match &source.from {
            SourceFrom::Table(name) => {
                let table = metastore.table(name)?.ok_or_else(|| PipelineError::Columns {
                    node: source.name.to_string(),
                    reason: format!("the metastore has no table {name}"),
                    hint: "`adg tables` lists those that it has".to_owned(),
                })?;
                let partitions = metastore.partitions(name)?;
                let columns = table.schema.columns().iter().chain(&table.partition_by).cloned().collect();
                let rows = partitions.iter().map(|partition| partition.number("numRows")).sum();
                let from = OpenFrom::Table(Box::new(table), partitions);
                Ok(Self { name: source.name.clone(), place: name.to_string(), schema: TableSchema::new(columns), rows, from })
            }
            SourceFrom::Postgres { connection, relation, misfits } => {
                let Database { snapshot, sessions } = databases.of(connection)?;
                let session = sessions.first().ok_or_else(|| JobError::Bug("no connection".to_owned()))?;
                let (query, queries, what) = match relation {
                    Relation::Query(query) => (query.clone(), vec![query.clone()], "a query".to_owned()),
                    Relation::Table(table) => {
                        let all = format!("select * from {}", table.in_statement());
                        (all, snapshot.queries(sessions, table, RANGE_PAGES)?, table.to_string())
                    }
                };
                let columns = columns_of(session, &query, misfits, &source.name)?;
                let place = format!("{what} at {}", session.address());
                let rows = session.estimate(&query)?;
                if matches!(relation, Relation::Query(_)) {
                    // One that is emptied has no rows in older states either.
                    snapshot.lock_tables_of(sessions, &query)?;
                }
                let read = DatabaseRows { connection: connection.clone(), queries, columns };
                Ok(Self { name: source.name.clone(), place, schema: read.schema(), rows, from: OpenFrom::Database(read) })
            }
        }
    }
}

/// Returns an error of a database with the source that it is of.
pub(super) fn of_source(node: &NodeName, error: JobError) -> JobError {
    match error {
        JobError::Database(source) => PipelineError::Source { node: node.to_string(), source }.into(),
        other => other,
    }
}

/// Returns the columns of a query, with the pipeline's rules for them.
fn columns_of(
    session: &Session,
    query: &str,
    misfits: &BTreeMap<ColumnName, MisfitRule>,
    node: &NodeName,
) -> Result<Vec<DatabaseColumn>, JobError> {
    let refused = |reason: String, hint: &str| PipelineError::Columns { node: node.to_string(), reason, hint: hint.to_owned() };
    let mut found: Vec<DatabaseColumn> = Vec::new();
    for read in session.describe(query)? {
        let name = ColumnName::new(&read.name).map_err(|error| refused(error.to_string(), OTHER_NAME))?;
        if name.as_str() == ERROR_DESC {
            return Err(refused(format!("`{name}` is a column that adg writes itself"), OTHER_NAME).into());
        }
        if found.iter().any(|other| other.name == name) {
            return Err(refused(format!("two columns are called `{name}`, apart from upper and lower case"), OTHER_NAME).into());
        }
        let rule = misfits.get(&name).copied().unwrap_or_default();
        let read = if rule == MisfitRule::Text { read.as_text() } else { read };
        found.push(DatabaseColumn { name, read, rule });
    }
    if found.is_empty() {
        return Err(refused("there is none".to_owned(), "leave the source out").into());
    }
    match misfits.keys().find(|name| !found.iter().any(|column| column.name == **name)) {
        None => Ok(found),
        Some(unknown) => Err(refused(format!("it has no column `{unknown}`"), "correct `misfits` of the source").into()),
    }
}
