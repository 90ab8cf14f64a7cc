//! Leases: a row for each scope, and one for each of its shared holders.

use jiff::{SignedDuration, Timestamp};
use postgres::{Row, Transaction};

use crate::catchup::stored::{StoredHolder, live_shards, parsed};
use crate::catchup::{Access, Holder, Lease, LeaseScope, LeaseStore, LedgerError, Shard};
use crate::identity::{FencingToken, JobName};

use super::PostgresLedger;
use super::numbers::{signed, unsigned};

const TAKE: &str = "take the lease";

fn holder_of(row: &Row) -> StoredHolder {
    let process = u32::try_from(row.get::<_, i64>("process")).unwrap_or_default();
    StoredHolder { run_id: row.get("run_id"), host: row.get("host"), process }
}

impl PostgresLedger {
    /// Refuses a scope whose holder in `row` is alive.
    fn must_have_ended(&self, scope: &LeaseScope, row: &Row, now: Timestamp) -> Result<(), LedgerError> {
        let corrupt = |what| self.corrupt(what);
        let until: Timestamp = parsed("end of a lease", row.get("expires")).map_err(corrupt)?;
        if until <= now {
            return Ok(());
        }
        Err(LedgerError::Held { scope: scope.clone(), holder: holder_of(row).restore().map_err(corrupt)?, until })
    }

    /// Removes the shared holders whose leases have expired, and refuses an exclusive lease beside a living one.
    fn shared_holders(
        &self,
        transaction: &mut Transaction<'_>,
        scope: &LeaseScope,
        access: Access,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let (failed, name) = (self.failed(TAKE), scope.to_string());
        let held = transaction.query("select * from adg_shared_leases where scope = $1 for update", &[&name]);
        for row in held.map_err(failed)? {
            match self.must_have_ended(scope, &row, now) {
                Err(LedgerError::Held { .. }) if access == Access::Shared => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    let gone = "delete from adg_shared_leases where scope = $1 and token = $2";
                    transaction.execute(gone, &[&name, &row.get::<_, i64>("token")]).map_err(failed)?;
                }
            }
        }
        Ok(())
    }
}

impl LeaseStore for PostgresLedger {
    fn acquire(
        &self,
        scope: &LeaseScope,
        access: Access,
        holder: &Holder,
        now: Timestamp,
        ttl: SignedDuration,
    ) -> Result<Lease, LedgerError> {
        let (failed, name) = (self.failed(TAKE), scope.to_string());
        let mut client = self.client()?;
        let mut transaction = client.transaction().map_err(failed)?;
        // A row to lock, be it the first lease: it expired before anything began.
        let never = "insert into adg_leases (module, token, run_id, host, process, expires, released)
                     values ($1, 0, '', '', 0, '1970-01-01T00:00:00Z', true) on conflict do nothing";
        transaction.execute(never, &[&name]).map_err(failed)?;
        let row = transaction.query_one("select * from adg_leases where module = $1 for update", &[&name]).map_err(failed)?;
        if !row.get::<_, bool>("released") {
            self.must_have_ended(scope, &row, now)?;
        }
        self.shared_holders(&mut transaction, scope, access, now)?;
        let token = FencingToken::after(unsigned(row.get("token")), now);
        let (stored, expires, process) = (StoredHolder::of(holder), (now + ttl).to_string(), i64::from(holder.process));
        // A shared lease takes a token of the scope too, so that an exclusive one that has expired is lost.
        transaction
            .execute(
                "update adg_leases set token = $2, run_id = $3, host = $4, process = $5, expires = $6, released = $7
                 where module = $1",
                &[&name, &signed(token.0), &stored.run_id, &stored.host, &process, &expires, &(access == Access::Shared)],
            )
            .map_err(failed)?;
        if access == Access::Shared {
            transaction
                .execute(
                    "insert into adg_shared_leases (scope, token, run_id, host, process, expires) values ($1, $2, $3, $4, $5, \
                     $6)",
                    &[&name, &signed(token.0), &stored.run_id, &stored.host, &process, &expires],
                )
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        Ok(Lease { scope: scope.clone(), access, token, run_id: holder.run_id, expires: now + ttl })
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        let expires = now + ttl;
        let update = match lease.access {
            Access::Exclusive => "update adg_leases set expires = $3 where module = $1 and token = $2",
            Access::Shared => "update adg_shared_leases set expires = $3 where scope = $1 and token = $2",
        };
        let renewed = self
            .client()?
            .execute(update, &[&lease.scope.to_string(), &signed(lease.token.0), &expires.to_string()])
            .map_err(self.failed("renew the lease"))?;
        match renewed {
            0 => Err(LedgerError::LeaseLost { scope: lease.scope.clone() }),
            _ => Ok(Lease { expires, ..lease.clone() }),
        }
    }

    fn release(&self, lease: &Lease) -> Result<(), LedgerError> {
        let update = match lease.access {
            Access::Exclusive => "update adg_leases set released = true where module = $1 and token = $2",
            Access::Shared => "delete from adg_shared_leases where scope = $1 and token = $2",
        };
        self.client()?
            .execute(update, &[&lease.scope.to_string(), &signed(lease.token.0)])
            .map(drop)
            .map_err(self.failed("release the lease"))
    }

    fn shards(&self, job: &JobName, now: Timestamp) -> Result<Vec<Shard>, LedgerError> {
        let found = self
            .client()?
            .query("select module, expires from adg_leases where starts_with(module, $1) and not released", &[&format!("{job}#")])
            .map_err(self.failed("look for shards"))?;
        let found = found.iter().map(|row| (row.get("module"), row.get("expires")));
        live_shards(found, now).map_err(|what| self.corrupt(what))
    }
}
