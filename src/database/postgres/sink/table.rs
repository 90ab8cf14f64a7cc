//! A table of a database that rows are published to.

use std::collections::BTreeMap;

use crate::database::DatabaseError;
use crate::identity::JobName;
use crate::schema::{Column, ColumnName, ColumnType, Evolution, TableSchema, Widening};
use crate::sink::{Largest, SinkTable};
use crate::stop::Stop;

use super::super::reading::quoted;
use super::super::server::Session;
use super::super::settings::PostgresConnection;
use super::super::table_ref::TableRef;
use super::column::{StagedColumn, Stored, TableColumn, definition};
use super::records::{Records, TableRecord};

const LOOK: &str = "look at a table";

/// A table of a database, which need not exist, and a connection to look at it.
pub struct PostgresTable {
    pub(super) connection: PostgresConnection,
    pub(super) stop: Stop,
    pub(super) session: Session,
    /// Its name, with the schema.
    pub(super) name: TableRef,
    /// Number of the server's version.
    pub(super) version: i32,
}

/// Traits of a table that exists.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Traits {
    pub(super) columns: Vec<TableColumn>,
    /// True if it is a table, with or without partitions, and no view.
    pub(super) is_table: bool,
    /// True if a copy of it, with its columns, defaults, checks, primary key, comments and grants, is as good as itself: nothing
    /// else belongs to it or depends on it.
    pub(super) is_plain: bool,
    /// True if rows of other tables refer to its rows.
    pub(super) is_referred_to: bool,
    /// True if other tables inherit from it, whose rows are among its own.
    pub(super) has_heirs: bool,
    /// True if it has no rows.
    pub(super) is_empty: bool,
}

/// `$1` is the table. Its columns, types, defaults, checks and primary key belong to a table and its copies alike; of all else
/// that depends on it, the server knows in `pg_depend`.
const TRAITS: &str = "
select c.relkind in ('r', 'p') as is_table,
       c.relkind = 'r' and not c.relispartition and c.reloptions is null and c.reltablespace = 0 and not c.relrowsecurity
           and c.relreplident = 'd' and c.relpersistence = 'p' and pg_get_userbyid(c.relowner) = current_user
           and has_schema_privilege(c.relnamespace, 'create')
           and not exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent))
           and not exists (select from pg_seclabel l where l.objoid = c.oid and l.classoid = 'pg_class'::regclass)
           and not exists (select from pg_attribute a where a.attrelid = c.oid and not a.attisdropped
                           and (a.attacl is not null or a.attoptions is not null or a.attidentity <> ''
                                or (a.attnum > 0 and coalesce(a.attstattarget, -1) <> -1)))
           and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype not in ('p', 'c', 'n'))
           and not exists (select from pg_depend d where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
                           and d.deptype <> 'i'
                           and not (d.classid = 'pg_attrdef'::regclass
                                    and d.objid in (select oid from pg_attrdef where adrelid = c.oid))
                           and not (d.classid = 'pg_constraint'::regclass
                                    and d.objid in (select oid from pg_constraint where conrelid = c.oid)))
           and not exists (select from pg_depend d where d.refclassid = 'pg_type'::regclass and d.deptype <> 'i'
                           and d.refobjid in (select unnest(array[y.oid, y.typarray]) from pg_type y where y.oid = c.reltype))
           as is_plain,
       exists (select from pg_constraint k where k.confrelid = c.oid and k.conrelid <> c.oid and k.contype = 'f')
           as is_referred_to,
       c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = c.oid) as has_heirs,
       array(select a.attgenerated <> '' or a.attidentity = 'a' from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as generated,
       array(select format_type(a.atttypid, a.atttypmod) from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as types,
       array(select t.typtype = 'd' from pg_attribute a join pg_type t on t.oid = a.atttypid
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as domains
  from pg_class c where c.oid = to_regclass($1)";

impl PostgresTable {
    /// Signs in to the database of a table. A name without a schema is that of a table on the user's search path, or of a new one
    /// in its first schema.
    ///
    /// # Errors
    /// The server does not answer or refuses the user; or there is no such schema.
    pub fn open(connection: &PostgresConnection, name: &TableRef, stop: &Stop) -> Result<Self, DatabaseError> {
        let session = Session::open(connection, stop)?;
        let known = "select coalesce((select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace \
                     where c.oid = to_regclass($1)), current_schema())::text";
        let schema = match &name.schema {
            Some(schema) => Some(schema.clone()),
            None => {
                session.row(LOOK, known, &[&name.in_statement()])?.try_get(0).map_err(|error| session.failed(LOOK, &error))?
            }
        };
        let name = TableRef { schema, name: name.name.clone() };
        let version = session.version()?;
        Ok(Self { connection: connection.clone(), stop: stop.clone(), session, name, version })
    }

    /// Returns its name and the server's address, for people.
    pub fn describe(&self) -> String {
        format!("{} at {}", self.name, self.session.address())
    }

    pub(super) fn traits(&self, session: &Session) -> Result<Option<Traits>, DatabaseError> {
        let name = self.name.in_statement();
        let Some(row) = session.rows(LOOK, TRAITS, &[&name])?.into_iter().next() else { return Ok(None) };
        let failed = |error: tokio_postgres::Error| session.failed(LOOK, &error);
        let generated: Vec<bool> = row.try_get("generated").map_err(failed)?;
        let types: Vec<String> = row.try_get("types").map_err(failed)?;
        let domains: Vec<bool> = row.try_get("domains").map_err(failed)?;
        let known = session.columns(&format!("select * from {name}"))?.into_iter().zip(generated).zip(types).zip(domains);
        let columns = known.map(|((((name, ty, modifier), is_generated), told), is_domain)| TableColumn {
            name,
            ty,
            modifier,
            is_generated,
            told,
            is_domain,
        });
        let columns = columns.collect();
        let is_empty = session.row(LOOK, &format!("select not exists (select from {name})"), &[])?;
        Ok(Some(Traits {
            columns,
            is_table: row.try_get("is_table").map_err(failed)?,
            is_plain: row.try_get("is_plain").map_err(failed)?,
            is_referred_to: row.try_get("is_referred_to").map_err(failed)?,
            has_heirs: row.try_get("has_heirs").map_err(failed)?,
            is_empty: is_empty.try_get(0).map_err(failed)?,
        }))
    }

    /// Returns the table, if it exists.
    ///
    /// # Errors
    /// The user of the connection lacks a right; another job publishes to it; it is no table; it has rows that no job of adg
    /// published, and is not to be adopted; or the server fails.
    pub fn state(&self, job: &JobName, adopt: bool) -> Result<Option<SinkTable>, DatabaseError> {
        self.must_be_allowed()?;
        let name = self.name.in_statement();
        let record = Records { session: &self.session, name: &name }.table()?;
        let Some(traits) = self.traits(&self.session)? else { return Ok(None) };
        self.must_be_ours(job, adopt, record.as_ref(), Some(&traits))?;
        let personal = record.map(|record| record.personal).unwrap_or_default();
        Ok(Some(SinkTable { schema: traits.schema(), personal, location: self.describe() }))
    }

    /// Returns the largest value of a column; none if the table, or the column, has none.
    ///
    /// # Errors
    /// The server fails.
    pub fn largest(&self, column: &ColumnName) -> Result<Option<Largest>, DatabaseError> {
        let Some(traits) = self.traits(&self.session)? else { return Ok(None) };
        let Some(TableColumn { name, .. }) = traits.column(column) else { return Ok(None) };
        let query = format!("select max({0}) as {0} from {1}", quoted(name), self.name.in_statement());
        let read = self.session.describe(&query)?;
        let columns = TableSchema::new(read.iter().map(|read| Column::new(column.clone(), read.ty.clone())).collect());
        let mut copy = self.session.copy(&query, read)?;
        let batch = copy.next_batch(1, 1)?.map(|batch| batch.batch);
        Largest::of(&columns, batch.map(Ok))
    }

    /// Returns the columns that do not hold each value of rows with these, with their types as the server has them.
    ///
    /// # Errors
    /// The server fails.
    pub fn refuses(&self, rows: &TableSchema) -> Result<BTreeMap<ColumnName, String>, DatabaseError> {
        let Some(traits) = self.traits(&self.session)? else { return Ok(BTreeMap::new()) };
        let refused = |Column { name, ty }: &Column| {
            let column = traits.column(name).filter(|column| !column.takes(ty))?;
            Some((name.clone(), column.told()))
        };
        Ok(rows.columns().iter().filter_map(refused).collect())
    }

    /// Tells a person how all rows are replaced; none if there is no table yet.
    ///
    /// # Errors
    /// They can't be; or the server fails.
    pub fn replacement(&self) -> Result<Option<&'static str>, DatabaseError> {
        let Some(traits) = self.traits(&self.session)? else { return Ok(None) };
        self.must_be_replaceable(&traits)?;
        Ok(Some(if traits.is_plain {
            "a copy with the new rows takes the place of the table"
        } else {
            "rows are deleted and added within the table, in one transaction: it has indexes, views, triggers, grants of columns \
             or something else that a copy would not have"
        }))
    }

    pub(super) fn must_be_replaceable(&self, traits: &Traits) -> Result<(), DatabaseError> {
        let reason = match traits {
            Traits { is_referred_to: true, .. } => "rows of other tables refer to its rows, and would lose them",
            Traits { has_heirs: true, .. } => "other tables inherit from it, and would lose their rows",
            _ => return Ok(()),
        };
        Err(DatabaseError::Table {
            table: self.describe(),
            reason: reason.to_owned(),
            hint: "use `mode: merge` with `keys`".to_owned(),
        })
    }

    pub(super) fn must_be_ours(
        &self,
        job: &JobName,
        adopt: bool,
        record: Option<&TableRecord>,
        traits: Option<&Traits>,
    ) -> Result<(), DatabaseError> {
        let refused = |reason: String, hint: &str| DatabaseError::Table { table: self.describe(), reason, hint: hint.to_owned() };
        match (record, traits) {
            (_, Some(traits)) if !traits.is_table => {
                Err(refused("it is a view or a foreign table".to_owned(), "name the table behind it"))
            }
            (Some(record), _) if record.job != job.to_string() => Err(refused(
                format!("the job `{}` publishes to it", record.job),
                "give this one another table, or end the other's claim: `delete from adg_records.tables where name = …`",
            )),
            (None, Some(traits)) if !traits.is_empty && !adopt => Err(refused(
                "it has rows, and no job of adg published them".to_owned(),
                "if the pipeline may change them, set `adopt: true` of the sink",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the columns in which rows are staged for the table.
    pub(super) fn staged(schema: &TableSchema, table: Option<&Traits>) -> Vec<StagedColumn> {
        let staged = |Column { name, ty }: &Column| {
            let known = table.and_then(|table| table.column(name));
            let in_table = known.map_or_else(|| name.to_string(), |column| column.name.clone());
            StagedColumn { name: name.clone(), in_table, stored: Stored::of(ty, known) }
        };
        schema.columns().iter().map(staged).collect()
    }

    /// Returns the statements by which an evolution changes the table. A new table has a primary key of `keys`, if there are any.
    ///
    /// # Errors
    /// The server fails.
    pub fn ddl(&self, evolution: &Evolution, keys: &[ColumnName]) -> Result<Vec<String>, DatabaseError> {
        let traits = if evolution.widened.is_empty() { None } else { self.traits(&self.session)? };
        Ok(self.statements(evolution, keys, traits.as_ref()))
    }

    /// Returns the statements by which an evolution changes the table, which has these traits.
    pub(super) fn statements(&self, evolution: &Evolution, keys: &[ColumnName], traits: Option<&Traits>) -> Vec<String> {
        let table = self.name.in_statement();
        if evolution.before.is_none() {
            let key = format!("primary key ({})", listed(keys));
            let columns = evolution.after.columns().iter().map(definition).chain((!keys.is_empty()).then_some(key));
            return vec![format!("create table {table} (\n  {}\n)", columns.collect::<Vec<_>>().join(",\n  "))];
        }
        let added = evolution.added.iter().map(|column| format!("alter table {table} add column {}", definition(column)));
        let widened = evolution.widened.iter().map(|Widening { name, to, .. }| {
            let known = traits.and_then(|traits| traits.column(name)).map_or(name.as_str(), |column| &column.name);
            format!("alter table {table} alter column {} type {}", quoted(known), Stored::new(to).sql)
        });
        added.chain(widened).collect()
    }
}

impl Traits {
    pub(super) fn column(&self, name: &ColumnName) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.column_name().as_ref() == Some(name))
    }

    /// Returns the names of the columns that rows may have.
    pub(super) fn written(&self) -> Vec<String> {
        self.columns.iter().filter(|column| !column.is_generated).map(|column| column.name.clone()).collect()
    }

    /// Returns the columns, as they are read. Those whose names adg's tables can't have are left out: rows do not have them.
    pub(super) fn schema(&self) -> TableSchema {
        let column = |column: &TableColumn| Some(Column::new(column.column_name()?, column.column_type()));
        TableSchema::new(self.columns.iter().filter(|column| !column.is_generated).filter_map(column).collect())
    }
}

/// Returns the columns that are read of a table that was created with these.
pub(super) fn as_read(schema: &TableSchema) -> TableSchema {
    fn read(ty: &ColumnType) -> ColumnType {
        match ty {
            ColumnType::TinyInt => ColumnType::SmallInt,
            ColumnType::Struct(_) | ColumnType::Map(..) => ColumnType::String,
            ColumnType::Array(item) => match **item {
                ColumnType::Array(_) | ColumnType::Struct(_) | ColumnType::Map(..) => ColumnType::String,
                _ => ColumnType::Array(Box::new(read(item))),
            },
            other => other.clone(),
        }
    }
    TableSchema::new(schema.columns().iter().map(|Column { name, ty }| Column::new(name.clone(), read(ty))).collect())
}

/// Returns columns as a statement lists them.
pub(super) fn listed<N: AsRef<str>>(names: &[N]) -> String {
    names.iter().map(|name| quoted(name.as_ref())).collect::<Vec<_>>().join(", ")
}
