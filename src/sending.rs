//! Sending of small messages over HTTP, with a few retries within half a minute.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, RequestBuilder, StatusCode};

/// An error sending a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// A retry may help.
    #[error("{0}")]
    Soon(String),
    /// No retry can help.
    #[error("{0}")]
    Never(String),
}

/// Longest time that a run waits for a message to be accepted, retries included.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Longest time of one try.
const TRY: Duration = Duration::from_secs(10);

/// Returns a client that does not follow redirects: a message goes only where the settings say.
///
/// # Errors
/// The client can't be created: TLS or name resolution can't be set up.
pub fn client() -> Result<Client, SendError> {
    let builder = Client::builder().timeout(TRY).redirect(reqwest::redirect::Policy::none());
    builder.build().map_err(|error| SendError::Never(because(&error)))
}

/// Adds a JSON body to a request.
pub fn with_json(request: RequestBuilder, body: String) -> RequestBuilder {
    request.header("Content-Type", "application/json").body(body)
}

/// Retries `send` until the message is accepted, a retry can't help, 4 retries have failed, or [`PATIENCE`] is over.
///
/// # Errors
/// [`SendError::Never`] if a retry can't help; [`SendError::Soon`] if the last retry has failed, or [`PATIENCE`] is over.
pub async fn patiently<F: Future<Output = Result<(), SendError>>>(send: impl FnMut() -> F) -> Result<(), SendError> {
    let times = ExponentialBuilder::default().with_min_delay(Duration::from_millis(500)).with_max_times(4).with_jitter();
    let tried = send.retry(times).when(|error| matches!(error, SendError::Soon(_)));
    let late = |_| Err(SendError::Soon(format!("it did not take the message within {} s", PATIENCE.as_secs())));
    tokio::time::timeout(PATIENCE, tried).await.unwrap_or_else(late)
}

/// Sends a request. Errors contain none of its secrets: of an address, only the host.
///
/// # Errors
/// [`SendError::Soon`] if there is no answer, or one with the status 408, 429 or 5xx; [`SendError::Never`] if it has another
/// status that is not a success, or the request is malformed.
pub async fn send(request: RequestBuilder) -> Result<(), SendError> {
    let response = request.send().await.map_err(|error| {
        let reason = because(&error);
        // A request that can't be built, as with an address that is none, is the same each time.
        if error.is_builder() { SendError::Never(reason) } else { SendError::Soon(format!("does not answer: {reason}")) }
    })?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let said = response.text().await.unwrap_or_default();
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    let reason = format!("answers with status {}: {said}", status.as_u16());
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(SendError::Soon(reason)),
        status if status.is_server_error() => Err(SendError::Soon(reason)),
        _ => Err(SendError::Never(reason)),
    }
}

/// Returns the innermost cause of an error, which contains no address.
pub fn because(error: &dyn Error) -> String {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}
