//! Replacement of all rows of a table, so that readers see the old ones or the new ones.

use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};

use crate::database::DatabaseError;

use super::super::reading::quoted;
use super::super::server::Session;
use super::super::table_ref::TableRef;
use super::records::SCHEMA;
use super::table::{PostgresTable, Traits, listed};

const REPLACE: &str = "replace a table";
const LOCK: &str = "lock a table";

/// Time for which a request for a lock may hold up readers that come after it.
const LOCK_TIMEOUT: &str = "set local lock_timeout = '2s'";
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Tries to lock a table: some two minutes in all.
const TRIES: usize = 16;

/// Locks a table against writers, and readers too if they must not begin. Each try waits for a moment only, since those who come
/// later wait behind it.
///
/// # Errors
/// Others keep it locked.
pub(super) fn lock(session: &Session, table: &str, mode: &str) -> Result<(), DatabaseError> {
    let statement = format!("savepoint adg_lock; {LOCK_TIMEOUT}; lock table {table} in {mode} mode");
    let once = || session.run(LOCK, &statement).inspect_err(|_| drop(session.run(LOCK, "rollback to savepoint adg_lock")));
    let waits =
        ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_delay(LONGEST_WAIT).with_max_times(TRIES).with_jitter();
    let told = |error: &DatabaseError, wait: Duration| {
        tracing::warn!(event = "table_locked", table, %error, seconds = wait.as_secs_f32(), "waiting for a lock of a table");
    };
    once.retry(waits).when(|error| matches!(error, DatabaseError::Locked { .. })).notify(told).call()?;
    session.run(LOCK, "set local lock_timeout to '60s'")
}

impl PostgresTable {
    /// Makes the rows of a query the only ones of the table, in the transaction of a session. The old ones become those of the
    /// table `kept` of the schema of records. Returns the number of rows, and true if there were old ones.
    pub(super) fn replace(
        &self,
        session: &Session,
        traits: &Traits,
        (names, rows): (&[String], &str),
        kept: &str,
    ) -> Result<(u64, bool), DatabaseError> {
        self.must_be_replaceable(traits)?;
        if traits.is_plain {
            self.swap(session, traits, (names, rows), kept)
        } else {
            self.rewrite(session, traits, (names, rows), kept)
        }
    }

    /// Returns the table as it is now that it is locked: others may have changed it since it was looked at.
    fn locked(&self, session: &Session, before: &Traits) -> Result<Traits, DatabaseError> {
        let now = self.traits(session)?.filter(|now| now.is_plain == before.is_plain && now.columns == before.columns);
        let now = now.ok_or_else(|| DatabaseError::Changed { table: self.describe() })?;
        self.must_be_replaceable(&now)?;
        Ok(now)
    }

    /// Writes the rows to a copy of the table, which takes its place. Readers wait for the last step only.
    fn swap(
        &self,
        session: &Session,
        traits: &Traits,
        (names, rows): (&[String], &str),
        kept: &str,
    ) -> Result<(u64, bool), DatabaseError> {
        let table = self.name.in_statement();
        let schema = quoted(self.name.schema.as_deref().unwrap_or_default());
        let new = TableRef { schema: Some(SCHEMA.to_owned()), name: format!("new_{kept}") };
        let (new_name, new, kept_key, kept) =
            (quoted(&new.name), new.in_statement(), quoted(&format!("{kept}_key")), quoted(kept));
        session.run(REPLACE, &format!("create table {new} (like {table} including all)"))?;
        let count = session.execute(REPLACE, &format!("insert into {new} ({}) {rows}", listed(names)), &[])?;
        session.run(REPLACE, &format!("analyze {new}"))?;
        lock(session, &table, "access exclusive")?;
        let now = self.locked(session, traits)?;
        self.copy_grants(session, &new)?;
        let keys = (primary_key(session, &table)?, primary_key(session, &new)?);
        // Its index moves with a table, and its name is one of the schema's.
        if let (Some(key), _) = &keys {
            session.run(REPLACE, &format!("alter table {table} rename constraint {} to {kept_key}", quoted(key)))?;
        }
        let steps = [
            format!("alter table {table} rename to {kept}"),
            format!("alter table {schema}.{kept} set schema {SCHEMA}"),
            format!("alter table {new} set schema {schema}"),
            format!("alter table {schema}.{new_name} rename to {}", quoted(&self.name.name)),
        ];
        session.run(REPLACE, &steps.join("; "))?;
        if let (Some(key), Some(new_key)) = keys {
            let statement = format!("alter table {table} rename constraint {} to {}", quoted(&new_key), quoted(&key));
            session.run(REPLACE, &statement)?;
        }
        Ok((count, !now.is_empty))
    }

    /// Replaces the rows within the table, which others depend on, or which has what a copy would not.
    fn rewrite(
        &self,
        session: &Session,
        traits: &Traits,
        (names, rows): (&[String], &str),
        kept: &str,
    ) -> Result<(u64, bool), DatabaseError> {
        let (table, kept) = (self.name.in_statement(), format!("{SCHEMA}.{}", quoted(kept)));
        lock(session, &table, "share row exclusive")?;
        let now = self.locked(session, traits)?;
        session.run(REPLACE, &format!("create table {kept} as table {table}; delete from {table}"))?;
        let count = session.execute(REPLACE, &format!("insert into {table} ({}) {rows}", listed(names)), &[])?;
        Ok((count, !now.is_empty))
    }

    /// Gives a copy the grants and the comment of the table, in the place of those that the server gives to new tables.
    fn copy_grants(&self, session: &Session, copy: &str) -> Result<(), DatabaseError> {
        let statement = "select distinct format('revoke all on %s from %s', $2::text, \
                         case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end) \
                         from pg_class c, aclexplode(c.relacl) a where c.oid = to_regclass($2) and a.grantee <> c.relowner \
                         and to_regclass($1) is not null \
                         union all \
                         select format('grant %s on %s to %s%s', a.privilege_type, $2::text, \
                         case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end, \
                         case when a.is_grantable then ' with grant option' else '' end) \
                         from pg_class c, aclexplode(c.relacl) a where c.oid = to_regclass($1) and a.grantee <> c.relowner \
                         union all \
                         select format('comment on table %s is %L', $2::text, obj_description(to_regclass($1), 'pg_class')) \
                         where obj_description(to_regclass($1), 'pg_class') is not null";
        let table = self.name.in_statement();
        for row in session.rows(REPLACE, statement, &[&table, &copy])? {
            let statement: String = row.try_get(0).map_err(|error| session.failed(REPLACE, &error))?;
            session.run("copy grants and comments", &statement)?;
        }
        Ok(())
    }
}

/// Returns the name of a table's primary key.
fn primary_key(session: &Session, table: &str) -> Result<Option<String>, DatabaseError> {
    let statement = "select conname::text from pg_constraint where conrelid = to_regclass($1) and contype = 'p'";
    let rows = session.rows(REPLACE, statement, &[&table])?;
    rows.first().map(|row| row.try_get(0)).transpose().map_err(|error| session.failed(REPLACE, &error))
}
