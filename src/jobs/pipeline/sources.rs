//! Sources of a pipeline, looked at before anything is read.

use std::collections::BTreeMap;

use arrow_array::ArrayRef;
use jiff::Timestamp;

use crate::config::{MisfitRule, NullCursors};
use crate::database::postgres::{Bound, PostgresConnection, ReadColumn, Session, Snapshot};
use crate::identity::NodeName;
use crate::jobs::run::{Environment, JobError, PipelineError};
use crate::metastore::{Metastore, Partition, Table, TableName};
use crate::schema::{Column, ColumnName, ERROR_DESC, TableSchema, system_columns};
use crate::stop::Stop;

use super::checked::{Checked, Relation, Source, SourceFrom};
use super::connection::connection as settings_of;
use super::cursor::Cursor;
use super::range::Range;

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
            let what = format!("sources.{}.postgres.connection", source.name);
            let settings = settings_of(environment, checked.pipeline, &what, connection)?;
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
    /// Range of its cursor; none if it has none, and all rows are read.
    pub(super) range: Option<Range>,
    /// Notes for a person.
    pub(super) notes: Vec<String>,
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
    pub(super) fn open(
        source: &Source,
        databases: &Databases,
        metastore: &dyn Metastore,
        watermark: Option<ArrayRef>,
        now: Timestamp,
    ) -> Result<Self, JobError> {
        let opened = match &source.from {
            SourceFrom::Table(name) => Self::table(source, name, metastore),
            SourceFrom::Postgres { connection, relation, misfits, cursor } => {
                let database = databases.of(connection)?;
                let wanted = Wanted { relation, misfits, cursor: cursor.as_ref(), watermark, now };
                Self::of_database(source, connection, database, wanted)
            }
        };
        opened.map_err(|error| of_source(&source.name, error))
    }

    fn table(source: &Source, name: &TableName, metastore: &dyn Metastore) -> Result<Self, JobError> {
        let table = metastore.table(name)?.ok_or_else(|| PipelineError::Columns {
            node: source.name.to_string(),
            reason: format!("the metastore has no table {name}"),
            hint: "`adg tables` lists those that it has".to_owned(),
        })?;
        let partitions = metastore.partitions(name)?;
        Ok(Self {
            name: source.name.clone(),
            place: name.to_string(),
            schema: table.all_columns(),
            rows: partitions.iter().map(|partition| partition.number("numRows")).sum(),
            range: None,
            notes: Vec::new(),
            from: OpenFrom::Table(Box::new(table), partitions),
        })
    }

    fn of_database(source: &Source, connection: &str, database: &Database, wanted: Wanted<'_>) -> Result<Self, JobError> {
        let Database { snapshot, sessions } = database;
        let session = sessions.first().ok_or_else(|| JobError::Bug("no connection".to_owned()))?;
        let (all, what) = match wanted.relation {
            Relation::Query(query) => (query.clone(), "a query".to_owned()),
            Relation::Table(table) => (format!("select * from {}", table.in_statement()), table.to_string()),
        };
        let columns = columns_of(session, &all, wanted.misfits, &source.name)?;
        let (range, notes) = wanted.range(source, session, snapshot.bound(), &columns, &all)?;
        let condition = range.as_ref().and_then(|range| range.condition.as_deref());
        let query =
            condition.map_or_else(|| all.clone(), |condition| format!("select * from ({all}\n) as adg where {condition}"));
        let queries = match wanted.relation {
            Relation::Query(_) => {
                // One that is emptied has no rows in older states either.
                snapshot.lock_tables_of(sessions, &all)?;
                vec![query.clone()]
            }
            Relation::Table(table) => {
                // Where some rows are read, the server finds them by an index.
                let is_part = range.as_ref().is_some_and(|range| range.first.is_some());
                snapshot.queries(sessions, table, (!is_part).then_some(RANGE_PAGES), condition)?
            }
        };
        let read = DatabaseRows { connection: connection.to_owned(), queries, columns };
        Ok(Self {
            name: source.name.clone(),
            place: format!("{what} at {}", session.address()),
            schema: read.schema(),
            rows: session.estimate(&query)?,
            range,
            notes,
            from: OpenFrom::Database(read),
        })
    }
}

/// Rows of a database that a source wants.
struct Wanted<'w> {
    relation: &'w Relation,
    misfits: &'w BTreeMap<ColumnName, MisfitRule>,
    cursor: Option<&'w Cursor>,
    /// Largest value of the cursor that the tables have.
    watermark: Option<ArrayRef>,
    now: Timestamp,
}

impl Wanted<'_> {
    /// Returns the range of the cursor, and notes about it.
    fn range(
        &self,
        source: &Source,
        session: &Session,
        bound: &Bound,
        columns: &[DatabaseColumn],
        all: &str,
    ) -> Result<(Option<Range>, Vec<String>), JobError> {
        let Some(cursor) = self.cursor else { return Ok((None, Vec::new())) };
        let refused = |reason: String| PipelineError::Columns {
            node: source.name.to_string(),
            reason,
            hint: "correct `cursor` of the source; docs/how-to/pipelines.md tells what a cursor may be".to_owned(),
        };
        let named = |column: &&DatabaseColumn| column.name == cursor.column;
        let read = &columns.iter().find(named).ok_or_else(|| refused(format!("there is no `{}`", cursor.column)))?.read;
        let first = cursor.first(&read.ty, self.watermark.clone(), self.now).map_err(refused)?;
        let range = cursor.range(read, first, bound).map_err(refused)?;
        let mut notes = vec![format!("{}: {}", source.name, range.told)];
        if range.waits.is_some() && bound.has_hidden {
            notes.push(format!(
                "{}: open transactions of other users are not seen, and rows that they commit later than `overlap` are \
                 missed: grant the user pg_read_all_stats",
                source.name
            ));
        }
        let (nulls, waiting) = session.counts(all, &range.is_null, range.waits.as_deref().unwrap_or("false"))?;
        match cursor.nulls {
            NullCursors::Fail if nulls > 0 => {
                let (node, column) = (source.name.to_string(), cursor.column.to_string());
                return Err(PipelineError::Cursor { node, column, rows: nulls }.into());
            }
            NullCursors::Skip if nulls > 0 => {
                notes.push(format!("{}: {nulls} rows without `{}` were left out", source.name, cursor.column));
            }
            _ => {}
        }
        if waiting > 0 {
            notes.push(format!("{}: {waiting} rows of that time or later are left to the next runs", source.name));
        }
        Ok((Some(range), notes))
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
