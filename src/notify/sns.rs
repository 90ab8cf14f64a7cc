//! AWS SNS topics.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use futures::FutureExt;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::aws::{Account, Role, SaidKind, said};
use crate::report::{Event, Notice};
use crate::sending::SendError;

use super::Template;
use super::everything::everything;
use super::tell::Notifier;

/// Settings of an SNS topic.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnsSettings {
    /// Topic: `arn:aws:sns:REGION:ACCOUNT:NAME`. Messages have the attributes `event`, `severity` (`Critical`),
    /// `notification_type` (`Information` or `Error`), `environment` and `module`, which subscriptions can filter by.
    pub topic: String,
    /// Region of the topic. If not set, the one in its ARN.
    #[serde(default)]
    pub region: Option<String>,
    /// Address of the service, if it is not AWS's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Roles to assume, one after the other, to reach the topic.
    #[serde(default)]
    pub role_chain: Vec<Role>,
    /// Events that are sent to the topic.
    #[serde(default = "everything")]
    pub on: BTreeSet<Event>,
    /// Template of the messages.
    #[serde(default)]
    pub template: Template,
}

/// An SNS topic.
pub struct Sns {
    client: Client,
    topic: String,
}

/// Maximum number of characters in a subject.
const SUBJECT: usize = 99;

impl Sns {
    /// Creates the topic's client. Sends nothing yet.
    pub fn open(settings: &SnsSettings, account: &Account) -> Self {
        let identity = account.identity(&settings.role_chain);
        let region = settings.region.as_deref().or_else(|| settings.topic.split(':').nth(3)).filter(|region| !region.is_empty());
        let sdk = account.client_settings(Arc::clone(&identity), region, settings.endpoint.as_deref());
        Self { client: Client::new(&sdk), topic: settings.topic.clone() }
    }

    async fn publish(&self, notice: &Notice, text: &str) -> Result<(), SendError> {
        let attribute = |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build();
        let mut request = self.client.publish().topic_arn(&self.topic).subject(subject(&notice.title)).message(text);
        for (name, value) in [
            ("event", notice.event.name()),
            ("notification_type", notice.event.severity()),
            ("severity", "Critical"),
            ("environment", &notice.profile),
            ("module", &notice.module),
        ] {
            request = request.message_attributes(name, attribute(value).map_err(|error| SendError::Never(error.to_string()))?);
        }
        // Names of FIFO topics end so, in lower case.
        #[allow(clippy::case_sensitive_file_extension_comparisons, reason = "a topic's name, not a file's")]
        let is_fifo = self.topic.ends_with(".fifo");
        if is_fifo {
            request = request.message_group_id(&notice.module).message_deduplication_id(&notice.id);
        }
        request.send().await.map(drop).map_err(|error| {
            let said = said(&error);
            let reason = said.to_string();
            if said.kind == SaidKind::Unavailable { SendError::Soon(reason) } else { SendError::Never(reason) }
        })
    }
}

impl Notifier for Sns {
    fn describe(&self) -> String {
        format!("sns {}", self.topic)
    }

    fn send<'a>(&'a self, notice: &'a Notice, text: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        self.publish(notice, text).boxed()
    }
}

/// Returns the subject for a title: ASCII without control characters, cut to the maximum length.
fn subject(title: &str) -> String {
    title.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).take(SUBJECT).collect()
}
