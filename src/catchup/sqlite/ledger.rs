//! The handle of the ledger's file, and transactions under a lease.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::catchup::{Lease, Ledger, LedgerError};
use crate::embedded::{self, Fault};

use super::held::is_held;
use super::lease_lock::LeaseLocks;
use super::migrations::MIGRATIONS;

/// A ledger in one file, for one machine.
#[derive(Debug)]
pub struct SqliteLedger {
    pub(super) path: PathBuf,
    connection: Mutex<Connection>,
    pub(super) locks: LeaseLocks,
}

fn failed(action: &'static str, ledger: String, fault: Fault) -> LedgerError {
    match fault {
        Fault::Passing(reason) => LedgerError::Unavailable { action, ledger, reason },
        Fault::Denied(reason) => LedgerError::Denied { action, ledger, reason, hint: embedded::DENIED_HINT.to_owned() },
        Fault::Unreadable(what) => LedgerError::Corrupt { ledger, what },
    }
}

impl SqliteLedger {
    /// Opens the ledger. A missing file is created, with its folder; a file of an older version is migrated.
    ///
    /// # Errors
    /// The file can't be opened, is not a ledger, or has a newer version.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let opened = embedded::open(path, &MIGRATIONS);
        let connection = opened.map_err(|fault| failed("open", path.display().to_string(), fault))?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), locks: LeaseLocks::beside(path) })
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unavailable(&self, action: &'static str) -> impl Fn(rusqlite::Error) -> LedgerError {
        let ledger = self.path.display().to_string();
        move |error| failed(action, ledger.clone(), Fault::of(&error))
    }

    pub(super) fn corrupt(&self, what: impl Into<String>) -> LedgerError {
        LedgerError::Corrupt { ledger: self.path.display().to_string(), what: what.into() }
    }

    /// Runs `work` in a transaction, if `lease` is still ours.
    pub(super) fn fenced<T>(
        &self,
        action: &'static str,
        lease: &Lease,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let failed = self.unavailable(action);
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        if !is_held(&transaction, lease).map_err(&failed)? {
            return Err(LedgerError::LeaseLost { scope: lease.scope.clone() });
        }
        let done = work(&transaction).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(done)
    }
}

impl Ledger for SqliteLedger {
    fn check(&self) -> Result<String, LedgerError> {
        let count = self.connection().query_row("select count(*) from attempts", [], |row| row.get::<_, u64>(0));
        let attempts = count.map_err(self.unavailable("count attempts"))?;
        Ok(format!("embedded in {}, {attempts} attempts", self.path.display()))
    }
}
