//! A profile's AWS account: its region, its endpoints and its identities.

use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::service_config::ServiceConfigKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::Clock;
use crate::runtime;

use super::identity::Provider;
use super::{AwsError, Identity, Role};

/// AWS settings for all services that a profile uses. Omitted settings come from the usual places: `AWS_REGION`, `AWS_PROFILE`,
/// `AWS_ENDPOINT_URL`, `~/.aws`, the role of the container or instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AwsSettings {
    /// AWS region.
    pub region: Option<String>,
    /// Endpoint URL of all services, for tests and for services that are compatible with AWS.
    pub endpoint: Option<String>,
    /// Profile of ~/.aws/config.
    pub profile: Option<String>,
}

/// This machine's own identity, and the settings of requests to services.
#[derive(Debug)]
pub struct Account {
    config: SdkConfig,
    own: Arc<Identity>,
    session: String,
    /// Endpoint of all services, from the profile.
    written_endpoint: Option<String>,
}

impl Account {
    /// Looks for the region and the credentials in the usual places. Credentials are not requested yet. `session` names our
    /// sessions in AWS's logs.
    ///
    /// # Errors
    /// No provider of credentials is set up, or the runtime can't be created.
    pub fn open(settings: &AwsSettings, session: &str, clock: Arc<dyn Clock>) -> Result<Self, AwsError> {
        let nowhere = || AwsError::NoCredentials { reason: "no provider of credentials is set up".to_owned() };
        let config = load(settings, None)?;
        let provider = config.credentials_provider().ok_or_else(nowhere)?;
        let own = Identity::own(provider, config.clone(), clock);
        let written_endpoint = settings.endpoint.clone();
        Ok(Self { config, own, session: session_name(session), written_endpoint })
    }

    /// Returns an account with the given credentials.
    ///
    /// # Errors
    /// The runtime can't be created.
    #[cfg(test)]
    pub fn with_credentials(
        settings: &AwsSettings,
        session: &str,
        clock: Arc<dyn Clock>,
        provider: SharedCredentialsProvider,
    ) -> Result<Self, AwsError> {
        let config = load(settings, Some(provider.clone()))?;
        let (own, written_endpoint) = (Identity::own(provider, config.clone(), clock), settings.endpoint.clone());
        Ok(Self { own, config, session: session.to_owned(), written_endpoint })
    }

    /// Returns the identity at the end of a chain of roles; this machine itself if the chain is empty.
    pub fn identity(&self, roles: &[Role]) -> Arc<Identity> {
        self.identity_at_hop(roles, roles.len())
    }

    /// Returns the identity after the first `hop` roles of a chain.
    pub fn identity_at_hop(&self, roles: &[Role], hop: usize) -> Arc<Identity> {
        Arc::clone(&self.own).chain(roles, hop, &self.session, &self.config)
    }

    /// Returns the settings of a service's client, for this identity.
    pub fn client_settings(&self, identity: Arc<Identity>, region: Option<&str>, endpoint: Option<&str>) -> SdkConfig {
        let mut builder = self
            .config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(Provider(identity)))
            // Ours is the cache: it refreshes earlier than the library's would ask.
            .identity_cache(IdentityCache::no_cache());
        if let Some(region) = region {
            builder = builder.region(Region::new(region.to_owned()));
        }
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        builder.build()
    }

    /// Returns the region for services whose settings name none.
    pub fn region(&self) -> &str {
        self.config.region().map_or("us-east-1", Region::as_ref)
    }

    /// Returns the endpoint of S3, if it is not AWS's own: the profile's, else `AWS_ENDPOINT_URL_S3` or the `services` section of
    /// `~/.aws/config`, else that of all services.
    pub fn s3_endpoint(&self) -> Option<String> {
        let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
        let of_s3 = key.zip(self.config.service_config()).and_then(|(key, config)| config.load_config(key));
        self.written_endpoint.clone().or(of_s3).or_else(|| self.config.endpoint_url().map(str::to_owned))
    }

    /// Returns true if only endpoints with validated cryptography are used (`AWS_USE_FIPS_ENDPOINT`).
    pub fn uses_fips(&self) -> bool {
        self.config.use_fips().unwrap_or_default()
    }

    /// Returns true if endpoints with IPv6 are used (`AWS_USE_DUALSTACK_ENDPOINT`).
    pub fn uses_dual_stack(&self) -> bool {
        self.config.use_dual_stack().unwrap_or_default()
    }
}

/// Converts a text to a session name that AWS accepts: at most 64 letters, digits and `_+=,.@-`.
fn session_name(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '-' };
    text.chars().map(allowed).take(64).collect()
}

fn load(settings: &AwsSettings, credentials: Option<SharedCredentialsProvider>) -> Result<SdkConfig, AwsError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(6).with_max_backoff(Duration::from_secs(10)))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(5))
                .operation_attempt_timeout(Duration::from_secs(30))
                .operation_timeout(Duration::from_mins(2))
                .build(),
        );
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(credentials) = credentials {
        loader = loader.credentials_provider(credentials);
    }
    let config = runtime::wait(loader.load()).map_err(|error| AwsError::Runtime { reason: error.to_string() })?;
    Ok(match config.region() {
        Some(_) => config,
        // What AWS's own tools fall back to.
        None => config.into_builder().region(Region::from_static("us-east-1")).build(),
    })
}
