//! Messages as HTTP requests.

use std::error::Error;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode};

use super::NotifyError;

/// For how long one try may take.
const TRY: Duration = Duration::from_secs(10);

/// Redirects are not followed: a message goes where the settings say.
pub(super) fn client() -> Result<Client, NotifyError> {
    let builder = Client::builder().timeout(TRY).redirect(reqwest::redirect::Policy::none());
    builder.build().map_err(|error| NotifyError::Never(because(&error)))
}

/// A request with a body of JSON.
pub(super) fn with_json(request: RequestBuilder, body: String) -> RequestBuilder {
    request.header("Content-Type", "application/json").body(body)
}

/// Sends a request. What of it is secret is not told: of an address only the host.
pub(super) async fn send(request: RequestBuilder) -> Result<(), NotifyError> {
    let response = request.send().await.map_err(|error| NotifyError::Soon(format!("does not answer: {}", because(&error))))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let said = response.text().await.unwrap_or_default();
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    let reason = format!("answers with status {}: {said}", status.as_u16());
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(NotifyError::Soon(reason)),
        status if status.is_server_error() => Err(NotifyError::Soon(reason)),
        _ => Err(NotifyError::Never(reason)),
    }
}

/// The innermost reason of an error, in which there is no address.
pub(super) fn because(error: &dyn Error) -> String {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}
