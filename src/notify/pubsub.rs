//! Google Pub/Sub topics, by the REST interface.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::gcp::{GcpCredentialProvider, GoogleCloudStorageBuilder};
use reqwest::Client;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::report::{Event, Notice};
use crate::sending::{self, SendError};

use super::Template;
use super::everything::everything;
use super::tell::Notifier;

/// Settings of a Pub/Sub topic.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PubSubSettings {
    /// Topic: `projects/PROJECT/topics/NAME`. The data is JSON like a webhook's body; the attributes are `id`, `event`,
    /// `severity`, `environment` and `module`.
    pub topic: String,
    /// Address of the service, if it is not Google's own. Requests without TLS (`http://`) are not authenticated.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Events that are sent to the topic.
    #[serde(default = "everything")]
    pub on: BTreeSet<Event>,
    /// Template of the messages.
    #[serde(default)]
    pub template: Template,
}

/// A Pub/Sub topic.
pub struct PubSub {
    client: Client,
    topic: String,
    url: String,
    /// Google's credentials. None: requests are not authenticated.
    credentials: Option<GcpCredentialProvider>,
}

impl PubSub {
    /// Creates the topic's client. Sends nothing yet.
    ///
    /// # Errors
    /// The topic is malformed, Google's credentials can't be used, or the HTTP client can't be created.
    pub fn open(settings: &PubSubSettings) -> Result<Self, SendError> {
        let PubSubSettings { topic, endpoint, .. } = settings;
        let parts: Vec<&str> = topic.split('/').collect();
        let ["projects", project, "topics", name] = parts[..] else {
            return Err(SendError::Never(format!("the topic `{topic}` is not written as projects/PROJECT/topics/NAME")));
        };
        let endpoint = endpoint.as_deref().unwrap_or("https://pubsub.googleapis.com");
        // The storage library finds Google's credentials in all usual places, and asks for tokens of the scope cloud-platform.
        let credentials = || GoogleCloudStorageBuilder::from_env().with_bucket_name("none").build();
        let credentials = if endpoint.starts_with("http://") {
            None
        } else {
            Some(credentials().map_err(|error| SendError::Never(error.to_string()))?.credentials().clone())
        };
        let url = format!("{}/v1/projects/{project}/topics/{name}:publish", endpoint.trim_end_matches('/'));
        Ok(Self { client: sending::client()?, topic: topic.clone(), url, credentials })
    }

    async fn publish(&self, notice: &Notice, text: &str) -> Result<(), SendError> {
        let mut body = notice.body.clone();
        body["text"] = text.into();
        let message = json!({ "messages": [{
            "data": STANDARD.encode(body.to_string()),
            "attributes": {
                "id": notice.id, "event": notice.event.name(), "severity": notice.event.severity(),
                "environment": notice.profile, "module": notice.module,
            },
        }] });
        let mut request = sending::with_json(self.client.post(&self.url), message.to_string());
        if let Some(credentials) = &self.credentials {
            let token = credentials.get_credential().await.map_err(|error| SendError::Soon(sending::because(&error)))?;
            request = request.bearer_auth(&token.bearer);
        }
        sending::send(request).await
    }
}

impl Notifier for PubSub {
    fn describe(&self) -> String {
        format!("pubsub {}", self.topic)
    }

    fn send<'a>(&'a self, notice: &'a Notice, text: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        self.publish(notice, text).boxed()
    }
}
