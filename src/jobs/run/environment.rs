//! A profile of `adg.yaml`, and the opening of its services.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;

use crate::aws::{Account, AwsError, AwsSettings};
use crate::catchup::{DynamoDbLedger, Ledger, PostgresLedger, SqliteLedger};
use crate::config::{self, Config, LedgerSettings, MetastoreSettings, Module, Pipeline, ReferenceResolver};
use crate::identity::{Clock, LoadType, RunId, SystemClock};
use crate::metastore::{GlueMetastore, HiveMetastore, Metastore, SqliteMetastore};
use crate::secrets::{self, SecretError, SecretPlace};
use crate::source::KeyService;
use crate::stop::Stop;
use crate::store::{Disk, Scratch, Store, StoreError, StoreUrl};

use super::JobError;

/// A profile and the means to open its services.
pub struct Environment {
    /// The profile and its file.
    pub config: Config,
    /// Clock of the job.
    pub clock: Arc<dyn Clock>,
    /// Time zone in which a date begins.
    pub zone: TimeZone,
    /// Request to stop a run.
    pub stop: Stop,
    /// The local disk.
    pub disk: Disk,
    /// Hook of tests between a job and its stores.
    #[cfg(test)]
    pub seam: Option<Arc<dyn StoreSeam>>,
    system: System,
}

/// A hook of tests between a job and its stores.
#[cfg(test)]
pub trait StoreSeam: Send + Sync {
    /// Returns the store to use under that name.
    fn store(&self, name: &str, url: StoreUrl) -> Store;
}

impl Environment {
    /// Reads the file and chooses the profile. Of the profile's services, only those of its secrets are called.
    ///
    /// # Errors
    /// The file can't be read, is invalid, or has no such profile; a variable or a secret that the profile refers to can't be
    /// read; the time zone is unknown.
    pub fn load(file: &Path, profile: Option<&str>) -> Result<Self, JobError> {
        let system = System { clock: Arc::new(SystemClock), account: OnceLock::new() };
        let config = config::load(file, profile, &system)?;
        let zone = TimeZone::get(&config.profile.time_zone).map_err(|error| JobError::Setting {
            what: "time_zone".into(),
            place: format!("the profile `{}`", config.profile_name),
            reason: error.to_string(),
        })?;
        Ok(Self {
            config,
            clock: Arc::clone(&system.clock),
            zone,
            stop: Stop::default(),
            disk: Disk::default(),
            #[cfg(test)]
            seam: None,
            system,
        })
    }

    /// Returns the module of that name, with the settings of that load type.
    ///
    /// # Errors
    /// Those of [`Config::module`].
    pub fn module(&self, name: &str, load: LoadType) -> Result<Module, JobError> {
        Ok(self.config.module(name, load, &self.system)?)
    }

    /// Returns the pipeline of that name.
    ///
    /// # Errors
    /// Those of [`Config::pipeline`].
    pub fn pipeline(&self, name: &str) -> Result<Pipeline, JobError> {
        Ok(self.config.pipeline(name, &self.system)?)
    }

    /// Returns the profile's AWS account.
    ///
    /// # Errors
    /// Those of [`Account::open`].
    pub fn account(&self) -> Result<&Arc<Account>, AwsError> {
        self.system.account(&self.config.profile_name, &self.config.profile.aws)
    }

    /// Opens the profile's metastore.
    ///
    /// # Errors
    /// The file of an embedded metastore can't be opened; for Glue, the AWS account can't be opened. Hive and Glue are not called
    /// yet.
    pub fn metastore(&self) -> Result<Arc<dyn Metastore>, JobError> {
        Ok(match &self.config.profile.metastore {
            MetastoreSettings::Sqlite(settings) => Arc::new(SqliteMetastore::open(&self.config.path(&settings.path))?),
            MetastoreSettings::Hive(settings) => Arc::new(HiveMetastore::open(settings)),
            MetastoreSettings::Glue(settings) => Arc::new(GlueMetastore::open(settings, self.account()?)),
        })
    }

    /// Opens the profile's ledger.
    ///
    /// # Errors
    /// An embedded or PostgreSQL ledger can't be opened, or has a newer version; for DynamoDB, the AWS account can't be opened.
    pub fn ledger(&self) -> Result<Arc<dyn Ledger>, JobError> {
        Ok(match &self.config.profile.ledger {
            LedgerSettings::Sqlite(settings) => Arc::new(SqliteLedger::open(&self.config.path(&settings.path))?),
            LedgerSettings::Dynamodb(settings) => Arc::new(DynamoDbLedger::open(settings, self.account()?)),
            LedgerSettings::Postgres(settings) => {
                let ca = settings.ca.as_ref().map(|file| self.config.path(file));
                Arc::new(PostgresLedger::open(&settings.url, ca)?)
            }
        })
    }

    /// Opens the store of that name.
    ///
    /// # Errors
    /// The profile has no such store, or its settings are invalid; its folder does not exist or can't be created; for S3, the AWS
    /// account can't be opened.
    pub fn store(&self, name: &str, create: bool) -> Result<Store, JobError> {
        let stores = &self.config.profile.stores;
        let settings = stores.get(name).ok_or_else(|| JobError::Setting {
            what: "stores".into(),
            place: format!("the profile `{}`", self.config.profile_name),
            reason: format!("there is no store `{name}`; there are {}", stores.keys().cloned().collect::<Vec<_>>().join(", ")),
        })?;
        let url = StoreUrl::parse(&settings.url, &self.config.folder)?;
        settings.check(&url).map_err(|reason| StoreError::Setting { store: format!("`{name}`"), reason })?;
        #[cfg(test)]
        if let Some(seam) = &self.seam {
            return Ok(seam.store(name, url));
        }
        Ok(match url {
            StoreUrl::Folder(folder) => Store::folder(name, folder, create)?,
            StoreUrl::S3(bucket) => Store::s3(
                name,
                bucket,
                settings,
                self.account().map_err(|source| StoreError::Credentials { store: format!("`{name}`"), source })?,
            )?,
            StoreUrl::Gcs(bucket) => Store::gcs(name, bucket, settings)?,
        })
    }

    /// Creates temporary space for a run.
    ///
    /// # Errors
    /// Those of [`Scratch::create`].
    pub fn scratch(&self, run: &RunId) -> Result<Scratch, JobError> {
        Ok(Scratch::create(&self.scratch_root(), run, self.config.profile.scratch_encryption, &self.disk)?)
    }

    /// Opens the profile's key service, for the requests of a run.
    ///
    /// # Errors
    /// The profile has no key service; a file in its settings can't be read, or an address is invalid.
    pub fn key_service(&self, run: &RunId) -> Result<KeyService, JobError> {
        let settings = self.config.profile.key_service.as_ref().ok_or_else(|| JobError::Setting {
            what: "key_service".into(),
            place: format!("the profile `{}`", self.config.profile_name),
            reason: "it has none, and the module's files are encrypted".into(),
        })?;
        Ok(KeyService::open(settings, |path| self.config.path(path), run.to_string())?)
    }

    /// Returns the folder for temporary files.
    pub fn scratch_root(&self) -> PathBuf {
        match &self.config.profile.scratch {
            Some(path) => self.config.path(path),
            None => std::env::temp_dir(),
        }
    }
}

/// Values that the config files refer to: this process's environment, and secrets.
#[derive(Debug)]
struct System {
    clock: Arc<dyn Clock>,
    /// AWS account, opened on first use: a profile without AWS needs none.
    account: OnceLock<Arc<Account>>,
}

impl System {
    fn account(&self, profile: &str, settings: &AwsSettings) -> Result<&Arc<Account>, AwsError> {
        if let Some(account) = self.account.get() {
            return Ok(account);
        }
        let account = Account::open(settings, &format!("adg-{profile}"), Arc::clone(&self.clock))?;
        Ok(self.account.get_or_init(|| Arc::new(account)))
    }
}

impl ReferenceResolver for System {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn secret(&self, place: &SecretPlace, profile: &str, aws: &AwsSettings) -> Result<String, SecretError> {
        match place {
            SecretPlace::Env(name) => self.variable(name).ok_or(SecretError::NotFound),
            SecretPlace::AwsSecretsManager(name) => secrets::from_secrets_manager(name, self.account(profile, aws)?),
        }
    }
}
