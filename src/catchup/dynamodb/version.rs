//! The version of the table's items. Tables of adg 0.1 do not record one, and have version 1.

use serde::{Deserialize, Serialize};

use crate::catchup::LedgerError;

use super::DynamoDbLedger;
use super::items::Key;

/// Version that this adg writes. It also reads all earlier versions.
pub(super) const VERSION: u64 = 2;

/// The table's version.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct VersionItem {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    version: u64,
}

impl VersionItem {
    pub(super) fn of(version: u64) -> Self {
        let Key { hash, range } = Key::version();
        Self { hash, range, version }
    }
}

impl DynamoDbLedger {
    fn version(&self) -> Result<u64, LedgerError> {
        let found: Option<VersionItem> = self.get("read the version", &Key::version())?;
        let found = found.map_or(1, |item| item.version);
        if found <= VERSION {
            return Ok(found);
        }
        Err(self.corrupt(format!("items of version {found}, made by a newer adg (this one reads up to version {VERSION})")))
    }

    /// Refuses a table that a newer adg has written. The version is read once.
    pub(super) fn must_be_known(&self) -> Result<(), LedgerError> {
        if self.is_known.get().is_none() {
            self.version()?;
            self.is_known.get_or_init(|| ());
        }
        Ok(())
    }

    /// Records the version, before any item of this version is written.
    pub(super) fn mark(&self) -> Result<(), LedgerError> {
        if self.is_known.get().is_none() {
            if self.version()? < VERSION {
                self.put_alone("write the version", &VersionItem::of(VERSION))?;
            }
            self.is_known.get_or_init(|| ());
        }
        Ok(())
    }
}
