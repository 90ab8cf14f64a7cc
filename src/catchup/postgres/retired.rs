//! Retired paths: a row for each. Their table keeps its older name.

use crate::catchup::stored::parsed;
use crate::catchup::{Lease, LedgerError, RetiredPath, RetiredPaths};

use super::PostgresLedger;

impl RetiredPaths for PostgresLedger {
    fn retire(&self, lease: &Lease, path: &RetiredPath) -> Result<(), LedgerError> {
        self.fenced("note a retired path", lease, |transaction| {
            transaction.execute(
                "insert into adg_superseded (location, at) values ($1, $2) on conflict (location) do update set at = $2",
                &[&path.location, &path.at.to_string()],
            )
        })?;
        Ok(())
    }

    fn retired(&self, prefix: &str) -> Result<Vec<RetiredPath>, LedgerError> {
        let rows = self
            .client()?
            .query("select location, at from adg_superseded where starts_with(location, $1) order by at", &[&prefix])
            .map_err(self.failed("read the retired paths"))?;
        rows.iter()
            .map(|row| {
                let at = parsed("time", row.get(1)).map_err(|what| self.corrupt(what))?;
                Ok(RetiredPath { location: row.get(0), at })
            })
            .collect()
    }

    fn forget_retired(&self, lease: &Lease, location: &str) -> Result<(), LedgerError> {
        self.fenced("forget a retired path", lease, |transaction| {
            transaction.execute("delete from adg_superseded where location = $1", &[&location])
        })?;
        Ok(())
    }
}
