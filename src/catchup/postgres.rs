//! The ledger in PostgreSQL, for runs on several machines.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postgres::{Client, Config, Row, Transaction};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{CollectionName, FencingToken, ModuleName, ProcessingDate};
use crate::secrets::SecretText;

use super::stored::{StoredAttempt, StoredHolder, live_shards, parsed, status};
use super::{Attempt, Counts, DayHistory, Holder, Lease, LeaseName, Ledger, LedgerError, Shard, Superseded, postgres_tls};

/// One statement at a time creates them: PostgreSQL's `if not exists` is no protection against two at once.
const SCHEMA: &str = "
begin;
select pg_advisory_xact_lock(72616467);
create table if not exists adg_attempts (
    module text not null, collection text not null, date text not null, run_id text not null, attempt bigint not null,
    status text not null, rows_read bigint not null, rows_written bigint not null, rows_quarantined bigint not null,
    value_errors bigint not null, files bigint not null, bytes bigint not null, schema_fingerprint text,
    sources text not null, location text, started text not null, ended text, error text, token bigint not null,
    primary key (module, collection, date, run_id)
);
create table if not exists adg_leases (
    module text primary key, token bigint not null, run_id text not null, host text not null, process bigint not null,
    expires text not null, released boolean not null
);
create table if not exists adg_superseded (location text primary key, at text not null);
commit;
";

/// How a profile writes a PostgreSQL ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgresql://user:password@host:5432/database?sslmode=require`; the password belongs into a secret. The tables
    /// `adg_attempts`, `adg_leases` and `adg_superseded` are created where they are missing.
    pub url: SecretText,
    /// A file of PEM certificates of the authorities to trust beside the machine's own, such as those of AWS RDS.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// A ledger in a PostgreSQL database.
pub struct PostgresLedger {
    config: Config,
    ca: Option<PathBuf>,
    name: String,
    client: Mutex<Client>,
}

impl PostgresLedger {
    /// Signs in, and creates the tables where they are missing. `ca` is absolute.
    ///
    /// # Errors
    /// The server does not answer, or does not let us in.
    pub fn open(url: &SecretText, ca: Option<PathBuf>) -> Result<Self, LedgerError> {
        // The library's own message on a bad address might have the password.
        let mut config: Config = url.reveal().parse().map_err(|_| LedgerError::Unavailable {
            action: "read the address",
            ledger: "of PostgreSQL".to_owned(),
            reason: "it is no address such as postgresql://user@host:5432/database".to_owned(),
        })?;
        config.connect_timeout(Duration::from_secs(10)).application_name("adg").keepalives_idle(Duration::from_secs(30));
        let name = shown(&config);
        let client = connect(&config, ca.as_deref(), &name)?;
        Ok(Self { config, ca, name, client: Mutex::new(client) })
    }

    /// The connection; a new one where it was lost.
    fn client(&self) -> Result<MutexGuard<'_, Client>, LedgerError> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        // A server that was restarted is noticed by asking it only. The ledger is asked a few times a date.
        if client.is_valid(Duration::from_secs(10)).is_err() {
            *client = connect(&self.config, self.ca.as_deref(), &self.name)?;
        }
        Ok(client)
    }

    fn failed<'a>(&'a self, action: &'static str) -> impl Fn(postgres::Error) -> LedgerError + Copy + 'a {
        move |error| failed(action, &self.name, &error)
    }

    fn corrupt(&self, what: String) -> LedgerError {
        LedgerError::Corrupt { ledger: self.name.clone(), what }
    }

    /// Runs `work` in a transaction in which `lease` is known to be ours, and stays so until its end.
    fn fenced<T>(
        &self,
        action: &'static str,
        lease: &Lease,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, postgres::Error>,
    ) -> Result<T, LedgerError> {
        let failed = self.failed(action);
        let mut client = self.client()?;
        let mut transaction = client.transaction().map_err(failed)?;
        let current = transaction
            .query_opt("select token from adg_leases where module = $1 for share", &[&lease.name.to_string()])
            .map_err(failed)?;
        if current.map(|row| row.get::<_, i64>(0)) != Some(signed(lease.token.0)) {
            return Err(LedgerError::LeaseLost { name: lease.name.clone() });
        }
        let done = work(&mut transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(done)
    }
}

fn connect(config: &Config, ca: Option<&std::path::Path>, name: &str) -> Result<Client, LedgerError> {
    let unavailable = |action: &'static str, reason: String| LedgerError::Unavailable { action, ledger: name.to_owned(), reason };
    let tls = postgres_tls::connector(ca).map_err(|reason| unavailable("set up TLS", reason))?;
    let mut client = config.connect(tls).map_err(|error| failed("sign in", name, &error))?;
    client.batch_execute(SCHEMA).map_err(|error| failed("create the tables", name, &error))?;
    Ok(client)
}

/// The address without its password.
fn shown(config: &Config) -> String {
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            postgres::config::Host::Tcp(name) => name.clone(),
            postgres::config::Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    format!("postgresql://{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

fn failed(action: &'static str, ledger: &str, error: &postgres::Error) -> LedgerError {
    let ledger = ledger.to_owned();
    let Some(told) = error.as_db_error() else {
        let reason = std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
        return LedgerError::Unavailable { action, ledger, reason };
    };
    let reason = told.message().to_owned();
    // Classes 28 (no such user, wrong password) and 42501 (may not).
    if told.code().code().starts_with("28") || told.code().code() == "42501" {
        let hint =
            "correct the user and password in the ledger's url, and let the user create and write the adg_ tables".to_owned();
        return LedgerError::Denied { action, ledger, reason, hint };
    }
    LedgerError::Unavailable { action, ledger, reason }
}

/// PostgreSQL has no unsigned integers; counts and tokens stay far below the half of theirs.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

fn stored(row: &Row) -> StoredAttempt {
    let count = |name: &str| unsigned(row.get(name));
    StoredAttempt {
        module: row.get("module"),
        collection: row.get("collection"),
        date: row.get("date"),
        run_id: row.get("run_id"),
        attempt: u32::try_from(row.get::<_, i64>("attempt")).unwrap_or(u32::MAX),
        status: row.get("status"),
        counts: Counts {
            rows_read: count("rows_read"),
            rows_written: count("rows_written"),
            rows_quarantined: count("rows_quarantined"),
            value_errors: count("value_errors"),
            files: count("files"),
            bytes: count("bytes"),
        },
        schema_fingerprint: row.get("schema_fingerprint"),
        sources: row.get("sources"),
        location: row.get("location"),
        started: row.get("started"),
        ended: row.get("ended"),
        error: row.get("error"),
    }
}

impl Ledger for PostgresLedger {
    fn check(&self) -> Result<String, LedgerError> {
        let row = self.client()?.query_one("show server_version", &[]).map_err(self.failed("ask for the version"))?;
        Ok(format!("PostgreSQL {} at {}", row.get::<_, String>(0), self.name))
    }

    fn acquire(&self, name: &LeaseName, holder: &Holder, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        let failed = self.failed("take the lease");
        let mut client = self.client()?;
        let mut transaction = client.transaction().map_err(failed)?;
        // A row to lock, be it the first lease: it expired before anything began.
        let never = "insert into adg_leases values ($1, 0, '', '', 0, '1970-01-01T00:00:00Z', true) on conflict do nothing";
        transaction.execute(never, &[&name.to_string()]).map_err(failed)?;
        let row = transaction
            .query_one("select * from adg_leases where module = $1 for update", &[&name.to_string()])
            .map_err(failed)?;
        let corrupt = |what| self.corrupt(what);
        let until: Timestamp = parsed("end of a lease", row.get("expires")).map_err(corrupt)?;
        if !row.get::<_, bool>("released") && until > now {
            let process = u32::try_from(row.get::<_, i64>("process")).unwrap_or_default();
            let stored = StoredHolder { run_id: row.get("run_id"), host: row.get("host"), process };
            return Err(LedgerError::Held { name: name.clone(), holder: stored.restore().map_err(corrupt)?, until });
        }
        let token = FencingToken::after(unsigned(row.get("token")), now);
        let (holder, expires) = (StoredHolder::of(holder), now + ttl);
        transaction
            .execute(
                "update adg_leases set token = $2, run_id = $3, host = $4, process = $5, expires = $6, released = false
                 where module = $1",
                &[
                    &name.to_string(),
                    &signed(token.0),
                    &holder.run_id,
                    &holder.host,
                    &i64::from(holder.process),
                    &expires.to_string(),
                ],
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(Lease { name: name.clone(), token, expires })
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        let expires = now + ttl;
        let renewed = self
            .client()?
            .execute(
                "update adg_leases set expires = $3 where module = $1 and token = $2",
                &[&lease.name.to_string(), &signed(lease.token.0), &expires.to_string()],
            )
            .map_err(self.failed("renew the lease"))?;
        match renewed {
            0 => Err(LedgerError::LeaseLost { name: lease.name.clone() }),
            _ => Ok(Lease { expires, ..lease.clone() }),
        }
    }

    fn release(&self, lease: &Lease) -> Result<(), LedgerError> {
        self.client()?
            .execute(
                "update adg_leases set released = true where module = $1 and token = $2",
                &[&lease.name.to_string(), &signed(lease.token.0)],
            )
            .map(drop)
            .map_err(self.failed("release the lease"))
    }

    fn shards(&self, module: &ModuleName, now: Timestamp) -> Result<Vec<Shard>, LedgerError> {
        let found = self
            .client()?
            .query(
                "select module, expires from adg_leases where starts_with(module, $1) and not released",
                &[&format!("{module}#")],
            )
            .map_err(self.failed("look for shards"))?;
        let found = found.iter().map(|row| (row.get("module"), row.get("expires")));
        live_shards(found, now).map_err(|what| self.corrupt(what))
    }

    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError> {
        let stored = StoredAttempt::of(attempt).map_err(|what| self.corrupt(what))?;
        let counts = stored.counts;
        self.fenced("record an attempt", lease, |transaction| {
            transaction.execute(
                "insert into adg_attempts values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)
                 on conflict (module, collection, date, run_id) do update set attempt = $5, status = $6, rows_read = $7,
                     rows_written = $8, rows_quarantined = $9, value_errors = $10, files = $11, bytes = $12,
                     schema_fingerprint = $13, sources = $14, location = $15, started = $16, ended = $17, error = $18,
                     token = $19",
                &[
                    &stored.module,
                    &stored.collection,
                    &stored.date,
                    &stored.run_id,
                    &i64::from(stored.attempt),
                    &stored.status,
                    &signed(counts.rows_read),
                    &signed(counts.rows_written),
                    &signed(counts.rows_quarantined),
                    &signed(counts.value_errors),
                    &signed(counts.files),
                    &signed(counts.bytes),
                    &stored.schema_fingerprint,
                    &stored.sources,
                    &stored.location,
                    &stored.started,
                    &stored.ended,
                    // PostgreSQL's texts have no NUL.
                    &stored.error.map(|error| error.replace('\0', "\u{fffd}")),
                    &signed(lease.token.0),
                ],
            )
        })?;
        Ok(())
    }

    fn history(&self, module: &ModuleName) -> Result<BTreeMap<CollectionName, DayHistory>, LedgerError> {
        let rows = self
            .client()?
            .query(
                "select distinct on (collection, date) collection, date, status from adg_attempts where module = $1
                 order by collection, date, token desc, run_id collate \"C\" desc",
                &[&module.as_str()],
            )
            .map_err(self.failed("read the history"))?;
        let corrupt = |what| self.corrupt(what);
        let mut history: BTreeMap<CollectionName, DayHistory> = BTreeMap::new();
        for row in rows {
            let collection = parsed("collection", row.get(0)).map_err(corrupt)?;
            let date = parsed("date", row.get(1)).map_err(corrupt)?;
            history.entry(collection).or_default().insert(date, status(row.get(2)).map_err(corrupt)?);
        }
        Ok(history)
    }

    fn attempts_between(
        &self,
        module: &ModuleName,
        collection: &CollectionName,
        first: ProcessingDate,
        last: ProcessingDate,
    ) -> Result<Vec<Attempt>, LedgerError> {
        let rows = self
            .client()?
            .query(
                "select * from adg_attempts where module = $1 and collection = $2
                     and date collate \"C\" between $3 and $4
                 order by date collate \"C\", token, run_id collate \"C\"",
                &[&module.as_str(), &collection.as_str(), &first.to_string(), &last.to_string()],
            )
            .map_err(self.failed("read the attempts"))?;
        rows.iter().map(|row| stored(row).restore().map_err(|what| self.corrupt(what))).collect()
    }

    fn note_superseded(&self, lease: &Lease, superseded: &Superseded) -> Result<(), LedgerError> {
        self.fenced("note a replaced location", lease, |transaction| {
            transaction.execute(
                "insert into adg_superseded values ($1, $2) on conflict (location) do update set at = $2",
                &[&superseded.location, &superseded.at.to_string()],
            )
        })?;
        Ok(())
    }

    fn superseded(&self, prefix: &str) -> Result<Vec<Superseded>, LedgerError> {
        let rows = self
            .client()?
            .query("select location, at from adg_superseded where starts_with(location, $1) order by at", &[&prefix])
            .map_err(self.failed("read the replaced locations"))?;
        rows.iter()
            .map(|row| {
                let at = parsed("time", row.get(1)).map_err(|what| self.corrupt(what))?;
                Ok(Superseded { location: row.get(0), at })
            })
            .collect()
    }

    fn forget_superseded(&self, lease: &Lease, location: &str) -> Result<(), LedgerError> {
        self.fenced("forget a swept location", lease, |transaction| {
            transaction.execute("delete from adg_superseded where location = $1", &[&location])
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catchup::{Status, conformance};
    use crate::identity::RunId;
    use crate::test_services;

    fn url(text: &str) -> SecretText {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn passes_the_conformance_suite() {
        let server = test_services::postgres();
        let open = || PostgresLedger::open(&url(&server.url), None).unwrap();
        conformance::suite(&open(), &open());
    }

    #[test]
    fn it_says_what_it_is_and_who_may_not_without_a_password() {
        let url = |text: &str| serde_json::from_value::<SecretText>(text.into()).unwrap();
        let address = test_services::postgres().url.clone();
        let ledger = PostgresLedger::open(&url(&address), None).unwrap();
        let told = ledger.check().unwrap();
        let (version, place) = told.strip_prefix("PostgreSQL ").unwrap().split_once(" at ").unwrap();
        assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{told}");
        assert!(place.starts_with("postgresql://") && place.ends_with("/adg") && !place.contains('@'), "{told}");
        // One who may sign in, and nothing more.
        ledger.client().unwrap().batch_execute("create role reader login password 'known'").unwrap();
        let (_, host) = address.split_once('@').unwrap();
        let reader = PostgresLedger::open(&url(&format!("postgresql://reader:known@{host}")), None);
        let refused = reader.and_then(|ledger| ledger.history(&"shop".parse().unwrap())).unwrap_err();
        assert!(matches!(refused, LedgerError::Denied { .. }), "{refused:?}");
        assert!(!format!("{refused} {refused:?}").contains("known"), "{refused}");
    }

    /// Runs come from machines with clocks of their own, leases from one ledger.
    #[test]
    fn the_later_lease_counts_and_not_the_later_clock() {
        let ledger = PostgresLedger::open(&url(&test_services::postgres().url), None).unwrap();
        let at = |seconds: i64| Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        let (module, collection, date) =
            ("clocks".parse::<ModuleName>().unwrap(), "bids".parse::<CollectionName>().unwrap(), "2024-01-01");
        let mut statuses = [(100, Status::Completed), (0, Status::CleanedUp)].into_iter().map(|(clock, status)| {
            let run_id = RunId::new(at(clock));
            let holder = Holder { run_id, host: "host".into(), process: 7 };
            let lease = ledger.acquire(&module.clone().into(), &holder, at(clock), SignedDuration::from_secs(60)).unwrap();
            let day = date.parse().unwrap();
            ledger
                .record(&lease, &Attempt::begin(module.clone(), collection.clone(), day, run_id, 1, status, at(clock)))
                .unwrap();
            ledger.release(&lease).unwrap();
            ledger.history(&module).unwrap()[&collection][&day]
        });
        assert_eq!((statuses.next(), statuses.next()), (Some(Status::Completed), Some(Status::CleanedUp)));
    }

    #[test]
    fn a_lost_connection_is_made_again_and_a_stranger_is_refused() {
        let server = test_services::postgres();
        let ledger = PostgresLedger::open(&url(&server.url), None).unwrap();
        let kill =
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'adg' and pid = pg_backend_pid()";
        assert!(ledger.client().unwrap().batch_execute(kill).is_err());
        ledger.check().unwrap();
        let stranger = server.url.replace("adg@", "nobody:hunter2@");
        let error = PostgresLedger::open(&url(&stranger), None).map(drop).unwrap_err();
        assert!(matches!(error, LedgerError::Denied { .. }), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
