//! Secrets from AWS Secrets Manager or from this process's environment.
//!
//! A secret's text goes only to the setting that refers to it: no error and no log contains it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::{Account, AwsError, Said, SaidKind, principal_of, said, statement};
use crate::identity::{ErrorKind, Explain};
use crate::runtime;

/// Location of a secret: AWS Secrets Manager or an environment variable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretPlace {
    /// Name or ARN of a secret of AWS Secrets Manager.
    AwsSecretsManager(String),
    /// Name of an environment variable.
    Env(String),
}

/// An error reading a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The secret does not exist.
    #[error("it does not exist")]
    NotFound,
    /// Access to the secret is denied.
    #[error("access denied: {reason}")]
    Denied {
        /// Message of AWS.
        reason: String,
        /// Change of a policy that would allow the access.
        hint: String,
    },
    /// No credentials are available.
    #[error(transparent)]
    Credentials(#[from] AwsError),
    /// The service does not answer.
    #[error("{reason}")]
    Unavailable {
        /// Message of AWS.
        reason: String,
    },
    /// The secret is binary, not text.
    #[error("it is binary, and adg reads texts")]
    Binary,
}

impl Explain for SecretError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound | Self::Binary => ErrorKind::Config,
            Self::Denied { .. } => ErrorKind::Access,
            Self::Credentials(error) => error.kind(),
            Self::Unavailable { .. } => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound => Some("correct the profile's `secrets`, its region or its account".into()),
            Self::Denied { hint, .. } => Some(hint.clone()),
            Self::Credentials(error) => error.hint(),
            _ => None,
        }
    }
}

/// Returns the text of a secret of AWS Secrets Manager.
///
/// # Errors
/// The secret does not exist or is binary, access is denied, or the service does not answer.
pub fn from_secrets_manager(name: &str, account: &Account) -> Result<String, SecretError> {
    let identity = account.identity(&[]);
    let settings = account.client_settings(Arc::clone(&identity), None, None);
    let client = aws_sdk_secretsmanager::Client::new(&settings);
    let wait = |error: std::io::Error| SecretError::Unavailable { reason: error.to_string() };
    let answer = runtime::wait(client.get_secret_value().secret_id(name).send()).map_err(wait)?;
    match answer {
        Ok(answer) => answer.secret_string.ok_or(SecretError::Binary),
        Err(error) => {
            if let Some(error) = AwsError::below(&error) {
                return Err(error.into());
            }
            let who = runtime::wait(identity.arn()).map_err(wait)?.unwrap_or_default();
            Err(refused(name, &who, &said(&error)))
        }
    }
}

fn refused(name: &str, who: &str, said: &Said) -> SecretError {
    match (said.kind, said.code.as_deref()) {
        (_, Some("ResourceNotFoundException")) => SecretError::NotFound,
        (SaidKind::Denied, _) => {
            let arn =
                if name.starts_with("arn:") { name.to_owned() } else { format!("arn:aws:secretsmanager:*:*:secret:{name}-*") };
            let needed = statement(&["secretsmanager:GetSecretValue"], &arn);
            let hint =
                format!("the policy of {} needs {needed}, and kms:Decrypt where a key of yours encrypts it", principal_of(who));
            SecretError::Denied { reason: said.to_string(), hint }
        }
        _ => SecretError::Unavailable { reason: said.to_string() },
    }
}

/// A text that no log and no debug output shows.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Returns the text, to sign in with.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for SecretText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("[secret]")
    }
}
