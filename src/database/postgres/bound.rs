//! The time up to which all rows of a database are committed.

use crate::database::DatabaseError;

use super::server::Session;

/// The time up to which a cursor can be read: rows that others write from then on may be committed later.
///
/// `now()` is the time at which a transaction began. One that began before a snapshot and commits after it writes rows that the
/// snapshot does not have, with a time that it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The time in UTC, as the server reads it.
    pub at: String,
    /// Time zone of the server, in which `now()` becomes a time without one.
    pub time_zone: String,
    /// True if there are transactions of others whose begin the user may not see.
    pub has_hidden: bool,
}

/// Transactions of adg itself only read.
const STATEMENT: &str = "select least(clock_timestamp(), min(xact_start), (select min(prepared) from pg_prepared_xacts \
                         where database = current_database()))::text, \
                         (select reset_val from pg_settings where name = 'TimeZone'), \
                         coalesce(bool_or(query = '<insufficient privilege>'), false) from pg_stat_activity \
                         where datname = current_database() and pid <> pg_backend_pid() \
                         and backend_type is distinct from 'autovacuum worker' and application_name <> 'adg'";

impl Session {
    /// Returns the bound of a snapshot that is taken after it.
    ///
    /// # Errors
    /// The server does not answer.
    pub(super) fn bound(&self) -> Result<Bound, DatabaseError> {
        const ACTION: &str = "look at transactions";
        let row = self.row(ACTION, STATEMENT, &[])?;
        let failed = |error: tokio_postgres::Error| self.failed(ACTION, &error);
        let (at, time_zone) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
        Ok(Bound { at, time_zone, has_hidden: row.try_get(2).map_err(failed)? })
    }

    /// Returns the number of rows of a query that meet each of two conditions.
    ///
    /// # Errors
    /// The server does not accept it.
    pub fn counts(&self, query: &str, one: &str, other: &str) -> Result<(u64, u64), DatabaseError> {
        const ACTION: &str = "count rows";
        let statement = format!(
            "select count(*) filter (where {one}), count(*) filter (where {other}) from ({query}\n) as adg where {one} or {other}"
        );
        let row = self.row(ACTION, &statement, &[])?;
        let count = |place| row.try_get::<_, i64>(place).map_err(|error| self.failed(ACTION, &error));
        Ok((count(0)?.unsigned_abs(), count(1)?.unsigned_abs()))
    }
}
