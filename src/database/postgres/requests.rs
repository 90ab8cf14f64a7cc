//! Requests to a server, which end on a request to stop.

use std::time::Duration;

use tokio_postgres::CancelToken;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::database::DatabaseError;
use crate::runtime;
use crate::stop::{Stop, Stopped};

use super::failure;

/// Time between two looks at a request to stop, while the server sends nothing.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Time that a server has to end a statement.
const PATIENCE: Duration = Duration::from_secs(10);

/// The requests of a connection.
#[derive(Clone)]
pub(super) struct Requests {
    /// Address without the password.
    pub(super) server: String,
    pub(super) stop: Stop,
    pub(super) cancel: CancelToken,
    pub(super) tls: MakeRustlsConnect,
}

impl Requests {
    /// Waits for an answer of the server.
    ///
    /// # Errors
    /// A stop was requested. The server has then been asked to end the statement, which would go on until it finds nobody to send
    /// rows to.
    pub(super) fn wait<F: Future>(&self, future: F) -> Result<F::Output, DatabaseError> {
        wait(&self.server, async {
            match unless_stopped(&self.stop, future).await {
                Ok(answer) => Ok(answer),
                Err(stopped) => {
                    self.end_statement().await;
                    Err(stopped)
                }
            }
        })?
    }

    /// Waits for an answer of the server, whether a stop was requested or not.
    pub(super) fn wait_for_end<F: Future>(&self, future: F) -> Result<F::Output, DatabaseError> {
        wait(&self.server, future)
    }

    /// Returns the error of a request that failed.
    pub(super) fn failed(&self, action: &'static str, error: &tokio_postgres::Error) -> DatabaseError {
        failure::of(action, &self.server, error)
    }

    async fn end_statement(&self) {
        let ended = tokio::time::timeout(PATIENCE, self.cancel.cancel_query(self.tls.clone())).await;
        let reason = match ended {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not answer".to_owned(),
        };
        tracing::warn!(
            event = "statement_not_cancelled",
            server = self.server,
            reason,
            "could not end a statement in the server"
        );
    }
}

/// Waits for a connection that is not made yet.
///
/// # Errors
/// A stop was requested.
pub(super) fn connected<F: Future>(server: &str, stop: &Stop, future: F) -> Result<F::Output, DatabaseError> {
    wait(server, unless_stopped(stop, future))?
}

async fn unless_stopped<F: Future>(stop: &Stop, future: F) -> Result<F::Output, DatabaseError> {
    let requested = async {
        while !stop.is_requested() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        biased;
        answer = future => Ok(answer),
        () = requested => Err(DatabaseError::Stopped(Stopped)),
    }
}

fn wait<F: Future>(server: &str, future: F) -> Result<F::Output, DatabaseError> {
    let failed = |error: std::io::Error| DatabaseError::Unavailable {
        action: "start threads for requests",
        server: server.to_owned(),
        reason: error.to_string(),
    };
    runtime::wait(future).map_err(failed)
}
