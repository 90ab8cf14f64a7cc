//! Error answers of AWS, and their meaning.

use std::error::Error as StdError;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::identity::{ErrorKind, Explain};

use super::policy::{self, principal_of};
use super::{Role, statement, xml};

/// An error obtaining AWS credentials.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AwsError {
    /// This machine has no credentials of its own.
    #[error("no AWS credentials were found: {reason}")]
    NoCredentials {
        /// Message of the provider of credentials.
        reason: String,
    },
    /// AWS issued no credentials for this machine's web identity, such as a pod's token.
    #[error("AWS issued no credentials for this machine's web identity: {said}")]
    NotIssued {
        /// Answer of AWS.
        said: Box<Said>,
    },
    /// AWS does not know the credentials, or does not answer.
    #[error("{holder} could not ask AWS who it is: {said}")]
    Unknown {
        /// Holder of the credentials.
        holder: String,
        /// Answer of AWS.
        said: Box<Said>,
    },
    /// A role could not be assumed.
    #[error(transparent)]
    Hop(Box<RefusedHop>),
    /// The runtime could not be created.
    #[error("failed to start the runtime for requests: {reason}")]
    Runtime {
        /// Message of the system.
        reason: String,
    },
}

impl Explain for AwsError {
    fn kind(&self) -> ErrorKind {
        let is_denied = match self {
            Self::NoCredentials { .. } => true,
            Self::Unknown { said, .. } => said.kind == SaidKind::Denied,
            // An identity provider that is out for a while makes STS say that the token is wrong (aws-sdk-rust#827).
            Self::NotIssued { said } => matches!(said.kind, SaidKind::Denied | SaidKind::Invalid),
            Self::Hop(hop) => hop.said.kind == SaidKind::Denied,
            Self::Runtime { .. } => false,
        };
        if is_denied { ErrorKind::Access } else { ErrorKind::Unavailable }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoCredentials { .. } => Some(
                "run `aws sts get-caller-identity` here; set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the machine, task or pod \
                 a role"
                    .into(),
            ),
            Self::NotIssued { said } if said.kind == SaidKind::Denied => Some(
                "the role's trust policy must allow sts:AssumeRoleWithWebIdentity to the cluster's identity provider and to this \
                 service account"
                    .into(),
            ),
            Self::Hop(hop) if is_about_keys(hop.said.code.as_deref().unwrap_or_default()) => Some(WRONG_KEYS.to_owned()),
            Self::Hop(hop) if hop.said.kind == SaidKind::Denied => {
                let principal = principal_of(&hop.caller);
                let allow = statement(&["sts:AssumeRole"], hop.role.arn.as_str());
                let trust = policy::trust(&principal, hop.role.external_id.is_some());
                Some(format!(
                    "one of two is missing, and AWS does not say which: (1) the policy of {principal} needs {allow} (2) the \
                     trust policy of {} needs {trust}",
                    hop.role.arn
                ))
            }
            Self::Hop(hop) if hop.said.kind == SaidKind::Invalid => Some(
                "correct the role in adg.yaml; a chained role's duration_seconds is 3600 at most, a first one's what the role \
                 allows"
                    .into(),
            ),
            Self::Unknown { said, .. } if said.kind == SaidKind::Denied => Some(WRONG_KEYS.to_owned()),
            Self::Hop(_) | Self::NotIssued { .. } | Self::Unknown { .. } | Self::Runtime { .. } => None,
        }
    }
}

/// A failed hop of a role chain.
#[derive(Debug, Clone)]
pub struct RefusedHop {
    /// Number of the hop, from 1.
    pub hop: usize,
    /// Number of hops in the chain.
    pub hops: usize,
    /// Role that was to be assumed.
    pub role: Role,
    /// Identity that tried to assume the role.
    pub caller: String,
    /// Answer of AWS.
    pub said: Said,
}

impl fmt::Display for RefusedHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hop, hops, role, caller, said } = self;
        write!(f, "hop {hop} of {hops} of the role chain failed: {caller} could not assume {}: {said}", role.arn)
    }
}

impl StdError for RefusedHop {}

impl AwsError {
    /// Returns the identity whose request failed; `nobody` if it is not known.
    pub(super) fn caller(&self) -> String {
        match self {
            Self::Unknown { holder, .. } => holder.clone(),
            Self::Hop(hop) => hop.caller.clone(),
            Self::NoCredentials { .. } | Self::NotIssued { .. } | Self::Runtime { .. } => "nobody".to_owned(),
        }
    }

    /// Finds an AWS error in a chain of causes.
    pub fn below(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found.clone());
            }
            next = error.source();
        }
        None
    }
}

/// Hint for errors that a wrong key or clock causes, rather than a policy.
pub const WRONG_KEYS: &str = "the access key is wrong, switched off or expired, or this machine's clock is: correct \
    AWS_ACCESS_KEY_ID or AWS_PROFILE, sign in again, or set the time";

/// Returns true if an error code is about authentication (key, signature or clock), rather than about permissions.
pub fn is_about_keys(code: &str) -> bool {
    [
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "UnrecognizedClientException",
    ]
    .contains(&code)
}

/// Kind of an error answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidKind {
    /// Access is denied.
    Denied,
    /// The request is invalid.
    Invalid,
    /// The service can't answer now; the SDK has retried several times.
    Unavailable,
    /// Another error, named by its code.
    Other,
}

/// An error answer of AWS.
#[derive(Debug, Clone)]
pub struct Said {
    /// Kind of the answer.
    pub kind: SaidKind,
    /// Error code: `AccessDenied`.
    pub code: Option<String>,
    /// Message.
    pub message: String,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) if !self.message.starts_with(code.as_str()) => write!(f, "{code}: {}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

/// Returns the answer in the error of a request. A request without an answer is [`SaidKind::Unavailable`].
pub fn said<E>(error: &SdkError<E, HttpResponse>) -> Said
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let SdkError::ServiceError(context) = error else {
        return Said { kind: SaidKind::Unavailable, code: None, message: format!("no answer: {}", deepest(error)) };
    };
    let status = context.raw().status().as_u16();
    let code = context.err().code().map(str::to_owned);
    let message = context.err().message().map_or_else(|| body(context.raw()), str::to_owned);
    let kind = match (status, code.as_deref().unwrap_or_default()) {
        (_, code) if code.contains("Throttl") || code.contains("LimitExceeded") || code.contains("TooManyRequests") => {
            SaidKind::Unavailable
        }
        // STS could not ask the identity provider.
        (_, "InvalidIdentityToken" | "IDPCommunicationError") => SaidKind::Unavailable,
        (401 | 403, _) | (_, "AccessDenied" | "AccessDeniedException" | "UnrecognizedClientException" | "ExpiredToken") => {
            SaidKind::Denied
        }
        (_, code) if code.starts_with("Validation") || code.starts_with("Malformed") => SaidKind::Invalid,
        (500.., _) => SaidKind::Unavailable,
        _ => SaidKind::Other,
    };
    Said { kind, code, message }
}

/// Returns the text of an answer whose message the SDK could not read: its `Message` element, else its first 500 characters.
fn body(response: &HttpResponse) -> String {
    let text = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    xml::element(&text, "Message").unwrap_or_else(|| text.chars().take(500).collect())
}

/// Returns the innermost message of a chain of errors, which names the cause.
fn deepest(error: &(dyn StdError + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
