//! Slack channels, by an incoming webhook.

use std::collections::BTreeSet;

use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::{Client, Url};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::report::{Event, Notice};
use crate::secrets::SecretText;
use crate::sending::{self, SendError};

use super::Template;
use super::everything::everything;
use super::tell::Notifier;

/// Settings of a Slack channel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// Address of the incoming webhook, which is a secret.
    pub webhook: SecretText,
    /// Events that are sent to the channel.
    #[serde(default = "everything")]
    pub on: BTreeSet<Event>,
    /// Template of the messages.
    #[serde(default)]
    pub template: Template,
}

/// A Slack channel.
pub struct Slack {
    client: Client,
    url: Url,
}

impl Slack {
    /// Creates the channel. Sends nothing yet.
    ///
    /// # Errors
    /// The webhook's address is not a valid URL, or the HTTP client can't be created.
    pub fn open(settings: &SlackSettings) -> Result<Self, SendError> {
        let url =
            Url::parse(settings.webhook.reveal()).map_err(|error| SendError::Never(format!("the webhook's address: {error}")))?;
        Ok(Self { client: sending::client()?, url })
    }
}

impl Notifier for Slack {
    fn describe(&self) -> String {
        format!("slack at {}", self.url.origin().ascii_serialization())
    }

    fn send<'a>(&'a self, _: &'a Notice, text: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        let body = json!({ "text": escaped(text) }).to_string();
        sending::send(sending::with_json(self.client.post(self.url.clone()), body)).boxed()
    }
}

/// Escapes text so that nothing in it becomes a link or a mention, as Slack's documentation prescribes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_by_a_files_name() {
        assert_eq!(escaped("<!channel> a&b"), "&lt;!channel&gt; a&amp;b");
    }
}
