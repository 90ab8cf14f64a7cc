//! Destinations of events. Events wait in a queue of their own, so that only the end of the run waits for them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use reqwest::{Client, Url};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::runtime;
use crate::secrets::SecretText;
use crate::sending::{self, SendError};
use crate::telemetry::said;
use crate::telemetry::settings::{self, LineageDestination, LineageServer, OpenLineageSettings};

use super::Parent;

/// A failure to send events. Events after the first failed one are not tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lineage events were not taken by {destination}: {reason}")]
pub struct LineageError {
    /// Destination of the events.
    pub destination: String,
    /// Reason for the failure.
    pub reason: String,
}

/// A sender of a profile's events.
pub struct Lineage {
    /// Namespace of its jobs.
    pub namespace: String,
    /// Run that this process is a part of.
    pub parent: Option<Parent>,
    line: Mutex<Option<Line>>,
}

/// A queue of events and the task that sends them.
struct Line {
    /// Destination of the events.
    destination: String,
    events: UnboundedSender<Value>,
    sent: JoinHandle<Result<(), SendError>>,
}

impl Lineage {
    /// Opens the destination in the settings, else that in the variables of OpenLineage's clients; none if neither has one, or if
    /// `OPENLINEAGE_DISABLED` is `true`.
    ///
    /// # Errors
    /// The address is invalid, or the client can't be created.
    pub fn open(
        settings: Option<&OpenLineageSettings>,
        variable: &dyn Fn(&str) -> Option<String>,
        path: impl Fn(&std::path::Path) -> PathBuf,
    ) -> Result<Option<Self>, SendError> {
        let said = |name: &str| said(variable, name);
        if said("OPENLINEAGE_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let by_variables = || {
            let url = SecretText::from(said("OPENLINEAGE_URL")?);
            let endpoint = said("OPENLINEAGE_ENDPOINT").unwrap_or_else(settings::endpoint);
            let server = LineageServer { url, endpoint, api_key: said("OPENLINEAGE_API_KEY").map(SecretText::from) };
            let namespace = said("OPENLINEAGE_NAMESPACE").unwrap_or_else(settings::namespace);
            Some(OpenLineageSettings { namespace, to: LineageDestination::Http(server) })
        };
        let Some(settings) = settings.cloned().or_else(by_variables) else { return Ok(None) };
        let parent = said("OPENLINEAGE_PARENT_ID").and_then(|text| Parent::parse(&text));
        let destination = match &settings.to {
            LineageDestination::Http(server) => Destination::server(server)?,
            LineageDestination::File(file) => Destination::File(path(&file.path)),
        };
        let line = destination.line().map_err(|error| SendError::Never(error.to_string()))?;
        Ok(Some(Self { namespace: settings.namespace, parent, line: Mutex::new(Some(line)) }))
    }

    /// Queues an event.
    pub fn tell(&self, event: Value) {
        if let Some(line) = &*self.line.lock().unwrap_or_else(PoisonError::into_inner) {
            // Its end is only gone where an earlier event was not taken, which is told in the end.
            let _ = line.events.send(event);
        }
    }

    /// Waits until the last event is sent, [`sending::PATIENCE`] at most.
    ///
    /// # Errors
    /// Some events were not sent.
    pub fn end(&self) -> Result<(), LineageError> {
        let Some(Line { destination, events, sent }) = self.line.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        drop(events);
        let reason = match runtime::wait(async { tokio::time::timeout(sending::PATIENCE, sent).await }) {
            Ok(Ok(Ok(Ok(())))) => return Ok(()),
            Ok(Ok(Ok(Err(refused)))) => refused.to_string(),
            Ok(Ok(Err(stopped))) => stopped.to_string(),
            Ok(Err(_)) => format!("not all within {} s", sending::PATIENCE.as_secs()),
            Err(error) => error.to_string(),
        };
        Err(LineageError { destination, reason })
    }
}

enum Destination {
    File(PathBuf),
    Server { client: Client, url: Url, key: Option<SecretText> },
}

impl Destination {
    fn server(settings: &LineageServer) -> Result<Self, SendError> {
        let wrong = |error: &dyn std::fmt::Display| SendError::Never(format!("the address of the lineage service: {error}"));
        let mut base = Url::parse(settings.url.reveal()).map_err(|error| wrong(&error))?;
        // Or the last part of its path would be replaced.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let url = base.join(settings.endpoint.trim_start_matches('/')).map_err(|error| wrong(&error))?;
        Ok(Self::Server { client: sending::client()?, url, key: settings.api_key.clone() })
    }

    fn describe(&self) -> String {
        match self {
            Self::File(path) => format!("`{}`", path.display()),
            Self::Server { url, .. } => url.origin().ascii_serialization(),
        }
    }

    fn line(self) -> std::io::Result<Line> {
        let (events, mut waiting) = unbounded_channel::<Value>();
        let destination = self.describe();
        let sent = runtime::shared()?.spawn(async move {
            while let Some(event) = waiting.recv().await {
                self.send(&event).await?;
            }
            Ok(())
        });
        Ok(Line { destination, events, sent })
    }

    async fn send(&self, event: &Value) -> Result<(), SendError> {
        match self {
            Self::File(path) => {
                let line = format!("{event}\n");
                let written =
                    OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| file.write_all(line.as_bytes()));
                written.map_err(|error| SendError::Never(error.to_string()))
            }
            Self::Server { client, url, key } => {
                let request = || {
                    let request = sending::with_json(client.post(url.clone()), event.to_string());
                    match key {
                        Some(key) => request.bearer_auth(key.reveal()),
                        None => request,
                    }
                };
                sending::patiently(|| sending::send(request())).await
            }
        }
    }
}
