//! Services that a job uses, opened from a profile.

use std::sync::Arc;

use crate::catchup::Ledger;
use crate::metastore::Metastore;
use crate::notify::Channel;
use crate::telemetry::lineage::Lineage;

use super::{Environment, JobError, tell};

/// A profile with its metastore and ledger open.
pub struct Services {
    /// The profile.
    pub environment: Environment,
    /// Metastore of the profile.
    pub metastore: Arc<dyn Metastore>,
    /// Ledger of the profile.
    pub ledger: Arc<dyn Ledger>,
    /// Channels that are notified of how runs end.
    pub channels: Vec<Channel>,
    /// Receiver of lineage events; none if not configured.
    pub lineage: Option<Lineage>,
}

impl Services {
    /// Opens the profile's metastore and ledger.
    ///
    /// # Errors
    /// The metastore or the ledger can't be opened.
    pub fn open(environment: Environment) -> Result<Self, JobError> {
        let channels = tell::channels(&environment);
        Ok(Self { metastore: environment.metastore()?, ledger: environment.ledger()?, channels, lineage: None, environment })
    }

    /// Opens the profile's services for a run of `job`. If that fails, the channels are notified.
    ///
    /// # Errors
    /// The metastore or the ledger can't be opened.
    pub fn open_to_run(environment: Environment, job: &str) -> Result<Self, JobError> {
        let channels = tell::channels(&environment);
        let opened = environment.metastore().and_then(|metastore| Ok((metastore, environment.ledger()?)));
        let (metastore, ledger) = opened.inspect_err(|error| drop(tell::tell_failure(&environment, &channels, job, error)))?;
        let lineage = tell::lineage(&environment);
        Ok(Self { environment, metastore, ledger, channels, lineage })
    }
}
