//! The connection, and transactions under a lease.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::{Client, Config, Transaction};

use crate::catchup::{Lease, Ledger, LedgerError};
use crate::postgres::address;
use crate::secrets::SecretText;

use super::connection::{connect, failed};
use super::held::is_held;

/// A ledger in a PostgreSQL database.
pub struct PostgresLedger {
    config: Config,
    ca: Option<PathBuf>,
    name: String,
    client: Mutex<Client>,
}

impl PostgresLedger {
    /// Signs in. Missing tables are created, those of an older version migrated. `ca` is absolute.
    ///
    /// # Errors
    /// The server does not answer, refuses the user, or has tables of a newer version.
    pub fn open(url: &SecretText, ca: Option<PathBuf>) -> Result<Self, LedgerError> {
        // The library's own message on a bad address might have the password.
        let mut config: Config = url.reveal().parse().map_err(|_| LedgerError::Setting {
            ledger: "of PostgreSQL".to_owned(),
            reason: "its url is no address such as postgresql://user@host:5432/database".to_owned(),
        })?;
        config.connect_timeout(Duration::from_secs(10)).application_name("adg").keepalives_idle(Duration::from_secs(30));
        let name = address(config.get_hosts(), config.get_dbname());
        let client = connect(&config, ca.as_deref(), &name)?;
        Ok(Self { config, ca, name, client: Mutex::new(client) })
    }

    /// Returns the connection, or a new one if it was lost.
    pub(super) fn client(&self) -> Result<MutexGuard<'_, Client>, LedgerError> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        // A server that was restarted is noticed by asking it only. The ledger is asked a few times a date.
        if client.is_valid(Duration::from_secs(10)).is_err() {
            *client = connect(&self.config, self.ca.as_deref(), &self.name)?;
        }
        Ok(client)
    }

    pub(super) fn failed<'a>(&'a self, action: &'static str) -> impl Fn(postgres::Error) -> LedgerError + Copy + 'a {
        move |error| failed(action, &self.name, &error)
    }

    pub(super) fn corrupt(&self, what: String) -> LedgerError {
        LedgerError::Corrupt { ledger: self.name.clone(), what }
    }

    /// Runs `work` in a transaction, if `lease` is still ours. The lease stays ours until the transaction's end.
    pub(super) fn fenced<T>(
        &self,
        action: &'static str,
        lease: &Lease,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<T, postgres::Error>,
    ) -> Result<T, LedgerError> {
        let failed = self.failed(action);
        let mut client = self.client()?;
        let mut transaction = client.transaction().map_err(failed)?;
        if !is_held(&mut transaction, lease).map_err(failed)? {
            return Err(LedgerError::LeaseLost { scope: lease.scope.clone() });
        }
        let done = work(&mut transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(done)
    }
}

impl Ledger for PostgresLedger {
    fn check(&self) -> Result<String, LedgerError> {
        let row = self.client()?.query_one("show server_version", &[]).map_err(self.failed("ask for the version"))?;
        Ok(format!("PostgreSQL {} at {}", row.get::<_, String>(0), self.name))
    }
}
