//! Detection of dead lease holders, for a ledger in a local file.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::private;

/// Holder of a lease's lock, after this process tried to take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LockHolder {
    /// This process, since just now: the last holder is dead, or has released it.
    ThisProcessNow,
    /// This process, since before: it holds the lease, and lives.
    ThisProcess,
    /// Another process.
    Another,
}

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

    /// Tries to take the lease's lock.
    pub(super) fn try_take(&self, name: &str) -> io::Result<LockHolder> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains_key(name) {
            return Ok(LockHolder::ThisProcess);
        }
        let mut path = self.ledger.clone().into_os_string();
        path.push(format!(".{}.lock", name.replace('/', "of").replace(':', ".")));
        let file = private::file().open(PathBuf::from(path))?;
        match file.try_lock() {
            Ok(()) => {
                held.insert(name.to_owned(), file);
                Ok(LockHolder::ThisProcessNow)
            }
            Err(std::fs::TryLockError::WouldBlock) => Ok(LockHolder::Another),
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
        let take = |locks: &LeaseLocks, name: &str| locks.try_take(name).unwrap();
        assert_eq!(take(&one, module), LockHolder::ThisProcessNow);
        assert_eq!(take(&one, module), LockHolder::ThisProcess);
        assert_eq!(take(&other, module), LockHolder::Another);
        assert_eq!(take(&other, "elsewhere"), LockHolder::ThisProcessNow);
        one.release(module);
        assert_eq!(take(&other, module), LockHolder::ThisProcessNow);
        assert_eq!(take(&one, module), LockHolder::Another);
        drop(other);
        assert_eq!(take(&one, module), LockHolder::ThisProcessNow);
    }
}
