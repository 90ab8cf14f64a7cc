//! One state of a database, which several connections read side by side.

use tokio_postgres::types::Oid;

use crate::database::DatabaseError;
use crate::stop::Stop;

use super::bound::Bound;
use super::server::Session;
use super::settings::PostgresConnection;
use super::table_ref::TableRef;

/// First version that scans a range of row addresses without reading the whole table:
/// <https://www.postgresql.org/docs/14/release-14.html>.
const RANGE_SCANS: i32 = 140_000;

/// A state of a database. It lasts as long as this is kept: the connection that has it stays open.
pub struct Snapshot {
    connection: PostgresConnection,
    stop: Stop,
    leader: Session,
    name: String,
    bound: Bound,
}

const LOCK: &str = "lock a table";

fn locking(table: &TableRef) -> String {
    format!("lock table {} in access share mode", table.in_statement())
}

/// A table as the server stores it.
struct Stored {
    /// True if its rows have addresses: it is no view, nor the table of another server.
    has_addresses: bool,
    /// Pages of the largest of its parts.
    pages: i64,
    version: i32,
}

impl Snapshot {
    /// Takes a snapshot of a database.
    ///
    /// # Errors
    /// The server does not answer, or refuses the user.
    pub fn take(connection: &PostgresConnection, stop: &Stop) -> Result<Self, DatabaseError> {
        let leader = Session::open(connection, stop)?;
        let bound = leader.bound()?;
        let name = leader.begin_snapshot()?;
        Ok(Self { connection: connection.clone(), stop: stop.clone(), leader, name, bound })
    }

    /// Returns the time up to which its rows are all that will ever be.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// Returns a further connection that sees the same state.
    ///
    /// # Errors
    /// The server takes no further connection, or no longer has the state.
    pub fn join(&self) -> Result<Session, DatabaseError> {
        let session = Session::open(&self.connection, &self.stop)?;
        session.join_snapshot(&self.name)?;
        Ok(session)
    }

    /// Returns queries that have all rows of a table that meet a condition, each of them once: one for each range of about so
    /// many pages, or a single one where the server has no ranges, or none are asked for. The table is locked against changes of
    /// its columns and its place, as by any reader, for all these connections: one that asked for it later could wait for
    /// somebody who waits for another.
    ///
    /// # Errors
    /// There is no such table, or the user may not read it.
    pub fn queries(
        &self,
        sessions: &[Session],
        table: &TableRef,
        pages: Option<u64>,
        condition: Option<&str>,
    ) -> Result<Vec<String>, DatabaseError> {
        let (name, stored) = (table.in_statement(), self.stored(table)?);
        let has_ranges = stored.has_addresses && stored.version >= RANGE_SCANS;
        if stored.has_addresses {
            // A rewritten table has other addresses, and one that is emptied has no rows in older snapshots either.
            std::iter::once(&self.leader).chain(sessions).try_for_each(|session| session.run(LOCK, &locking(table)))?;
        }
        let bounds = match pages {
            Some(pages) if has_ranges => bounds(self.stored(table)?.pages, pages),
            _ => Vec::new(),
        };
        let query = |range: Vec<String>| {
            let all = range.into_iter().chain(condition.map(str::to_owned)).collect::<Vec<_>>().join(" and ");
            if all.is_empty() { format!("select * from {name}") } else { format!("select * from {name} where {all}") }
        };
        Ok(ranges(&bounds).map(query).collect())
    }

    /// Locks the tables that a query reads, for all these connections, against changes of their columns and their place; one that
    /// the user may not lock, behind a view, stays as it is.
    ///
    /// # Errors
    /// The server does not accept the query.
    pub fn lock_tables_of(&self, sessions: &[Session], query: &str) -> Result<(), DatabaseError> {
        // Not the connection that has the state: an error of the server would end it.
        for table in sessions.first().map_or(Ok(Vec::new()), |session| session.tables_of(query))? {
            for session in std::iter::once(&self.leader).chain(sessions) {
                let lock = format!("savepoint adg; {}", locking(&table));
                if session.run(LOCK, &lock).is_err() {
                    // Lest the error ends the transaction, and with it the state.
                    session.run("go on", "rollback to savepoint adg")?;
                }
            }
        }
        Ok(())
    }

    fn stored(&self, table: &TableRef) -> Result<Stored, DatabaseError> {
        // A condition on addresses holds for the rows of all parts, so that the largest part bounds all ranges.
        let statement = "select bool_and(coalesce(am.amname, 'heap') = 'heap' and part.relkind in ('r', 'p')), \
                         (max(case when part.relkind = 'r' then pg_relation_size(part.oid) else 0 end) \
                         / current_setting('block_size')::bigint)::bigint, current_setting('server_version_num')::int \
                         from (with recursive parts as (select $1::oid as oid union \
                         select inhrelid from pg_inherits join parts on inhparent = parts.oid) select oid from parts) as parts \
                         join pg_class as part on part.oid = parts.oid left join pg_am as am on am.oid = part.relam";
        let row = self.leader.row("look at a table", statement, &[&self.oid(table)?])?;
        let broken = |error: &tokio_postgres::Error| self.leader.failed("look at a table", error);
        Ok(Stored {
            has_addresses: row.try_get(0).map_err(|error| broken(&error))?,
            pages: row.try_get(1).map_err(|error| broken(&error))?,
            version: row.try_get(2).map_err(|error| broken(&error))?,
        })
    }

    fn oid(&self, table: &TableRef) -> Result<Oid, DatabaseError> {
        // An error of the server would end the transaction, and with it the state.
        let name = table.in_statement();
        let row = self.leader.row("find a table", "select to_regclass($1::text)::oid", &[&name])?;
        let oid: Option<Oid> = row.try_get(0).map_err(|error| self.leader.failed("find a table", &error))?;
        oid.ok_or_else(|| self.leader.no_table(&name))
    }
}

/// Returns the first pages of all ranges but the first.
fn bounds(all: i64, each: u64) -> Vec<i64> {
    let each = i64::try_from(each).unwrap_or(i64::MAX).max(1);
    let count = all / each;
    (1..count.max(1)).map(|number| number * each).collect()
}

/// Returns the conditions of ranges between these pages. The last one has no end: the table may have grown since it was asked.
fn ranges(bounds: &[i64]) -> impl Iterator<Item = Vec<String>> {
    let first = std::iter::once(None).chain(bounds.iter().map(Some));
    let end = bounds.iter().map(Some).chain(std::iter::once(None));
    first.zip(end).map(|(first, end)| {
        let first = first.map(|page| format!("ctid >= '({page},0)'"));
        let end = end.map(|page| format!("ctid < '({page},0)'"));
        first.into_iter().chain(end).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_every_page_once() {
        let conditions = |all, each| ranges(&bounds(all, each)).map(|range| range.join(" and ")).collect::<Vec<_>>();
        assert_eq!(conditions(0, 10), [""]);
        assert_eq!(conditions(19, 10), [""]);
        assert_eq!(conditions(35, 10), ["ctid < '(10,0)'", "ctid >= '(10,0)' and ctid < '(20,0)'", "ctid >= '(20,0)'"]);
        assert_eq!(conditions(5, 0).len(), 5);
    }
}
