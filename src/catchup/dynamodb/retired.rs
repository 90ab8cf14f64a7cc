//! Retired paths: an item for each. Their key keeps its older name.

use crate::catchup::{Lease, LedgerError, RetiredPath, RetiredPaths};

use super::DynamoDbLedger;
use super::items::{Key, RetiredItem};

impl RetiredPaths for DynamoDbLedger {
    fn retire(&self, lease: &Lease, path: &RetiredPath) -> Result<(), LedgerError> {
        let note = self.put(&RetiredItem::of(path))?;
        self.fenced("note a retired path", lease, vec![note])
    }

    fn retired(&self, prefix: &str) -> Result<Vec<RetiredPath>, LedgerError> {
        let found: Vec<RetiredItem> = self.below("read the retired paths", &Key::retired(prefix))?;
        let restored = found.into_iter().map(|item| item.restore().map_err(|what| self.corrupt(what)));
        let mut paths = restored.collect::<Result<Vec<_>, _>>()?;
        paths.sort_by_key(|path| path.at);
        Ok(paths)
    }

    fn forget_retired(&self, lease: &Lease, location: &str) -> Result<(), LedgerError> {
        let delete = self.delete(&Key::retired(location))?;
        self.fenced("forget a retired path", lease, vec![delete])
    }
}
