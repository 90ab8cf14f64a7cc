//! What AWS says when it refuses, and what it means.

use std::error::Error as StdError;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::identity::{ErrorKind, Explain};

use super::policy::{self, principal_of};
use super::{Role, statement, xml};

/// No credentials for what was to be done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AwsError {
    /// This machine has none of its own.
    #[error("no AWS credentials were found: {reason}")]
    NoCredentials {
        /// What was tried.
        reason: String,
    },
    /// AWS did not issue any for what this machine shows it: a pod's token.
    #[error("AWS issued no credentials for this machine's web identity: {said}")]
    NotIssued {
        /// What AWS said.
        said: Box<Said>,
    },
    /// AWS does not know those that there are, or does not answer.
    #[error("{holder} could not ask AWS who it is: {said}")]
    Unknown {
        /// Whose credentials.
        holder: String,
        /// What AWS said.
        said: Box<Said>,
    },
    /// A role could not be assumed.
    #[error(transparent)]
    Hop(Box<RefusedHop>),
    /// The runtime could not be made.
    #[error("failed to start the runtime for requests: {reason}")]
    Runtime {
        /// What the system says.
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
                "run `aws sts get-caller-identity` here; set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the machine, task or pod a role"
                    .into(),
            ),
            Self::NotIssued { said } if said.kind == SaidKind::Denied => Some(
                "the role's trust policy must allow sts:AssumeRoleWithWebIdentity to the cluster's identity provider and to this service account".into(),
            ),
            Self::Hop(hop) if is_about_keys(hop.said.code.as_deref().unwrap_or_default()) => Some(WRONG_KEYS.to_owned()),
            Self::Hop(hop) if hop.said.kind == SaidKind::Denied => {
                let principal = principal_of(&hop.caller);
                let allow = statement(&["sts:AssumeRole"], hop.role.arn.as_str());
                let trust = policy::trust(&principal, hop.role.external_id.is_some());
                Some(format!(
                    "one of two is missing, and AWS does not say which: (1) the policy of {principal} needs {allow} (2) the trust policy of {} needs {trust}",
                    hop.role.arn
                ))
            }
            Self::Hop(hop) if hop.said.kind == SaidKind::Invalid => Some(
                "correct the role in adg.yaml; a chained role's duration_seconds is 3600 at most, a first one's what the role allows"
                    .into(),
            ),
            Self::Unknown { said, .. } if said.kind == SaidKind::Denied => {
                Some(WRONG_KEYS.to_owned())
            }
            Self::Hop(_) | Self::NotIssued { .. } | Self::Unknown { .. } | Self::Runtime { .. } => None,
        }
    }
}

/// A hop of a role chain that was not made.
#[derive(Debug, Clone)]
pub struct RefusedHop {
    /// Which, counted from 1.
    pub hop: usize,
    /// Of how many.
    pub hops: usize,
    /// The role that was to be assumed.
    pub role: Role,
    /// Who we were.
    pub caller: String,
    /// What AWS said.
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
    /// Who could not do it, as far as that is known.
    pub(super) fn caller(&self) -> String {
        match self {
            Self::Unknown { holder, .. } => holder.clone(),
            Self::Hop(hop) => hop.caller.clone(),
            Self::NoCredentials { .. } | Self::NotIssued { .. } | Self::Runtime { .. } => "nobody".to_owned(),
        }
    }

    /// Finds the error below a chain of others that carry it.
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

/// What to try where it is not a matter of policies.
pub const WRONG_KEYS: &str = "the access key is wrong, switched off or expired, or this machine's clock is: correct AWS_ACCESS_KEY_ID or AWS_PROFILE, sign in again, or set the time";

/// Whether a code is about who we say that we are, rather than about what we may.
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

/// What kind of answer it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaidKind {
    /// We may not.
    Denied,
    /// What was asked makes no sense to it.
    Invalid,
    /// It can't now; its library has tried several times.
    Unavailable,
    /// Something else, told by its code.
    Other,
}

/// An answer of AWS that is no success.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its kind.
    pub kind: SaidKind,
    /// Its code: `AccessDenied`.
    pub code: Option<String>,
    /// Its words.
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

/// What a request's error says.
pub fn said<E>(error: &SdkError<E, HttpResponse>) -> Said
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let SdkError::ServiceError(context) = error else {
        return Said { kind: SaidKind::Unavailable, code: None, message: format!("no answer: {}", deepest(error)) };
    };
    let status = context.raw().status().as_u16();
    let code = context.err().code().map(str::to_owned);
    let message = context.err().message().map(str::to_owned).unwrap_or_else(|| body(context.raw()));
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

/// An answer without a message that the library could read, as it came.
fn body(response: &HttpResponse) -> String {
    let text = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
    xml::element(&text, "Message").unwrap_or_else(|| text.chars().take(500).collect())
}

/// The deepest message of an error's chain: the one that says what happened.
fn deepest(error: &(dyn StdError + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
