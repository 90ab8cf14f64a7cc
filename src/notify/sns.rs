//! A topic of AWS SNS.

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

/// How a profile writes a topic of SNS.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnsSettings {
    /// The topic: `arn:aws:sns:REGION:ACCOUNT:NAME`. Messages have the attributes `event`, `severity` (`Critical`),
    /// `notification_type` (`Information` or `Error`), `environment` and `module`, by which subscriptions can filter.
    pub topic: String,
    /// The topic's region. None: the one in its ARN.
    #[serde(default)]
    pub region: Option<String>,
    /// The service's address, where it is not AWS's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The roles to assume, one after the other, to reach the topic.
    #[serde(default)]
    pub role_chain: Vec<Role>,
    /// What is told there.
    #[serde(default = "everything")]
    pub on: BTreeSet<Event>,
    /// How it is worded.
    #[serde(default)]
    pub template: Template,
}

/// A topic of SNS.
pub struct Sns {
    client: Client,
    topic: String,
}

/// The most characters that a subject may have.
const SUBJECT: usize = 99;

impl Sns {
    /// Nothing is sent yet.
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
        if self.topic.ends_with(".fifo") {
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
    fn shown(&self) -> String {
        format!("sns {}", self.topic)
    }

    fn send<'a>(&'a self, notice: &'a Notice, text: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        self.publish(notice, text).boxed()
    }
}

/// A subject is ASCII without control characters.
fn subject(title: &str) -> String {
    title.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).take(SUBJECT).collect()
}
