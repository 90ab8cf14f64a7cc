//! Sending of a run's notification to every channel that subscribes to its events, with retries for half a minute.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::{BoxFuture, join_all};

use crate::report::{Event, Notice, Notified};
use crate::runtime;
use crate::sending::{self, SendError};

use super::Template;

/// A service that receives messages.
pub trait Notifier: Send + Sync {
    /// Returns the kind and address of the service, without secrets.
    fn describe(&self) -> String;

    /// Sends a message with the lines `text`, in one attempt. A retry after a lost reply may deliver it twice, with the same id.
    fn send<'a>(&'a self, notice: &'a Notice, text: &'a str) -> BoxFuture<'a, Result<(), SendError>>;
}

/// A notification channel: a service and the events that are sent to it.
pub struct Channel {
    /// Events that are sent to the channel.
    pub on: BTreeSet<Event>,
    /// Template of the messages.
    pub template: Template,
    /// Service that receives the messages.
    pub notifier: Arc<dyn Notifier>,
}

/// Sends a run's notice concurrently to every channel that subscribes to one of its events. Returns the result of each message.
pub fn tell(channels: &[Channel], notice: &Notice) -> Vec<Notified> {
    let wants = |channel: &&Channel| !channel.on.is_disjoint(&notice.events);
    let told = channels.iter().filter(wants).map(|channel| told(channel, notice));
    runtime::wait(async { join_all(told).await }).unwrap_or_else(|error| {
        let failed = |channel: &Channel| Notified { channel: channel.notifier.describe(), error: Some(error.to_string()) };
        channels.iter().filter(wants).map(failed).collect()
    })
}

async fn told(channel: &Channel, notice: &Notice) -> Notified {
    let text = channel.template.fill(notice);
    let sent = sending::patiently(|| channel.notifier.send(notice, &text)).await;
    let error = sent.err().map(|error| error.to_string());
    Notified { channel: channel.notifier.describe(), error }
}
