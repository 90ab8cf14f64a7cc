//! Settings of a profile's notification channels.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Event;

use super::{PubSubSettings, SlackSettings, SnsSettings, Template, WebhookSettings};

/// A notification channel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NotifySettings {
    /// A Slack channel.
    Slack(SlackSettings),
    /// An AWS SNS topic.
    Sns(SnsSettings),
    /// A Google Pub/Sub topic.
    Pubsub(PubSubSettings),
    /// A webhook: any address that accepts JSON.
    Webhook(WebhookSettings),
}

impl NotifySettings {
    /// Returns the events that are sent to the channel.
    pub fn on(&self) -> &BTreeSet<Event> {
        match self {
            Self::Slack(settings) => &settings.on,
            Self::Sns(settings) => &settings.on,
            Self::Pubsub(settings) => &settings.on,
            Self::Webhook(settings) => &settings.on,
        }
    }

    /// Returns the template of the messages.
    pub fn template(&self) -> &Template {
        match self {
            Self::Slack(settings) => &settings.template,
            Self::Sns(settings) => &settings.template,
            Self::Pubsub(settings) => &settings.template,
            Self::Webhook(settings) => &settings.template,
        }
    }
}
