//! Telling people how a run ended: one message a run to each channel that wants it, tried some times for half a minute. What can't
//! be told is reported, and breaks nothing.

mod everything;
mod pubsub;
mod settings;
mod slack;
mod sns;
mod tell;
mod template;
mod webhook;

pub use pubsub::{PubSub, PubSubSettings};
pub use settings::NotifySettings;
pub use slack::{Slack, SlackSettings};
pub use sns::{Sns, SnsSettings};
pub use tell::{Channel, Notifier, tell};
pub use template::Template;
pub use webhook::{Webhook, WebhookSettings};
