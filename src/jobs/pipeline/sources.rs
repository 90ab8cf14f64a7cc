//! Sources of a pipeline, looked at before anything is read.

use std::collections::BTreeMap;

use crate::config::{ConnectionSettings, MisfitRule};
use crate::database::postgres::{ReadColumn, Session, Snapshot};
use crate::identity::NodeName;
use crate::jobs::run::existing::existing;
use crate::jobs::run::{Environment, JobError, PipelineError};
use crate::metastore::{Metastore, Partition, Table};
use crate::schema::{Column, ColumnName, ERROR_DESC, TableSchema, system_columns};

use super::checked::{Checked, Relation, Source, SourceFrom};
use super::wrong::wrong;

/// Pages of a range, which one connection reads at a time: 64 MiB with the usual page of 8 KiB.
const RANGE_PAGES: u64 = 8192;

const OTHER_NAME: &str = "read it by a `query` that gives the column another name";

/// Databases of a pipeline, each in one state.
pub(super) struct Databases(BTreeMap<String, Snapshot>);

impl Databases {
    /// Signs in to each database that has sources of the pipeline, and takes a snapshot of it.
    pub(super) fn open(environment: &Environment, checked: &Checked<'_>) -> Result<Self, JobError> {
        let mut snapshots = BTreeMap::new();
        for source in &checked.sources {
            let SourceFrom::Postgres { connection, .. } = &source.from else { continue };
            if snapshots.contains_key(connection) {
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
            let settings = crate::database::PostgresConnection { ca, ..settings.clone() };
            if let Some(weakness) = settings.weakness() {
                tracing::warn!(
                    event = "connection_not_protected",
                    connection,
                    weakness,
                    "a connection to a database is not protected; `tls: verify-full` protects it"
                );
            }
            snapshots.insert(connection.clone(), Snapshot::take(&settings, &environment.stop)?);
        }
        Ok(Self(snapshots))
    }

    /// Returns the state of a database.
    pub(super) fn of(&self, connection: &str) -> Result<&Snapshot, JobError> {
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
        match &source.from {
            SourceFrom::Table(name) => {
                let table = existing(metastore, name)?;
                let partitions = metastore.partitions(name)?;
                let columns = table.schema.columns().iter().chain(&table.partition_by).cloned().collect();
                let rows = partitions.iter().map(|partition| partition.number("numRows")).sum();
                let from = OpenFrom::Table(Box::new(table), partitions);
                Ok(Self { name: source.name.clone(), place: name.to_string(), schema: TableSchema::new(columns), rows, from })
            }
            SourceFrom::Postgres { connection, relation, misfits } => {
                let snapshot = databases.of(connection)?;
                // Not that which has the state: an error of the server ends its transaction.
                let session = snapshot.join()?;
                let (query, queries, what) = match relation {
                    Relation::Query(query) => (query.clone(), vec![query.clone()], "a query".to_owned()),
                    Relation::Table(table) => {
                        let all = format!("select * from {}", table.in_statement());
                        (all, snapshot.queries(table, RANGE_PAGES)?, table.to_string())
                    }
                };
                let columns = columns_of(&session, &query, misfits, &source.name)?;
                let place = format!("{what} at {}", session.address());
                let rows = session.estimate(&query)?;
                let read = DatabaseRows { connection: connection.clone(), queries, columns };
                Ok(Self { name: source.name.clone(), place, schema: read.schema(), rows, from: OpenFrom::Database(read) })
            }
        }
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
    match misfits.keys().find(|name| !found.iter().any(|column| column.name == **name)) {
        None => Ok(found),
        Some(unknown) => Err(refused(format!("it has no column `{unknown}`"), "correct `misfits` of the source").into()),
    }
}
