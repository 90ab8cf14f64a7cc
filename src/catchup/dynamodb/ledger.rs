//! The handle of the ledger's table.

use std::sync::{Arc, Mutex, OnceLock};

use crate::aws::{Account, Identity};
use crate::catchup::{JobSummaries, Ledger, LedgerError};

use super::DynamoDbSettings;
use super::items::{DayItem, Key};
use super::retries::Conflicts;

/// A ledger in a DynamoDB table.
#[derive(Debug)]
pub struct DynamoDbLedger {
    pub(super) table: String,
    pub(super) client: aws_sdk_dynamodb::Client,
    pub(super) identity: Arc<Identity>,
    /// Locked while the lease's item is part of a request: DynamoDB refuses two transactions over one item at the same time.
    pub(super) lease: Mutex<()>,
    /// Set once the table's version was found to be one that this adg knows.
    pub(super) is_known: OnceLock<()>,
}

impl DynamoDbLedger {
    /// Opens the table, without a request to it.
    pub fn open(settings: &DynamoDbSettings, account: &Account) -> Self {
        let identity = account.identity(&settings.role_chain);
        let sdk = account.client_settings(Arc::clone(&identity), settings.region.as_deref(), settings.endpoint.as_deref());
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk).retry_classifier(Conflicts).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        Self { table: settings.table.clone(), client, identity, lease: Mutex::default(), is_known: OnceLock::new() }
    }
}

impl Ledger for DynamoDbLedger {
    fn check(&self) -> Result<String, LedgerError> {
        self.get::<DayItem>("look", &Key::summary("adg#check", "check"))?;
        self.must_be_known()?;
        Ok(format!("DynamoDB table {}", self.table))
    }

    fn summaries(&self) -> Option<&dyn JobSummaries> {
        Some(self)
    }
}
