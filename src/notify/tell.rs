//! Telling people how a run ended: one message a run to each channel that wants it, tried some times for half a minute. What can't

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::{BoxFuture, join_all};

use crate::report::{Event, Notice, Notified};
use crate::runtime;
use crate::sending::{self, SendError};

use super::Template;

/// What takes messages.
pub trait Notifier: Send + Sync {
    /// Where they go, without secrets.
    fn shown(&self) -> String;

    /// Sends a message whose lines are `text`, once. It may come twice where a reply is lost: its id stays the same.
    fn send<'a>(&'a self, notice: &'a Notice, text: &'a str) -> BoxFuture<'a, Result<(), SendError>>;
}

/// A place for messages, and which of them.
pub struct Channel {
    /// What is told there.
    pub on: BTreeSet<Event>,
    /// How it is worded.
    pub template: Template,
    /// What takes it.
    pub notifier: Arc<dyn Notifier>,
}

/// Tells a run's end to every channel that wants to know, side by side. Gives what became of each message.
pub fn tell(channels: &[Channel], notice: &Notice) -> Vec<Notified> {
    let wants = |channel: &&Channel| !channel.on.is_disjoint(&notice.events);
    let told = channels.iter().filter(wants).map(|channel| told(channel, notice));
    runtime::wait(async { join_all(told).await }).unwrap_or_else(|error| {
        let failed = |channel: &Channel| Notified { channel: channel.notifier.shown(), error: Some(error.to_string()) };
        channels.iter().filter(wants).map(failed).collect()
    })
}

async fn told(channel: &Channel, notice: &Notice) -> Notified {
    let text = channel.template.fill(notice);
    let sent = sending::patiently(|| channel.notifier.send(notice, &text)).await;
    let error = sent.err().map(|error| error.to_string());
    Notified { channel: channel.notifier.shown(), error }
}
