//! Notifications of the end of a run: one message per run to each channel that subscribes to its events, with retries for half a
//! minute. A failed notification is reported and does not fail the run.

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
