//! Leases: a row for each scope, and one for each of its shared holders.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::catchup::stored::{StoredHolder, live_shards};
use crate::catchup::{Access, Holder, Lease, LeaseScope, LeaseStore, LedgerError, Shard};
use crate::identity::{FencingToken, JobName};

use super::SqliteLedger;
use super::lease_lock::LockHolder;

const TAKE: &str = "take the lease";

/// A lease as it is stored.
struct Kept {
    token: u64,
    holder: StoredHolder,
    expires: String,
    /// True if its holder had the lock of its process.
    locked: bool,
    released: bool,
}

impl Kept {
    fn exclusive(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { released: row.get("released")?, ..Self::shared(row)? })
    }

    fn shared(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            token: row.get("token")?,
            holder: StoredHolder { run_id: row.get("run_id")?, host: row.get("host")?, process: row.get("process")? },
            expires: row.get("expires")?,
            locked: row.get("locked")?,
            released: false,
        })
    }
}

/// Returns the name of the lock of a shared holder's process. The lock of an exclusive holder has the scope's name.
fn shared_lock(scope: &LeaseScope, run_id: &str) -> String {
    format!("{scope}@{run_id}")
}

impl SqliteLedger {
    /// Tries to take a lock for this process.
    fn lock(&self, name: &str) -> Result<LockHolder, LedgerError> {
        self.locks.try_take(name).map_err(|error| LedgerError::Unavailable {
            action: TAKE,
            ledger: self.path.display().to_string(),
            reason: error.to_string(),
        })
    }

    /// Returns true if the process that had a lock is dead: no process has the lock any more.
    fn is_dead(&self, name: &str) -> Result<bool, LedgerError> {
        let is_dead = self.lock(name)? == LockHolder::ThisProcessNow;
        if is_dead {
            self.locks.release(name);
        }
        Ok(is_dead)
    }

    /// Refuses a scope with a living holder.
    fn must_be_free(&self, scope: &LeaseScope, lease: &Kept, is_dead: bool, now: Timestamp) -> Result<(), LedgerError> {
        let until: Timestamp = lease.expires.parse().map_err(|_| self.corrupt("a lease without an end"))?;
        if lease.released || until <= now || is_dead {
            return Ok(());
        }
        let holder = lease.holder.clone().restore().map_err(|what| self.corrupt(what))?;
        Err(LedgerError::Held { scope: scope.clone(), holder, until })
    }

    /// Removes the shared holders that are dead or expired, and refuses an exclusive lease beside a living one.
    fn shared_holders(
        &self,
        transaction: &Transaction<'_>,
        scope: &LeaseScope,
        access: Access,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let failed = self.unavailable(TAKE);
        let mut query = transaction.prepare_cached("select * from shared_leases where scope = ?1").map_err(&failed)?;
        let held = query.query_map([scope.to_string()], Kept::shared).map_err(&failed)?;
        for lease in held.collect::<rusqlite::Result<Vec<_>>>().map_err(&failed)? {
            let is_dead = lease.locked && self.is_dead(&shared_lock(scope, &lease.holder.run_id))?;
            match self.must_be_free(scope, &lease, is_dead, now) {
                Err(LedgerError::Held { .. }) if access == Access::Shared => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    let gone = params![scope.to_string(), lease.token];
                    transaction.execute("delete from shared_leases where scope = ?1 and token = ?2", gone).map_err(&failed)?;
                }
            }
        }
        Ok(())
    }

    /// Takes a lease, after its lock was tried, in one transaction.
    fn take(
        &self,
        scope: &LeaseScope,
        access: Access,
        holder: &Holder,
        lock: LockHolder,
        now: Timestamp,
        ttl: SignedDuration,
    ) -> Result<Lease, LedgerError> {
        let failed = self.unavailable(TAKE);
        let locked = lock != LockHolder::Another;
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let current = transaction
            .query_row("select * from leases where module = ?1", [scope.to_string()], Kept::exclusive)
            .optional()
            .map_err(&failed)?;
        if let Some(lease) = &current {
            // A process that has the lock now knows that the one before it is dead; a holder that never had it may live.
            let is_dead = match access {
                Access::Exclusive => lock == LockHolder::ThisProcessNow && lease.locked,
                Access::Shared => lease.locked && !lease.released && self.is_dead(&scope.to_string())?,
            };
            self.must_be_free(scope, lease, is_dead, now)?;
        }
        self.shared_holders(&transaction, scope, access, now)?;
        let token = FencingToken::after(current.map_or(0, |lease| lease.token), now);
        let (run_id, expires) = (holder.run_id.to_string(), (now + ttl).to_string());
        // A shared lease takes a token of the scope too, so that an exclusive one that has expired is lost.
        transaction
            .execute(
                "insert or replace into leases (module, token, run_id, host, process, expires, locked, released)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    scope.to_string(),
                    token.0,
                    run_id,
                    holder.host,
                    holder.process,
                    expires,
                    locked && access == Access::Exclusive,
                    access == Access::Shared,
                ],
            )
            .map_err(&failed)?;
        if access == Access::Shared {
            transaction
                .execute(
                    "insert into shared_leases (scope, token, run_id, host, process, expires, locked)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    params![scope.to_string(), token.0, run_id, holder.host, holder.process, expires, locked],
                )
                .map_err(&failed)?;
        }
        transaction.commit().map_err(&failed)?;
        Ok(Lease { scope: scope.clone(), access, token, run_id: holder.run_id, expires: now + ttl })
    }
}

impl LeaseStore for SqliteLedger {
    fn acquire(
        &self,
        scope: &LeaseScope,
        access: Access,
        holder: &Holder,
        now: Timestamp,
        ttl: SignedDuration,
    ) -> Result<Lease, LedgerError> {
        let name = match access {
            Access::Exclusive => scope.to_string(),
            Access::Shared => shared_lock(scope, &holder.run_id.to_string()),
        };
        let lock = self.lock(&name)?;
        let taken = self.take(scope, access, holder, lock, now, ttl);
        if taken.is_err() && lock == LockHolder::ThisProcessNow {
            // A lock without a lease would keep others from seeing that the next holder is dead.
            self.locks.release(&name);
        }
        taken
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        let expires = now + ttl;
        let update = match lease.access {
            Access::Exclusive => "update leases set expires = ?3 where module = ?1 and token = ?2",
            Access::Shared => "update shared_leases set expires = ?3 where scope = ?1 and token = ?2",
        };
        self.fenced("renew the lease", lease, |transaction| {
            transaction.execute(update, params![lease.scope.to_string(), lease.token.0, expires.to_string()])
        })?;
        Ok(Lease { expires, ..lease.clone() })
    }

    fn release(&self, lease: &Lease) -> Result<(), LedgerError> {
        // The lock first: whoever gets it now takes the lease over, which the statement below then leaves alone.
        let update = match lease.access {
            Access::Exclusive => {
                self.locks.release(&lease.scope.to_string());
                "update leases set released = 1 where module = ?1 and token = ?2"
            }
            Access::Shared => {
                self.locks.release(&shared_lock(&lease.scope, &lease.run_id.to_string()));
                "delete from shared_leases where scope = ?1 and token = ?2"
            }
        };
        let released = self.connection().execute(update, params![lease.scope.to_string(), lease.token.0]);
        released.map(drop).map_err(self.unavailable("release the lease"))
    }

    fn shards(&self, job: &JobName, now: Timestamp) -> Result<Vec<Shard>, LedgerError> {
        let failed = self.unavailable("look for shards");
        let connection = self.connection();
        let mut query = connection
            .prepare_cached("select module, expires from leases where substr(module, 1, length(?1)) = ?1 and released = 0")
            .map_err(&failed)?;
        let rows = query.query_map([format!("{job}#")], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
        let found = rows.collect::<rusqlite::Result<Vec<(String, String)>>>().map_err(&failed)?;
        live_shards(found, now).map_err(|what| self.corrupt(what))
    }
}
