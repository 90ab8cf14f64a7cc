//! Waiting for a server: as long as it can be reached, and until the run is asked to stop.

#![expect(clippy::result_large_err, reason = "the client's error is its own")]

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use spark_connect_core::Result as Answer;

use crate::config::SparkRemote;
use crate::stop::Stop;

use super::client::Client;

/// Interval of checks for a stop request.
const LOOK: Duration = Duration::from_millis(100);
/// Interval of checks that the server can be reached.
const PROBE: Duration = Duration::from_secs(2);
/// Longest time that a server may be out of reach.
const PATIENCE: Duration = Duration::from_secs(30);
/// Timeout of a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for the planning of a statement before it is interrupted.
const PLANNING: Duration = Duration::from_secs(20);
/// Interval of repeated interrupts: Sail (0.7) ignores one while it plans.
const AGAIN: Duration = Duration::from_secs(1);
/// Longest time for a server to end a statement, or a session.
const FAREWELL: Duration = Duration::from_secs(10);

/// A failed request to a server.
pub(super) enum Unanswered {
    /// The server refused it.
    Refused(String),
    /// The server is gone, or did not answer or stop in time.
    Lost(String),
}

/// Settings of the wait for a server.
pub(super) struct Watch<'w> {
    pub(super) client: &'w Client,
    pub(super) remote: &'w SparkRemote,
    pub(super) stop: &'w Stop,
    /// Longest wait, if the server must answer soon.
    pub(super) limit: Option<Duration>,
    /// Callback that is given the number of bytes read, now and then.
    pub(super) bytes_read: Option<&'w dyn Fn(u64)>,
}

impl Watch<'_> {
    /// Runs `work` and waits for it. The client alone would retry for ten minutes at a server that is gone.
    pub(super) fn over<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Client) -> Answer<T> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let (done, result) = channel();
        let client = self.client.clone();
        // Where the server is lost, the thread ends when its client has given up too.
        std::thread::spawn(move || done.send(work(&client)));
        let mut wait = Wait::begun();
        loop {
            match result.recv_timeout(LOOK) {
                Ok(found) => return found.map_err(|error| Unanswered::Refused(error.get_message())),
                Err(RecvTimeoutError::Disconnected) => return Err(Unanswered::Refused("the client panicked".to_owned())),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(told) = self.bytes_read {
                told(self.client.bytes_read());
            }
            self.end_what_runs(&mut wait)?;
            self.look_for_server(&mut wait)?;
        }
    }

    /// Interrupts the statement once a stop was requested, and gives it time to end.
    fn end_what_runs(&self, wait: &mut Wait) -> Result<(), Unanswered> {
        if !self.stop.is_requested() {
            return Ok(());
        }
        let now = Instant::now();
        let told = *wait.told.get_or_insert(now);
        let is_early = wait.interrupted.is_none() && self.client.is_planning() && told.elapsed() < PLANNING;
        if is_early || wait.interrupted.is_some_and(|last| last.elapsed() < AGAIN) {
            return Ok(());
        }
        let first = *wait.first_interrupted.get_or_insert(now);
        if first.elapsed() > FAREWELL {
            tracing::warn!(
                event = "spark_still_running", formerly = "spark_goes_on", remote = %self.remote,
                hint = "the next run at the date deletes files that it still writes",
                "Spark continues after an interrupt"
            );
            return Err(Unanswered::Lost("it does not end what it does".to_owned()));
        }
        soon(self.client, self.remote, Client::interrupt);
        wait.interrupted = Some(Instant::now());
        Ok(())
    }

    fn look_for_server(&self, wait: &mut Wait) -> Result<(), Unanswered> {
        if self.limit.is_some_and(|limit| wait.began.elapsed() > limit) {
            let seconds = wait.began.elapsed().as_secs();
            return Err(Unanswered::Lost(format!("it did not answer for {seconds} seconds: is it Spark Connect?")));
        }
        if wait.probed.elapsed() < PROBE {
            return Ok(());
        }
        if is_reachable(self.remote).is_ok() {
            wait.reached = Instant::now();
        } else if wait.reached.elapsed() > PATIENCE {
            return Err(Unanswered::Lost(format!("it could not be reached for {} seconds", PATIENCE.as_secs())));
        }
        wait.probed = Instant::now();
        Ok(())
    }
}

/// Times of events during a wait.
struct Wait {
    began: Instant,
    /// Last check that the server can be reached.
    probed: Instant,
    /// Last time that the server was reached.
    reached: Instant,
    /// Time of the stop request.
    told: Option<Instant>,
    /// Time of the first interrupt.
    first_interrupted: Option<Instant>,
    /// Time of the last interrupt.
    interrupted: Option<Instant>,
}

impl Wait {
    fn begun() -> Self {
        let began = Instant::now();
        Self { began, probed: began, reached: began, told: None, first_interrupted: None, interrupted: None }
    }
}

/// Sends the server a request that may fail, and waits for it for a short time.
pub(super) fn soon<T: Send + 'static>(
    client: &Client,
    remote: &SparkRemote,
    work: impl FnOnce(&Client) -> Answer<T> + Send + 'static,
) {
    let (done, result) = channel();
    let client = client.clone();
    std::thread::spawn(move || done.send(work(&client).map_err(|error| error.get_message())));
    match result.recv_timeout(FAREWELL) {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!(
            event = "spark_interrupt_failed", formerly = "spark_not_told", %remote, error = shortened(&error),
            "could not reach Spark"
        ),
        Err(_) => tracing::debug!(event = "spark_interrupt_failed", formerly = "spark_not_told", %remote, "Spark did not answer"),
    }
}

/// Connects to the server's address to check that it can be reached.
pub(super) fn is_reachable(remote: &SparkRemote) -> io::Result<()> {
    let shown = remote.to_string();
    let host = shown.strip_prefix("sc://").unwrap_or(&shown);
    let with_port = if host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        host.to_owned()
    } else {
        format!("{host}:15002")
    };
    let mut refused = io::Error::other("its name has no address");
    for address in with_port.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(_) => return Ok(()),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Returns the first line of a server's message: plans and stack traces follow.
pub(super) fn shortened(message: &str) -> String {
    message.lines().find(|line| !line.trim().is_empty()).unwrap_or("nothing").trim().to_owned()
}
