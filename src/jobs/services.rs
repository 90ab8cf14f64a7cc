//! What a job works with, opened from a profile.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::catchup::{Ledger, SqliteLedger};
use crate::config::{Config, LedgerSettings, MetastoreSettings};
use crate::identity::{Clock, SystemClock};
use crate::metastore::{Metastore, SqliteMetastore};
use crate::store::{Store, StoreUrl};

use super::JobError;

/// A profile, and what needs nothing but it.
pub struct Environment {
    /// The profile and its file.
    pub config: Config,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whose calendar says which day it is.
    pub zone: TimeZone,
}

/// A profile with its metastore and ledger open.
pub struct Services {
    /// The profile.
    pub environment: Environment,
    /// The catalog.
    pub metastore: Arc<dyn Metastore>,
    /// The record.
    pub ledger: Arc<dyn Ledger>,
}

impl Services {
    /// Opens the profile's metastore and ledger.
    pub fn open(environment: Environment) -> Result<Self, JobError> {
        let config = &environment.config;
        let MetastoreSettings::Sqlite(metastore) = &config.profile.metastore;
        let LedgerSettings::Sqlite(ledger) = &config.profile.ledger;
        Ok(Self {
            metastore: Arc::new(SqliteMetastore::open(&config.path(&metastore.path))?),
            ledger: Arc::new(SqliteLedger::open(&config.path(&ledger.path))?),
            environment,
        })
    }
}

impl Environment {
    /// Takes a profile; nothing is opened yet.
    pub fn new(config: Config) -> Result<Self, JobError> {
        let zone = TimeZone::get(&config.profile.time_zone).map_err(|error| JobError::Setting {
            what: "time_zone".into(),
            place: format!("the profile `{}`", config.profile_name),
            reason: error.to_string(),
        })?;
        Ok(Self { config, clock: Arc::new(SystemClock), zone })
    }

    /// Opens the store of that name.
    pub fn store(&self, name: &str, create: bool) -> Result<Store, JobError> {
        let stores = &self.config.profile.stores;
        let settings = stores.get(name).ok_or_else(|| JobError::Setting {
            what: "stores".into(),
            place: format!("the profile `{}`", self.config.profile_name),
            reason: format!("there is no store `{name}`; there are {}", stores.keys().cloned().collect::<Vec<_>>().join(", ")),
        })?;
        let url = StoreUrl::parse(&settings.url, &self.config.folder)?;
        Ok(Store::open(name, &url, create)?)
    }

    /// The folder for temporary files.
    pub fn scratch_root(&self) -> PathBuf {
        match &self.config.profile.scratch {
            Some(path) => self.config.path(path),
            None => std::env::temp_dir(),
        }
    }
}
