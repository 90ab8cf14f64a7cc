//! Client of one Glue catalog.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_glue::Client;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::{Account, Identity, Role};
use crate::schema::TableSchema;

use super::super::{MetastoreError, TableName};

/// Longest type of a column that Glue takes. <https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html>
const MOST_BYTES_OF_A_TYPE: usize = 131_072;

/// Settings of a metastore in AWS Glue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GlueSettings {
    /// Region of the catalog. None: the profile's region.
    pub region: Option<String>,
    /// Address of the service, if it is not AWS's own.
    pub endpoint: Option<String>,
    /// Account that owns the catalog. None: the caller's account.
    pub catalog_id: Option<String>,
    /// Roles to assume, one after the other, to reach the catalog.
    pub role_chain: Vec<Role>,
}

/// A metastore in AWS Glue.
#[derive(Debug)]
pub struct GlueMetastore {
    pub(super) client: Client,
    pub(super) identity: Arc<Identity>,
    pub(super) region: String,
    pub(super) catalog_id: Option<String>,
    /// Number of requests so far, without the library's own retries.
    pub(super) calls: AtomicUsize,
}

impl GlueMetastore {
    /// Opens the catalog without sending a request.
    pub fn open(settings: &GlueSettings, account: &Account) -> Self {
        let identity = account.identity(&settings.role_chain);
        let sdk = account.client_settings(Arc::clone(&identity), settings.region.as_deref(), settings.endpoint.as_deref());
        let region = settings.region.clone().unwrap_or_else(|| account.region().to_owned());
        Self { client: Client::new(&sdk), identity, region, catalog_id: settings.catalog_id.clone(), calls: AtomicUsize::new(0) }
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn no_such_table(&self, name: &TableName) -> MetastoreError {
        MetastoreError::NoSuchTable { table: name.clone(), metastore: self.to_string() }
    }

    /// Returns the error for a feature of a table that adg does not know.
    /// Refuses columns that Glue would not take.
    pub(super) fn must_fit(&self, table: &TableName, schema: &TableSchema) -> Result<(), MetastoreError> {
        let lengths = schema.columns().iter().map(|column| (&column.name, column.ty.to_string().len()));
        match lengths.into_iter().find(|(_, length)| *length > MOST_BYTES_OF_A_TYPE) {
            None => Ok(()),
            Some((column, length)) => Err(MetastoreError::TypeTooLong {
                table: table.clone(),
                column: column.clone(),
                metastore: self.to_string(),
                length,
                most: MOST_BYTES_OF_A_TYPE,
            }),
        }
    }

    pub(super) fn corrupt(&self, name: &TableName) -> impl Fn(String) -> MetastoreError {
        move |what| MetastoreError::Corrupt { metastore: self.to_string(), what: format!("{what} of {name}") }
    }
}

impl fmt::Display for GlueMetastore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AWS Glue in {}", self.region)
    }
}
