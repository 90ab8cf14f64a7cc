//! Retired paths: a row for each. Their table keeps its older name.

use rusqlite::params;

use crate::catchup::stored::parsed;
use crate::catchup::{Lease, LedgerError, RetiredPath, RetiredPaths};

use super::SqliteLedger;

impl RetiredPaths for SqliteLedger {
    fn retire(&self, lease: &Lease, path: &RetiredPath) -> Result<(), LedgerError> {
        self.fenced("note a retired path", lease, |transaction| {
            transaction.execute(
                "insert or replace into superseded (location, at) values (?1, ?2)",
                params![path.location, path.at.to_string()],
            )
        })?;
        Ok(())
    }

    fn retired(&self, prefix: &str) -> Result<Vec<RetiredPath>, LedgerError> {
        let failed = self.unavailable("read the retired paths");
        let connection = self.connection();
        let mut query = connection
            .prepare_cached("select location, at from superseded where substr(location, 1, length(?1)) = ?1 order by at")
            .map_err(&failed)?;
        let rows = query.query_map([prefix], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).map_err(&failed)?;
        rows.map(|row| {
            let (location, at) = row.map_err(&failed)?;
            let at = parsed("time", &at).map_err(|what| self.corrupt(what))?;
            Ok(RetiredPath { location, at })
        })
        .collect()
    }

    fn forget_retired(&self, lease: &Lease, location: &str) -> Result<(), LedgerError> {
        self.fenced("forget a retired path", lease, |transaction| {
            transaction.execute("delete from superseded where location = ?1", [location])
        })?;
        Ok(())
    }
}
