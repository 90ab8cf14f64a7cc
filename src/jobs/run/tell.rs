//! Notifications of how a run ended. By then its lease is released and its report written: a failure here is reported and changes
//! nothing of that.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use crate::identity::{Causes, RunId};
use crate::notify::{self, Channel, Notifier, NotifySettings, PubSub, Slack, Sns, Webhook};
use crate::report::{Notice, Notified, RunReport};
use crate::sending::SendError;
use crate::telemetry::lineage::Lineage;
use crate::telemetry::{measures, write_prometheus};

use super::{Environment, JobError};

/// Returns the channels of a profile. One that can't be used is reported as one that takes no message.
pub(crate) fn channels(environment: &Environment) -> Vec<Channel> {
    let settings = environment.config.profile.notify.iter();
    let channels = settings.enumerate().map(|(i, settings)| Channel {
        on: settings.on().clone(),
        template: settings.template().clone(),
        notifier: notifier(environment, settings).unwrap_or_else(|error| Arc::new(Unusable { place: i + 1, error })),
    });
    channels.collect()
}

/// Returns the notifier that sends a channel's messages.
pub(crate) fn notifier(environment: &Environment, settings: &NotifySettings) -> Result<Arc<dyn Notifier>, SendError> {
    Ok(match settings {
        NotifySettings::Slack(settings) => Arc::new(Slack::open(settings)?),
        NotifySettings::Sns(settings) => {
            Arc::new(Sns::open(settings, environment.account().map_err(|error| SendError::Never(error.to_string()))?))
        }
        NotifySettings::Pubsub(settings) => Arc::new(PubSub::open(settings)?),
        NotifySettings::Webhook(settings) => Arc::new(Webhook::open(settings, Arc::clone(&environment.clock))?),
    })
}

/// A channel whose settings can't be used.
struct Unusable {
    /// Position in the profile's list, counted from 1.
    place: usize,
    error: SendError,
}

impl Notifier for Unusable {
    fn describe(&self) -> String {
        format!("channel {} of `notify`", self.place)
    }

    fn send<'a>(&'a self, _: &'a Notice, _: &'a str) -> BoxFuture<'a, Result<(), SendError>> {
        ready(Err(SendError::Never(self.error.to_string()))).boxed()
    }
}

/// Returns the receiver of lineage events; none if not configured. Settings that can't be used are logged.
pub(crate) fn lineage(environment: &Environment) -> Option<Lineage> {
    let settings = environment.config.profile.telemetry.openlineage.as_ref();
    let opened = Lineage::open(settings, &|name| std::env::var(name).ok(), |path| environment.config.path(path));
    opened.unwrap_or_else(|error| {
        tracing::warn!(event = "lineage_not_sent", formerly = "lineage_not_told", %error, "could not set up lineage events");
        None
    })
}

/// Writes the metrics file of how a run ended, if configured.
fn tell_machines(environment: &Environment, report: &RunReport) {
    if let Some(settings) = &environment.config.profile.telemetry.prometheus {
        let written = write_prometheus(&environment.config.path(&settings.folder), &report.module, &measures(report));
        if let Err(error) = written {
            tracing::warn!(event = "metrics_not_written", error = %Causes(&error), "could not write the metrics file");
        }
    }
}

/// Writes metrics and sends notifications of how a run ended; the outcome of the notifications is then in the report.
pub(crate) fn tell(environment: &Environment, channels: &[Channel], report: &mut RunReport) {
    tell_machines(environment, report);
    report.notified = notify::tell(channels, &Notice::of(report));
    for Notified { channel, error } in &report.notified {
        match error {
            None => tracing::info!(event = "notification_sent", formerly = "told", channel, "sent a notification"),
            Some(error) => tracing::warn!(
                event = "notification_failed",
                formerly = "not_told",
                channel,
                error,
                "could not send a notification"
            ),
        }
    }
}

/// Sends notifications that a run could not begin, or ended before its first date. Returns the report; none if no job can have
/// that name.
pub(crate) fn tell_failure(environment: &Environment, channels: &[Channel], job: &str, error: &JobError) -> Option<RunReport> {
    let now = environment.clock.now();
    // Nobody can have meant a module of a name that none has: whoever typed it reads that in the terminal.
    let module = job.parse().ok()?;
    let mut report = RunReport {
        ended_by: Some(error.failure()),
        ..RunReport::begin(RunId::new(now), module, environment.config.profile_name.clone(), now, now)
    };
    tell(environment, channels, &mut report);
    Some(report)
}
