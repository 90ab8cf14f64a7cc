//! Webhooks: addresses that accept JSON.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lc_rs::hmac;
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::{Client, Url};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::Clock;
use crate::report::{Event, Notice};
use crate::secrets::SecretText;
use crate::sending::{self, SendError};

use super::Template;
use super::everything::everything;
use super::tell::Notifier;

/// Settings of a webhook.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Address of the webhook. The body is JSON: `id`, `event`, `severity`, `title`, `text`, and the run's report as `run`.
    pub url: SecretText,
    /// Secret that messages are signed with: `X-Adg-Signature` is `sha256=` and the HMAC-SHA-256, in hexadecimal digits, of
    /// `X-Adg-Timestamp`, a dot and the body. If not set, messages are not signed.
    #[serde(default)]
    pub secret: Option<SecretText>,
    /// Events that are sent to the webhook.
    #[serde(default = "everything")]
    pub on: BTreeSet<Event>,
    /// Template of the messages.
    #[serde(default)]
    pub template: Template,
}

/// A webhook: an address that accepts messages as JSON.
pub struct Webhook {
    client: Client,
    url: Url,
    secret: Option<SecretText>,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// Creates the webhook's client. Sends nothing yet.
    ///
    /// # Errors
    /// The address is not a valid URL, or the HTTP client can't be created.
    pub fn open(settings: &WebhookSettings, clock: Arc<dyn Clock>) -> Result<Self, SendError> {
        let url = Url::parse(settings.url.reveal()).map_err(|error| SendError::Never(format!("the address: {error}")))?;
        Ok(Self { client: sending::client()?, url, secret: settings.secret.clone(), clock })
    }
}

impl Notifier for Webhook {
    fn describe(&self) -> String {
        format!("webhook at {}", self.url.origin().ascii_serialization())
    }

    fn send<'a>(&'a self, notice: &'a Notice, text: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        let mut body = notice.body.clone();
        body["text"] = text.into();
        let body = body.to_string();
        let now = self.clock.now().as_second().to_string();
        let mut request = self.client.post(self.url.clone()).header("X-Adg-Id", &notice.id);
        if let Some(secret) = &self.secret {
            request = request.header("X-Adg-Signature", signature(secret.reveal(), &now, &body)).header("X-Adg-Timestamp", now);
        }
        sending::send(sending::with_json(request, body)).boxed()
    }
}

fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let digits = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    digits.as_ref().iter().fold("sha256=".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by Python's `hmac`.
    #[test]
    fn is_signed_as_others_compute_it() {
        assert_eq!(
            signature("key", "1700000000", "{\"a\":1}"),
            "sha256=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
        );
    }
}
