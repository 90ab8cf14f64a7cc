//! The ledger in a SQLite file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::embedded::{self, Fault};
use crate::identity::{CollectionName, FencingToken, ModuleName, ProcessingDate};

use super::lease_lock::LeaseLocks;
use super::stored::{StoredAttempt, StoredHolder, live_shards, parsed, status as status_of};
use super::{Attempt, Counts, DayHistory, Holder, Lease, LeaseName, Ledger, LedgerError, Shard, Superseded};

/// Grows with every change of [`SCHEMA`].
const VERSION: u32 = 1;
const SCHEMA: &str = "
create table if not exists attempts (
    module text not null, collection text not null, date text not null, run_id text not null, attempt integer not null,
    status text not null, rows_read integer not null, rows_written integer not null, rows_quarantined integer not null,
    value_errors integer not null, files integer not null, bytes integer not null, schema_fingerprint text,
    sources text not null, location text, started text not null, ended text, error text,
    primary key (module, collection, date, run_id)
) without rowid;
create table if not exists leases (
    module text primary key, token integer not null, run_id text not null, host text not null, process integer not null,
    expires text not null, locked integer not null, released integer not null
) without rowid;
create table if not exists superseded (location text primary key, at text not null) without rowid;
";

/// Has all that is asked of all dates at once, without the lists of sources: ten years of 300 collections are a million attempts.
/// It came later than the tables, and is no change of them.
const INDEX: &str = "
create index if not exists attempts_in_short on attempts (
    module, collection, date, run_id, status, rows_read, rows_written, rows_quarantined, value_errors, files, bytes
);
";

/// As [`Seen`](super::Seen) says it: a clean-up that says no location has taken the date from readers.
const MONTHS: &str = "
select collection, substr(date, 1, 8) || '01' as month, sum(rows_read), sum(rows_written), sum(rows_quarantined),
    sum(value_errors), sum(files), sum(bytes)
from (
    select collection, date, status, rows_read, rows_written, rows_quarantined, value_errors, files, bytes, max(run_id)
    from attempts as one indexed by attempts_in_short
    where module = ?1 and date between ?2 and ?3 and (
        (status = 'Completed' and files > 0) or status = 'Lost' or (status = 'Cleaned-Up' and (
            select location from attempts as whole
            where whole.module = one.module and whole.collection = one.collection and whole.date = one.date
                and whole.run_id = one.run_id
        ) is null)
    )
    group by collection, date
)
where status = 'Completed' group by collection, month
";

/// A ledger in one file, for one machine.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    connection: Mutex<Connection>,
    locks: LeaseLocks,
}

fn failed(action: &'static str, ledger: String, fault: Fault) -> LedgerError {
    match fault {
        Fault::Passing(reason) => LedgerError::Unavailable { action, ledger, reason },
        Fault::Denied(reason) => LedgerError::Denied { action, ledger, reason, hint: embedded::DENIED_HINT.to_owned() },
        Fault::Unreadable(what) => LedgerError::Corrupt { ledger, what },
    }
}

impl SqliteLedger {
    /// Opens the ledger, creating the file and its folder where they are missing.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let connection =
            embedded::open(path, SCHEMA, VERSION).map_err(|fault| failed("open", path.display().to_string(), fault))?;
        connection.execute_batch(INDEX).map_err(|error| failed("open", path.display().to_string(), Fault::of(&error)))?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), locks: LeaseLocks::beside(path) })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unavailable(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError {
        let ledger = self.path.display().to_string();
        move |error| failed(action, ledger.clone(), Fault::of(&error))
    }

    fn corrupt(&self, what: impl Into<String>) -> LedgerError {
        LedgerError::Corrupt { ledger: self.path.display().to_string(), what: what.into() }
    }

    /// Runs `work` in a transaction in which `lease` is known to be ours.
    fn fenced<T>(
        &self,
        action: &'static str,
        lease: &Lease,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let failed = self.unavailable(action);
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let current: Option<u64> = transaction
            .prepare_cached("select token from leases where module = ?1")
            .and_then(|mut query| query.query_row([lease.name.to_string()], |row| row.get(0)).optional())
            .map_err(&failed)?;
        if current != Some(lease.token.0) {
            return Err(LedgerError::LeaseLost { name: lease.name.clone() });
        }
        let done = work(&transaction).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(done)
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredAttempt> {
    Ok(StoredAttempt {
        module: row.get("module")?,
        collection: row.get("collection")?,
        date: row.get("date")?,
        run_id: row.get("run_id")?,
        attempt: row.get("attempt")?,
        status: row.get("status")?,
        counts: Counts {
            rows_read: row.get("rows_read")?,
            rows_written: row.get("rows_written")?,
            rows_quarantined: row.get("rows_quarantined")?,
            value_errors: row.get("value_errors")?,
            files: row.get("files")?,
            bytes: row.get("bytes")?,
        },
        schema_fingerprint: row.get("schema_fingerprint")?,
        sources: row.get("sources")?,
        location: row.get("location")?,
        started: row.get("started")?,
        ended: row.get("ended")?,
        error: row.get("error")?,
    })
}

struct RawLease {
    token: u64,
    holder: StoredHolder,
    expires: String,
    locked: bool,
    released: bool,
}

impl Ledger for SqliteLedger {
    fn check(&self) -> Result<String, LedgerError> {
        let count = self.connection().query_row("select count(*) from attempts", [], |row| row.get::<_, u64>(0));
        let attempts = count.map_err(self.unavailable("count attempts"))?;
        Ok(format!("embedded in {}, {attempts} attempts", self.path.display()))
    }

    fn acquire(&self, name: &LeaseName, holder: &Holder, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        const ACTION: &str = "take the lease";
        let failed = self.unavailable(ACTION);
        let locked = self.locks.try_take(name).map_err(|error| LedgerError::Unavailable {
            action: ACTION,
            ledger: self.path.display().to_string(),
            reason: error.to_string(),
        })?;
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let current = transaction
            .query_row("select * from leases where module = ?1", [name.to_string()], |row| {
                Ok(RawLease {
                    token: row.get("token")?,
                    holder: StoredHolder { run_id: row.get("run_id")?, host: row.get("host")?, process: row.get("process")? },
                    expires: row.get("expires")?,
                    locked: row.get("locked")?,
                    released: row.get("released")?,
                })
            })
            .optional()
            .map_err(&failed)?;
        if let Some(lease) = &current {
            let until: Timestamp = lease.expires.parse().map_err(|_| self.corrupt("a lease without an end"))?;
            // Who has the lock now knows that whoever had it is dead; a holder that never had it may live.
            let is_dead = locked && lease.locked;
            if !lease.released && until > now && !is_dead {
                let holder = lease.holder.clone().restore().map_err(|what| self.corrupt(what))?;
                return Err(LedgerError::Held { name: name.clone(), holder, until });
            }
        }
        let token = FencingToken::after(current.map_or(0, |lease| lease.token), now);
        let expires = now + ttl;
        transaction
            .execute(
                "insert or replace into leases values (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
                params![
                    name.to_string(),
                    token.0,
                    holder.run_id.to_string(),
                    holder.host,
                    holder.process,
                    expires.to_string(),
                    locked
                ],
            )
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(Lease { name: name.clone(), token, expires })
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        let expires = now + ttl;
        self.fenced("renew the lease", lease, |transaction| {
            transaction
                .execute("update leases set expires = ?2 where module = ?1", params![lease.name.to_string(), expires.to_string()])
        })?;
        Ok(Lease { expires, ..lease.clone() })
    }

    fn release(&self, lease: &Lease) -> Result<(), LedgerError> {
        // The lock first: whoever gets it now takes the lease over, which the statement below then leaves alone.
        self.locks.release(&lease.name);
        self.connection()
            .execute(
                "update leases set released = 1 where module = ?1 and token = ?2",
                params![lease.name.to_string(), lease.token.0],
            )
            .map(drop)
            .map_err(self.unavailable("release the lease"))
    }

    fn shards(&self, module: &ModuleName, now: Timestamp) -> Result<Vec<Shard>, LedgerError> {
        let failed = self.unavailable("look for shards");
        let connection = self.connection();
        let mut query = connection
            .prepare_cached("select module, expires from leases where substr(module, 1, length(?1)) = ?1 and released = 0")
            .map_err(&failed)?;
        let rows = query.query_map([format!("{module}#")], |row| Ok((row.get(0)?, row.get(1)?))).map_err(&failed)?;
        let found = rows.collect::<rusqlite::Result<Vec<(String, String)>>>().map_err(&failed)?;
        live_shards(found, now).map_err(|what| self.corrupt(what))
    }

    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError> {
        let attempt = StoredAttempt::of(attempt).map_err(|what| self.corrupt(what))?;
        let counts = attempt.counts;
        self.fenced("record an attempt", lease, |transaction| {
            transaction
                .prepare_cached(
                    "insert or replace into attempts values (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
                )?
                .execute(params![
                    attempt.module,
                    attempt.collection,
                    attempt.date,
                    attempt.run_id,
                    attempt.attempt,
                    attempt.status,
                    counts.rows_read,
                    counts.rows_written,
                    counts.rows_quarantined,
                    counts.value_errors,
                    counts.files,
                    counts.bytes,
                    attempt.schema_fingerprint,
                    attempt.sources,
                    attempt.location,
                    attempt.started,
                    attempt.ended,
                    attempt.error,
                ])
        })?;
        Ok(())
    }

    fn history(&self, module: &ModuleName) -> Result<BTreeMap<CollectionName, DayHistory>, LedgerError> {
        let failed = self.unavailable("read the history");
        let connection = self.connection();
        let mut query = connection
            .prepare(
                "select collection, date, status from attempts indexed by attempts_in_short where module = ?1
                 order by collection, date, run_id",
            )
            .map_err(&failed)?;
        let mut rows = query.query([module.as_str()]).map_err(&failed)?;
        let corrupt = |what| self.corrupt(what);
        let text = |row: &Row<'_>, column| -> Result<String, LedgerError> { row.get(column).map_err(&failed) };
        let mut history: BTreeMap<CollectionName, DayHistory> = BTreeMap::new();
        let mut of_one: Option<(CollectionName, DayHistory)> = None;
        while let Some(row) = rows.next().map_err(&failed)? {
            let name = row.get_ref(0).ok().and_then(|name| name.as_str().ok()).unwrap_or_default();
            if of_one.as_ref().is_none_or(|(collection, _)| collection.as_str() != name) {
                history.extend(of_one.take());
                of_one = Some((parsed("collection", name).map_err(corrupt)?, DayHistory::new()));
            }
            let Some((_, days)) = &mut of_one else { continue };
            days.insert(parsed("date", &text(row, 1)?).map_err(corrupt)?, status_of(&text(row, 2)?).map_err(corrupt)?);
        }
        history.extend(of_one);
        Ok(history)
    }

    fn attempts_between(
        &self,
        module: &ModuleName,
        collection: &CollectionName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError> {
        let failed = self.unavailable("read the attempts");
        let connection = self.connection();
        let mut query = connection
            .prepare_cached(
                "select * from attempts where module = ?1 and collection = ?2 and date between ?3 and ?4 order by date, run_id",
            )
            .map_err(&failed)?;
        let asked = params![module.as_str(), collection.as_str(), first.to_string(), last.to_string()];
        let rows = query.query_map(asked, stored).map_err(&failed)?;
        rows.map(|row| row.map_err(&failed)?.restore().map_err(|what| self.corrupt(what))).collect()
    }

    fn months(
        &self,
        module: &ModuleName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<BTreeMap<CollectionName, BTreeMap<ProcessingDate, Counts>>, LedgerError> {
        let failed = self.unavailable("add up what was published");
        let connection = self.connection();
        let mut query = connection.prepare_cached(MONTHS).map_err(&failed)?;
        let rows = query.query_map(params![module.as_str(), first.to_string(), last.to_string()], |row| {
            let counts = Counts {
                rows_read: row.get(2)?,
                rows_written: row.get(3)?,
                rows_quarantined: row.get(4)?,
                value_errors: row.get(5)?,
                files: row.get(6)?,
                bytes: row.get(7)?,
            };
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, counts))
        });
        let mut months: BTreeMap<CollectionName, BTreeMap<ProcessingDate, Counts>> = BTreeMap::new();
        for row in rows.map_err(&failed)? {
            let (collection, month, counts) = row.map_err(&failed)?;
            let corrupt = |what| self.corrupt(what);
            let (collection, month) =
                (parsed("collection", &collection).map_err(corrupt)?, parsed("date", &month).map_err(corrupt)?);
            months.entry(collection).or_default().insert(month, counts);
        }
        Ok(months)
    }

    fn note_superseded(&self, lease: &Lease, superseded: &Superseded) -> Result<(), LedgerError> {
        self.fenced("note a replaced location", lease, |transaction| {
            transaction.execute(
                "insert or replace into superseded values (?1, ?2)",
                params![superseded.location, superseded.at.to_string()],
            )
        })?;
        Ok(())
    }

    fn superseded(&self, prefix: &str) -> Result<Vec<Superseded>, LedgerError> {
        let failed = self.unavailable("read the replaced locations");
        let connection = self.connection();
        let mut query = connection
            .prepare_cached("select location, at from superseded where substr(location, 1, length(?1)) = ?1 order by at")
            .map_err(&failed)?;
        let rows = query.query_map([prefix], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).map_err(&failed)?;
        rows.map(|row| {
            let (location, at) = row.map_err(&failed)?;
            let at = parsed("time", &at).map_err(|what| self.corrupt(what))?;
            Ok(Superseded { location, at })
        })
        .collect()
    }

    fn forget_superseded(&self, lease: &Lease, location: &str) -> Result<(), LedgerError> {
        self.fenced("forget a swept location", lease, |transaction| {
            transaction.execute("delete from superseded where location = ?1", [location])
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catchup::conformance;
    use crate::identity::RunId;

    #[test]
    fn passes_the_conformance_suite() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("deep/ledger.db")).unwrap();
        let other = SqliteLedger::open(&folder.path().join("deep/ledger.db")).unwrap();
        conformance::suite(&ledger, &other);
    }

    #[test]
    fn a_free_lock_says_nothing_of_a_holder_that_never_had_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let (module, minute) = ("vacancy".parse::<LeaseName>().unwrap(), SignedDuration::from_secs(60));
        let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        let holder = |seconds: i64| Holder { run_id: RunId::new(at(seconds)), host: "a".into(), process: 1 };
        let open = || SqliteLedger::open(&path).unwrap();
        let (slow, next, third) = (open(), open(), open());
        let slept = slow.acquire(&module, &holder(0), at(0), minute).unwrap();
        next.acquire(&module, &holder(61), at(61), minute).unwrap();
        slow.release(&slept).unwrap();
        assert!(matches!(third.acquire(&module, &holder(62), at(62), minute), Err(LedgerError::Held { .. })));
    }

    #[test]
    fn a_dead_holders_lease_is_free_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let now: Timestamp = "2024-01-01T05:00:00Z".parse().unwrap();
        let module: LeaseName = "vacancy".parse().unwrap();
        let holder = Holder { run_id: RunId::new(now), host: "a".into(), process: 1 };
        let dead = SqliteLedger::open(&path).unwrap();
        let first = dead.acquire(&module, &holder, now, SignedDuration::from_hours(1)).unwrap();
        let alive = SqliteLedger::open(&path).unwrap();
        assert!(matches!(alive.acquire(&module, &holder, now, SignedDuration::from_hours(1)), Err(LedgerError::Held { .. })));
        drop(dead);
        let second = alive.acquire(&module, &holder, now, SignedDuration::from_hours(1)).unwrap();
        assert!(second.token > first.token);
    }
}
