//! The ledger in the table that the replaced job kept: its one line for each module stays as other readers expect it, and all
//! that adg knows beside it lies in further items of the same table.
//!
//! | `Correlation_Id` | `DataProduct` | what |
//! | --- | --- | --- |
//! | the module's | the module's | the summary: `Date`, `Run_Id`, `Status` |
//! | `adg#MODULE` | `lease` | who works on the module |
//! | `adg#MODULE` | `day#COLLECTION#DATE` | the latest status of a date |
//! | `adg#MODULE` | `attempt#COLLECTION#DATE#RUN` | one attempt |
//! | `adg#MODULE` | `sources#COLLECTION#DATE#RUN#PART` | a part of an attempt's list of sources that is too long for its item |
//! | `adg#summary` | the summary's keys | whose it is, how adg wrote it last, and the date that it continues from |
//! | `adg#superseded` | a location | when it was replaced |
//!
//! Other readers ask for the newest item of a `Correlation_Id`, so none of adg's own lies under a module's. No item of adg has
//! an attribute of the replaced job's names beside the key, lest an index over them shows it.

mod items;
mod lease;
mod requests;
mod summary;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::{Account, Identity, Role};
use crate::identity::{CollectionName, ModuleName, ProcessingDate};

use super::stored::{StoredAttempt, parsed, status};
use super::{
    Attempt, Continued, DayHistory, Holder, Lease, LeaseName, Ledger, LedgerError, Shard, Summary, SummaryKey, Superseded,
};

use items::{AttemptItem, DayItem, Key, SupersededItem};

/// How a profile writes a DynamoDB ledger.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DynamoDbSettings {
    /// The table, with the keys `Correlation_Id` and `DataProduct`, both texts.
    pub table: String,
    /// The table's region. None: the profile's.
    #[serde(default)]
    pub region: Option<String>,
    /// The service's address, where it is not AWS's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The roles to assume, one after the other, to reach the table.
    #[serde(default)]
    pub role_chain: Vec<Role>,
}

/// A ledger in a table of DynamoDB.
#[derive(Debug)]
pub struct DynamoDbLedger {
    table: String,
    client: aws_sdk_dynamodb::Client,
    identity: Arc<Identity>,
    /// Held while the lease's item is part of a request: DynamoDB refuses two transactions over one item at the same time.
    lease: Mutex<()>,
}

impl DynamoDbLedger {
    /// Opens the table. Nothing is asked of it yet.
    pub fn open(settings: &DynamoDbSettings, account: &Account) -> Self {
        let identity = account.identity(&settings.role_chain);
        let sdk = account.client_settings(Arc::clone(&identity), settings.region.as_deref(), settings.endpoint.as_deref());
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk).retry_classifier(requests::Conflicts).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        Self { table: settings.table.clone(), client, identity, lease: Mutex::default() }
    }
}

impl DynamoDbLedger {
    fn restored(&self, mut item: AttemptItem) -> Result<Attempt, LedgerError> {
        if let Some(beginning) = item.parts() {
            let parts = self.below("read a list of sources", &beginning)?;
            item.join(parts).map_err(|what| self.corrupt(what))?;
        }
        item.restore().map_err(|what| self.corrupt(what))
    }
}

impl Ledger for DynamoDbLedger {
    fn check(&self) -> Result<String, LedgerError> {
        self.get::<DayItem>("look", &Key::summary("adg#check", "check"))?;
        Ok(format!("DynamoDB table {}", self.table))
    }

    fn continues_from(&self, module: &ModuleName, key: &SummaryKey) -> Result<Option<Continued>, LedgerError> {
        summary::continues_from(self, module, key)
    }

    fn take_over(&self, lease: &Lease, key: &SummaryKey) -> Result<Option<ProcessingDate>, LedgerError> {
        summary::take_over(self, lease, key)
    }

    fn summarise(&self, lease: &Lease, key: &SummaryKey, told: Summary) -> Result<(), LedgerError> {
        summary::write(self, lease, key, told)
    }

    fn acquire(&self, name: &LeaseName, holder: &Holder, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        lease::acquire(self, name, holder, now, ttl)
    }

    fn renew(&self, lease: &Lease, now: Timestamp, ttl: SignedDuration) -> Result<Lease, LedgerError> {
        lease::renew(self, lease, now, ttl)
    }

    fn release(&self, lease: &Lease) -> Result<(), LedgerError> {
        lease::release(self, lease)
    }

    fn shards(&self, module: &ModuleName, now: Timestamp) -> Result<Vec<Shard>, LedgerError> {
        lease::shards(self, module, now)
    }

    fn record(&self, lease: &Lease, attempt: &Attempt) -> Result<(), LedgerError> {
        let stored = StoredAttempt::of(attempt).map_err(|what| self.corrupt(what))?;
        let day = self.put(&DayItem::of(&stored))?;
        let (item, parts) = AttemptItem::of(stored).map_err(|what| self.corrupt(what))?;
        for part in &parts {
            self.put_alone("write a list of sources", part)?;
        }
        let attempt = self.put(&item)?;
        self.fenced("record an attempt", lease, vec![attempt, day])
    }

    fn history(&self, module: &ModuleName) -> Result<BTreeMap<CollectionName, DayHistory>, LedgerError> {
        let days: Vec<DayItem> = self.below("read the history", &Key::days(module))?;
        let corrupt = |what| self.corrupt(what);
        let mut history: BTreeMap<CollectionName, DayHistory> = BTreeMap::new();
        for day in days {
            let collection = parsed("collection", &day.collection).map_err(corrupt)?;
            let date = parsed("date", &day.day).map_err(corrupt)?;
            history.entry(collection).or_default().insert(date, status(&day.latest).map_err(corrupt)?);
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
        let found: Vec<AttemptItem> = self.between(
            "read the attempts",
            &Key::attempts(module, collection, first),
            &Key::attempts(module, collection, last),
        )?;
        found.into_iter().map(|item| self.restored(item)).collect()
    }

    fn note_superseded(&self, lease: &Lease, superseded: &Superseded) -> Result<(), LedgerError> {
        let note = self.put(&SupersededItem::of(superseded))?;
        self.fenced("note a replaced location", lease, vec![note])
    }

    fn superseded(&self, prefix: &str) -> Result<Vec<Superseded>, LedgerError> {
        let found: Vec<SupersededItem> = self.below("read the replaced locations", &Key::superseded(prefix))?;
        let mut notes =
            found.into_iter().map(|item| item.restore().map_err(|what| self.corrupt(what))).collect::<Result<Vec<_>, _>>()?;
        notes.sort_by_key(|note| note.at);
        Ok(notes)
    }

    fn forget_superseded(&self, lease: &Lease, location: &str) -> Result<(), LedgerError> {
        let delete = self.delete(&Key::superseded(location))?;
        self.fenced("forget a swept location", lease, vec![delete])
    }
}

#[cfg(test)]
mod tests;
