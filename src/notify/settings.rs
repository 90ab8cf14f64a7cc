//! How a profile writes whom it tells.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Event;

use super::{PubSubSettings, SlackSettings, SnsSettings, Template, WebhookSettings};

/// A channel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NotifySettings {
    /// A channel of Slack.
    Slack(SlackSettings),
    /// A topic of AWS SNS.
    Sns(SnsSettings),
    /// A topic of Google Pub/Sub.
    Pubsub(PubSubSettings),
    /// Any address that takes JSON.
    Webhook(WebhookSettings),
}

impl NotifySettings {
    /// What is told there.
    pub fn on(&self) -> &BTreeSet<Event> {
        match self {
            Self::Slack(settings) => &settings.on,
            Self::Sns(settings) => &settings.on,
            Self::Pubsub(settings) => &settings.on,
            Self::Webhook(settings) => &settings.on,
        }
    }

    /// How it is worded.
    pub fn template(&self) -> &Template {
        match self {
            Self::Slack(settings) => &settings.template,
            Self::Sns(settings) => &settings.template,
            Self::Pubsub(settings) => &settings.template,
            Self::Webhook(settings) => &settings.template,
        }
    }
}
