//! Records of commits to the tables of a database, kept beside them: they change in the transactions that change the tables.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio_postgres::Row;

use crate::database::DatabaseError;
use crate::schema::ColumnName;
use crate::sink::Changes;

use super::super::server::Session;

/// Schema of the records, and of rows that were replaced and are retained. It is not called `adg`, as users may be, whose first
/// schema would then be this one.
pub(super) const SCHEMA: &str = "adg_records";

const ACTION: &str = "keep records in the schema adg_records";

/// One row for each table, and one for each commit. Times are microseconds since 1970-01-01, by adg's clock. `kept` is the table
/// of the schema that has the rows of a commit which is no longer the current one.
const CREATE: &str = "
create table if not exists adg_records.tables (
    name text primary key, job text not null, token bigint not null, current text, personal text[] not null default '{}',
    adopted boolean not null default false);
create table if not exists adg_records.commits (
    id text primary key, name text not null, run text not null, at bigint not null, rows bigint not null,
    inserted bigint not null, updated bigint not null, unchanged bigint not null, deleted bigint not null,
    kept text, replaced_at bigint);
create index if not exists commits_name on adg_records.commits (name);
comment on table adg_records.commits is 'Commits of adg, and the tables that have rows which it replaced';";

/// Record of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableRecord {
    /// Job that publishes to it.
    pub(super) job: String,
    /// Highest fencing token that changed it.
    pub(super) token: u64,
    /// Commit whose rows it has; none if it was unpublished, or if adg has not published to it.
    pub(super) current: Option<String>,
    pub(super) personal: BTreeSet<ColumnName>,
    /// True if it had rows that no job of adg had published.
    pub(super) is_adopted: bool,
}

/// Record of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommitRecord {
    pub(super) id: String,
    pub(super) run: String,
    pub(super) at: Timestamp,
    /// Rows that were staged.
    pub(super) rows: u64,
    pub(super) changes: Changes,
    /// Table that retains its rows.
    pub(super) kept: Option<String>,
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Records of a database, by a connection to it.
pub(super) struct Records<'s> {
    pub(super) session: &'s Session,
    /// Table that they are about.
    pub(super) name: &'s str,
}

impl Records<'_> {
    /// Creates the schema and its tables, if they are missing.
    ///
    /// # Errors
    /// The user may not; or the server fails.
    pub(super) fn create(&self) -> Result<(), DatabaseError> {
        if self.exist()? {
            return Ok(());
        }
        // Who may not create schemas may not do so either where there is one already.
        let has_schema = self.session.row(ACTION, "select to_regnamespace('adg_records') is not null", &[])?;
        let has_schema: bool = has_schema.try_get(0).map_err(|error| self.session.failed(ACTION, &error))?;
        let schema = if has_schema { "" } else { "create schema adg_records;" };
        // Of two who create them at once, one is refused.
        match self.session.run(ACTION, &format!("{schema}{CREATE}")) {
            Err(_) if self.exist()? => Ok(()),
            other => other,
        }
    }

    fn exist(&self) -> Result<bool, DatabaseError> {
        let row = self.session.row(ACTION, "select to_regclass('adg_records.commits') is not null", &[])?;
        row.try_get(0).map_err(|error| self.session.failed(ACTION, &error))
    }

    /// Returns the record of the table, if there is one.
    pub(super) fn table(&self) -> Result<Option<TableRecord>, DatabaseError> {
        if self.exist()? { self.read("") } else { Ok(None) }
    }

    /// Returns the record of the table. Others wait for the end of this transaction to read it in this way.
    pub(super) fn lock_table(&self) -> Result<Option<TableRecord>, DatabaseError> {
        self.read("for update")
    }

    fn read(&self, how: &str) -> Result<Option<TableRecord>, DatabaseError> {
        let statement = format!("select job, token, current, personal, adopted from adg_records.tables where name = $1 {how}");
        let rows = self.session.rows(ACTION, &statement, &[&self.name])?;
        rows.first().map(record).transpose().map_err(|error| self.session.failed(ACTION, &error))
    }

    /// Makes a record of the table for a job, if there is none. Returns true if it made one.
    pub(super) fn claim(&self, job: &str) -> Result<bool, DatabaseError> {
        let statement = "insert into adg_records.tables (name, job, token) values ($1, $2, 0) on conflict (name) do nothing";
        Ok(self.session.execute(ACTION, statement, &[&self.name, &job])? > 0)
    }

    /// Returns the number of commits of the table.
    pub(super) fn commits(&self) -> Result<i64, DatabaseError> {
        let row = self.session.row(ACTION, "select count(*) from adg_records.commits where name = $1", &[&self.name])?;
        row.try_get(0).map_err(|error| self.session.failed(ACTION, &error))
    }

    /// Adds or changes the record of the table.
    pub(super) fn put_table(&self, record: &TableRecord) -> Result<(), DatabaseError> {
        let TableRecord { job, token, current, personal, is_adopted } = record;
        let personal: Vec<&str> = personal.iter().map(ColumnName::as_str).collect();
        let statement = "insert into adg_records.tables (name, job, token, current, personal, adopted) \
                         values ($1, $2, $3, $4, $5, $6) \
                         on conflict (name) do update set job = excluded.job, token = excluded.token, \
                         current = excluded.current, personal = excluded.personal, adopted = excluded.adopted";
        self.session.execute(ACTION, statement, &[&self.name, job, &number(*token), current, &personal, is_adopted]).map(drop)
    }

    /// Returns a commit of the table.
    pub(super) fn commit(&self, id: &str) -> Result<Option<CommitRecord>, DatabaseError> {
        let statement = "select id, run, at, rows, inserted, updated, unchanged, deleted, kept from adg_records.commits \
                         where name = $1 and id = $2";
        let rows = self.session.rows(ACTION, statement, &[&self.name, &id])?;
        rows.first().map(commit).transpose().map_err(|error| self.session.failed(ACTION, &error))
    }

    /// Adds a commit.
    pub(super) fn add_commit(&self, commit: &CommitRecord) -> Result<(), DatabaseError> {
        let CommitRecord { id, run, at, rows, changes, .. } = commit;
        let Changes { inserted, updated, unchanged, deleted } = *changes;
        let statement = "insert into adg_records.commits (id, name, run, at, rows, inserted, updated, unchanged, deleted) \
                         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let [rows, inserted, updated, unchanged, deleted] = [*rows, inserted, updated, unchanged, deleted].map(number);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 9] =
            [id, &self.name, run, &at.as_microsecond(), &rows, &inserted, &updated, &unchanged, &deleted];
        self.session.execute(ACTION, statement, &values).map(drop)
    }

    /// Records the table that retains the rows of a commit from now on; none if it is the current one again.
    pub(super) fn keep(&self, id: &str, kept: Option<&str>, now: Timestamp) -> Result<(), DatabaseError> {
        let since = kept.map(|_| now.as_microsecond());
        let statement = "update adg_records.commits set kept = $3, replaced_at = $4 where name = $1 and id = $2";
        self.session.execute(ACTION, statement, &[&self.name, &id, &kept, &since]).map(drop)
    }

    /// Removes commits that were replaced before a time, and returns the tables that retain rows of them.
    pub(super) fn remove_before(&self, time: Timestamp) -> Result<Vec<String>, DatabaseError> {
        let statement = "with gone as (update adg_records.commits set kept = null where name = $1 and kept is not null \
                         and replaced_at <= $2 returning id) \
                         select kept from adg_records.commits where id in (select id from gone)";
        let rows = self.session.rows(ACTION, statement, &[&self.name, &time.as_microsecond()])?;
        let kept = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>();
        kept.map_err(|error| self.session.failed(ACTION, &error))
    }

    /// Removes commits from before a time of which no rows are left to see.
    pub(super) fn forget_before(&self, time: Timestamp) -> Result<(), DatabaseError> {
        let statement = "delete from adg_records.commits c using adg_records.tables t \
                         where c.name = $1 and t.name = $1 and c.kept is null \
                         and c.id is distinct from t.current and c.at < $2";
        self.session.execute(ACTION, statement, &[&self.name, &time.as_microsecond()]).map(drop)
    }

    /// Returns the number of tables that retain rows of commits.
    #[cfg(test)]
    pub(super) fn kept(&self) -> Result<i64, DatabaseError> {
        if !self.exist()? {
            return Ok(0);
        }
        let row = self.session.row(ACTION, "select count(kept) from adg_records.commits where name = $1", &[&self.name])?;
        row.try_get(0).map_err(|error| self.session.failed(ACTION, &error))
    }
}

fn record(row: &Row) -> Result<TableRecord, tokio_postgres::Error> {
    let personal: Vec<String> = row.try_get("personal")?;
    Ok(TableRecord {
        job: row.try_get("job")?,
        token: unsigned(row, "token")?,
        current: row.try_get("current")?,
        personal: personal.iter().filter_map(|name| ColumnName::new(name).ok()).collect(),
        is_adopted: row.try_get("adopted")?,
    })
}

fn commit(row: &Row) -> Result<CommitRecord, tokio_postgres::Error> {
    Ok(CommitRecord {
        id: row.try_get("id")?,
        run: row.try_get("run")?,
        at: Timestamp::from_microsecond(row.try_get("at")?).unwrap_or_default(),
        rows: unsigned(row, "rows")?,
        changes: Changes {
            inserted: unsigned(row, "inserted")?,
            updated: unsigned(row, "updated")?,
            unchanged: unsigned(row, "unchanged")?,
            deleted: unsigned(row, "deleted")?,
        },
        kept: row.try_get("kept")?,
    })
}

fn unsigned(row: &Row, column: &str) -> Result<u64, tokio_postgres::Error> {
    Ok(u64::try_from(row.try_get::<_, i64>(column)?).unwrap_or(0))
}
