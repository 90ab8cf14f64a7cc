//! Places of tables that were looked at: the seam between a pipeline and what keeps its tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::arrow_type;
use crate::catchup::Slice;
use crate::config::{DatabaseTarget, HiveTarget, Pipeline};
use crate::database::DatabaseError;
use crate::database::postgres::{PostgresSink, PostgresTable};
use crate::identity::{JobName, NodeName};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::{Budget, JobError, PipelineError, Services};
use crate::lake::{FileSettings, HiveSink, TableHandle, TableLayout};
use crate::metastore::create_table_ddl;
use crate::schema::{Column, ColumnName, Evolution, TableSchema};
use crate::sink::Largest;
use crate::store::Store;

use super::connection::connection;
use super::mode::Mode;
use super::place::Place;
use super::wrong::wrong;

/// Place of a table that was looked at.
pub(super) enum OpenPlace<'p> {
    Hive(Box<HivePlace<'p>>),
    Postgres(Box<PostgresPlace<'p>>),
}

/// A table of Parquet files.
pub(super) struct HivePlace<'p> {
    pub(super) target: &'p HiveTarget,
    pub(super) layout: &'p TableLayout,
    pub(super) store: Store,
}

/// A table of a database.
pub(super) struct PostgresPlace<'p> {
    pub(super) target: &'p DatabaseTarget,
    pub(super) table: PostgresTable,
}

/// Returns an error of a database with the sink that it is of.
pub(super) fn of_sink(sink: &NodeName, error: JobError) -> JobError {
    match error {
        JobError::Database(source) if !matches!(source, DatabaseError::Fenced { .. }) => {
            PipelineError::Sink { node: sink.to_string(), source }.into()
        }
        other => other,
    }
}

impl HivePlace<'_> {
    pub(super) fn handle<'h>(&'h self, services: &'h Services, job: &'h JobName) -> TableHandle<'h> {
        let Self { target, layout, store } = self;
        TableHandle { store, metastore: &*services.metastore, module: job, table: &target.table, layout }
    }

    /// Returns the table as a sink.
    pub(super) fn sink<'h>(
        &'h self,
        services: &'h Services,
        job: &'h JobName,
        lease: &'h KeptLease,
        budget: Budget,
    ) -> HiveSink<'h> {
        HiveSink {
            at: self.handle(services, job),
            ledger: &*services.ledger,
            lease: lease.lease(),
            run: lease.run_id(),
            pii: self.target.pii,
            files: FileSettings {
                timestamps: self.target.timestamps,
                row_group_bytes: budget.row_group_bytes,
                file_bytes: budget.file_bytes,
            },
            clock: &*services.environment.clock,
        }
    }
}

impl PostgresPlace<'_> {
    /// Returns the table as a sink. A new table has these keys.
    pub(super) fn sink<'h>(
        &'h self,
        services: &'h Services,
        job: &'h JobName,
        lease: &'h KeptLease,
        keys: &'h [ColumnName],
    ) -> PostgresSink<'h> {
        let clock = &*services.environment.clock;
        PostgresSink { at: &self.table, job, lease: lease.lease(), keys, adopt: self.target.adopt, clock }
    }
}

impl<'p> OpenPlace<'p> {
    /// Opens the place of the table of a sink, whose settings stand at `what`.
    pub(super) fn new(services: &Services, pipeline: &Pipeline, what: &str, place: &'p Place<'p>) -> Result<Self, JobError> {
        let environment = &services.environment;
        match place {
            Place::Hive { target, layout } if environment.config.profile.stores.contains_key(&target.store) => {
                let store = environment.store(&target.store, true)?;
                Ok(Self::Hive(Box::new(HivePlace { target, layout, store })))
            }
            Place::Hive { target, .. } => {
                let reason = format!("the profile has no store `{}`", target.store);
                Err(wrong(pipeline, &format!("{what}.hive.store"), reason))
            }
            Place::Postgres { target, table } => {
                let connection = connection(environment, pipeline, &format!("{what}.postgres.connection"), &target.connection)?;
                let table = PostgresTable::open(&connection, table, &environment.stop)?;
                Ok(Self::Postgres(Box::new(PostgresPlace { target, table })))
            }
        }
    }

    /// Returns true if both are the same table, whatever the settings call it.
    pub(super) fn is_same_table(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Postgres(place), Self::Postgres(other)) => place.table.describe() == other.table.describe(),
            // Those of files were compared by their settings.
            _ => false,
        }
    }

    /// Returns the table's present columns; none if it does not exist.
    ///
    /// # Errors
    /// The pipeline may not publish to the table.
    pub(super) fn columns(&self, services: &Services, job: &JobName) -> Result<Option<TableSchema>, JobError> {
        Ok(match self {
            Self::Hive(place) => place.handle(services, job).registered()?.map(|table| table.schema),
            Self::Postgres(place) => place.table.state(job, place.target.adopt)?.map(|table| table.schema),
        })
    }

    /// Returns the largest value of a column; none if the table, or the column, has none.
    pub(super) fn largest(&self, services: &Services, job: &JobName, column: &ColumnName) -> Result<Option<Largest>, JobError> {
        Ok(match self {
            Self::Hive(place) => place.handle(services, job).largest(&Slice::Whole, column)?,
            Self::Postgres(place) => place.table.largest(column)?,
        })
    }

    /// Returns the statements by which the table becomes what an evolution says. A new table has these keys, if the place knows
    /// keys.
    pub(super) fn ddl(
        &self,
        services: &Services,
        job: &JobName,
        evolution: &Evolution,
        keys: &[ColumnName],
    ) -> Result<Vec<String>, JobError> {
        Ok(match self {
            Self::Hive(place) if evolution.before.is_none() => {
                vec![create_table_ddl(&place.handle(services, job).wanted(&evolution.after, &BTreeSet::new()))]
            }
            Self::Hive(place) => evolution.ddl(&place.target.table.to_string()),
            Self::Postgres(place) => place.table.ddl(evolution, keys)?,
        })
    }

    /// Returns the columns in which a table takes rows: all of its own, or those that the rows have, where a database gives the
    /// others their defaults.
    pub(super) fn staged(&self, evolution: &Evolution, rows: &TableSchema) -> TableSchema {
        match self {
            Self::Hive(_) => evolution.after.clone(),
            Self::Postgres(_) => {
                let columns = rows.columns().iter().filter(|column| evolution.after.has(&column.name));
                TableSchema::new(columns.cloned().collect())
            }
        }
    }

    /// Returns the columns of rows whose values those of a table do not all hold, with the table's types.
    pub(super) fn refuses(&self, rows: &TableSchema, table: &TableSchema) -> Result<BTreeMap<ColumnName, String>, JobError> {
        match self {
            Self::Hive(_) => {
                let refused = |Column { name, ty }: &Column| {
                    let known = table.type_of(name)?;
                    let fits = known == ty || (arrow_type(known) == arrow_type(ty) && ty.widens_to(known));
                    (!fits).then(|| (name.clone(), known.to_string()))
                };
                Ok(rows.columns().iter().filter_map(refused).collect())
            }
            Self::Postgres(place) => Ok(place.table.refuses(rows)?),
        }
    }

    /// Refuses rows that can't become those of the table, whatever their types.
    pub(super) fn must_take(&self, rows: &TableSchema, from: &NodeName) -> Result<(), String> {
        let Self::Hive(place) = self else { return Ok(()) };
        let layout = place.layout;
        if let Some(twice) = layout.keys().names().find(|name| rows.has(name)) {
            return Err(format!("`{from}` has a column `{twice}`, which is to be the partition column"));
        }
        layout.keys().row_day().map_or(Ok(()), |row_day| row_day.must_be_in(rows))
    }

    /// Tells a person how a commit changes the table, where that is not the same for all tables.
    ///
    /// # Errors
    /// Its rows can't be replaced.
    pub(super) fn way(&self, mode: &Mode) -> Result<Option<&'static str>, JobError> {
        match (self, mode) {
            (Self::Postgres(place), Mode::Replace) => Ok(place.table.replacement()?),
            _ => Ok(None),
        }
    }
}
