//! Credentials that are refreshed before they expire, by one request for all waiting callers.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use crate::identity::Clock;

use super::{AwsError, RefusedHop, Role, Said, SaidKind, said};

/// Credentials are replaced this long before they expire, or at a third of their life where that is shorter: a request
/// signed now may be answered minutes later.
const MARGIN: Duration = Duration::from_mins(5);
/// Wait between a failed refresh and the next try, while the old credentials still work.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// An AWS identity: this machine itself, or a role that a chain leads to.
#[derive(Debug)]
pub struct Identity {
    origin: Origin,
    clock: Arc<dyn Clock>,
    /// Locked during a fetch, so that waiting callers get the credentials that the first one fetched.
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
enum Origin {
    Own(Box<Own>),
    Assumed(Box<Assumed>),
}

#[derive(Debug)]
struct Own {
    provider: SharedCredentialsProvider,
    config: SdkConfig,
}

#[derive(Debug)]
struct Assumed {
    previous: Arc<Identity>,
    role: Role,
    session: String,
    hop: usize,
    hops: usize,
    config: SdkConfig,
}

#[derive(Debug, Clone)]
struct Held {
    credentials: Credentials,
    /// ARN of the holder; none if AWS did not return it with the credentials.
    arn: Option<String>,
    refresh_at: Option<SystemTime>,
}

impl Identity {
    /// Returns this machine's own identity.
    pub(super) fn own(provider: SharedCredentialsProvider, config: SdkConfig, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { origin: Origin::Own(Box::new(Own { provider, config })), clock, held: Mutex::default() })
    }

    /// Returns the identity after the first `upto` roles, each assumed by the one before it.
    pub(super) fn chain(self: Arc<Self>, roles: &[Role], upto: usize, session: &str, config: &SdkConfig) -> Arc<Self> {
        roles.iter().enumerate().take(upto).fold(self, |previous, (i, role)| {
            let clock = Arc::clone(&previous.clock);
            let session = role.session_name.clone().unwrap_or_else(|| session.to_owned());
            let (role, config, hop, hops) = (role.clone(), config.clone(), i + 1, roles.len());
            let origin = Origin::Assumed(Box::new(Assumed { previous, role, session, hop, hops, config }));
            Arc::new(Self { origin, clock, held: Mutex::default() })
        })
    }

    /// Returns credentials that work for some minutes at least.
    ///
    /// # Errors
    /// No credentials are available, or a hop was refused: the error names it.
    pub fn current(&self) -> BoxFuture<'_, Result<Credentials, AwsError>> {
        Box::pin(async move { Ok(self.held().await?.credentials) })
    }

    /// Returns the ARN of this identity, as AWS reports it.
    ///
    /// # Errors
    /// There are no credentials, or AWS does not know them.
    pub async fn arn(&self) -> Result<String, AwsError> {
        let held = self.held().await?;
        match held.arn {
            Some(arn) => Ok(arn),
            None => caller(self.origin.config(), held.credentials).await,
        }
    }

    async fn held(&self) -> Result<Held, AwsError> {
        let mut held = self.held.lock().await;
        let now = SystemTime::from(self.clock.now());
        if let Some(held) = held.as_ref().filter(|held| held.refresh_at.is_none_or(|at| now < at)) {
            return Ok(held.clone());
        }
        match self.origin.fetch().await {
            Ok((credentials, arn)) => {
                let refresh_at = credentials.expiry().map(|expiry| refresh_at(now, expiry));
                Ok(held.insert(Held { credentials, arn, refresh_at }).clone())
            }
            Err(error) => match held.as_mut().filter(|held| held.credentials.expiry().is_none_or(|expiry| now < expiry)) {
                Some(held) => {
                    tracing::warn!(event = "credentials_not_refreshed", %error, "the credentials still work for a while");
                    let ends = held.credentials.expiry().unwrap_or(now + RETRY_AFTER);
                    held.refresh_at = Some(ends.min(now + RETRY_AFTER));
                    Ok(held.clone())
                }
                None => Err(error),
            },
        }
    }
}

fn refresh_at(now: SystemTime, expiry: SystemTime) -> SystemTime {
    let life = expiry.duration_since(now).unwrap_or_default();
    expiry - MARGIN.min(life / 3)
}

impl Origin {
    fn config(&self) -> &SdkConfig {
        match self {
            Self::Own(own) => &own.config,
            Self::Assumed(assumed) => &assumed.config,
        }
    }

    /// Fetches new credentials, and the ARN of their holder where AWS returns it with them.
    async fn fetch(&self) -> Result<(Credentials, Option<String>), AwsError> {
        match self {
            Self::Own(own) => {
                let late = |_| Err(CredentialsError::provider_timed_out(PROVIDER_TIMEOUT));
                let credentials =
                    tokio::time::timeout(PROVIDER_TIMEOUT, own.provider.provide_credentials()).await.unwrap_or_else(late);
                credentials.map(|credentials| (credentials, None)).map_err(|error| no_credentials(&error))
            }
            Self::Assumed(assumed) => assumed.assume().await,
        }
    }
}

/// Longest wait for credentials: a `credential_process` may wait for somebody to sign in.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(45);

/// Returns the error for missing credentials of this machine. A service's answer decides whether a retry may help.
fn no_credentials(error: &CredentialsError) -> AwsError {
    let first: &(dyn StdError + 'static) = error;
    let chain = || std::iter::successors(Some(first), |&error| error.source());
    let reason = chain().last().map_or_else(String::new, |error| error.to_string().trim().to_owned());
    let answers = chain().find_map(|error| error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>());
    if let Some(answer) = answers {
        return AwsError::NotIssued { said: Box::new(said(answer)) };
    }
    match error {
        CredentialsError::ProviderTimedOut(_) => AwsError::NotIssued {
            said: Box::new(Said { kind: SaidKind::Unavailable, code: None, message: format!("no answer: {reason}") }),
        },
        _ => AwsError::NoCredentials { reason },
    }
}

impl Assumed {
    async fn assume(&self) -> Result<(Credentials, Option<String>), AwsError> {
        let credentials = self.previous.current().await?;
        let request = sts(&self.config, credentials)
            .assume_role()
            .role_arn(self.role.arn.as_str())
            .role_session_name(&self.session)
            .set_external_id(self.role.external_id.clone())
            .duration_seconds(i32::try_from(self.role.duration_seconds).unwrap_or(i32::MAX));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.refused(said(&error)).await),
        };
        let arn = answer.assumed_role_user.map(|user| user.arn);
        let Some(granted) = answer.credentials else {
            let message = "the answer has no credentials".to_owned();
            return Err(self.refused(Said { kind: SaidKind::Other, code: None, message }).await);
        };
        let expiry = SystemTime::try_from(granted.expiration).ok();
        let key = (granted.access_key_id, granted.secret_access_key);
        Ok((Credentials::new(key.0, key.1, Some(granted.session_token), expiry, "adg role chain"), arn))
    }

    /// Returns the error of a refused hop, with the hop's number and its caller.
    async fn refused(&self, said: Said) -> AwsError {
        // Where no answer comes, another question is not answered either.
        let caller = match said.kind {
            SaidKind::Unavailable => self.previous.name().await,
            _ => Box::pin(self.previous.arn()).await.unwrap_or_else(|error| error.caller()),
        };
        let (hop, hops, role) = (self.hop, self.hops, self.role.clone());
        AwsError::Hop(Box::new(RefusedHop { hop, hops, role, caller, said }))
    }
}

impl Identity {
    /// Returns a name of this identity, without a request for its ARN: the known ARN, else the access key.
    fn name(&self) -> BoxFuture<'_, String> {
        Box::pin(async move {
            match self.held().await {
                Ok(held) => held.arn.unwrap_or_else(|| holder(&held.credentials)),
                Err(error) => error.caller(),
            }
        })
    }
}

fn holder(credentials: &Credentials) -> String {
    format!("the holder of the access key {}", credentials.access_key_id())
}

fn sts(config: &SdkConfig, credentials: Credentials) -> aws_sdk_sts::Client {
    let provider = SharedCredentialsProvider::new(credentials);
    aws_sdk_sts::Client::from_conf(aws_sdk_sts::config::Builder::from(config).credentials_provider(provider).build())
}

/// Requests the ARN of the credentials' holder. AWS answers this for every key that it knows, whatever the policies say.
async fn caller(config: &SdkConfig, credentials: Credentials) -> Result<String, AwsError> {
    let holder = holder(&credentials);
    let answer = sts(config, credentials).get_caller_identity().send().await;
    match answer {
        Ok(answer) => Ok(answer.arn.unwrap_or(holder)),
        Err(error) => Err(AwsError::Unknown { holder, said: Box::new(said(&error)) }),
    }
}

/// An identity as a credentials provider of the SDK's clients.
#[derive(Debug)]
pub(super) struct Provider(pub(super) Arc<Identity>);

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move { self.0.current().await.map_err(CredentialsError::provider_error) })
    }
}
