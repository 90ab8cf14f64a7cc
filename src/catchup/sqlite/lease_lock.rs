//! Detection of dead lease holders, for a ledger in a local file.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::private;

/// Locks held by this process, one file beside the ledger for each lease.
///
/// The operating system drops a lock when its process ends, however it ends. A process that gets the lock therefore knows that
/// the last holder is dead, and need not wait for its lease to expire.
#[derive(Debug)]
pub(super) struct LeaseLocks {
    ledger: PathBuf,
    held: Mutex<HashMap<String, File>>,
}

impl LeaseLocks {
    pub(super) fn beside(ledger: &Path) -> Self {
        Self { ledger: ledger.to_owned(), held: Mutex::default() }
    }

    /// Returns true if this process has the lease's lock.
    pub(super) fn has(&self, name: &str) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }

    /// Tries to take the lease's lock. Returns true if this process has it now.
    pub(super) fn try_take(&self, name: &str) -> io::Result<bool> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains_key(name) {
            return Ok(true);
        }
        let mut path = self.ledger.clone().into_os_string();
        path.push(format!(".{}.lock", name.replace('/', "of").replace(':', ".")));
        let file = private::file().open(PathBuf::from(path))?;
        match file.try_lock() {
            Ok(()) => {
                held.insert(name.to_owned(), file);
                Ok(true)
            }
            Err(std::fs::TryLockError::WouldBlock) => Ok(false),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Releases the lease's lock.
    pub(super) fn release(&self, name: &str) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_one_processs_until_it_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let locks = || LeaseLocks::beside(&folder.path().join("ledger.db"));
        let (one, other, module) = (locks(), locks(), "shop");
        assert!(one.try_take(module).unwrap() && one.try_take(module).unwrap());
        assert!(!other.try_take(module).unwrap());
        assert!(other.try_take("elsewhere").unwrap());
        one.release(module);
        assert!(other.try_take(module).unwrap() && !one.try_take(module).unwrap());
        drop(other);
        assert!(one.try_take(module).unwrap());
    }
}
