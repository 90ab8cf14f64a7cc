//! Connections to the services of one metastore, with failover to the next service.

use std::future::{Future, IntoFuture};
use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use hive_metastore::{ThriftHiveMetastoreClient, ThriftHiveMetastoreClientBuilder};
use volo_thrift::codec::default::DefaultMakeCodec;
use volo_thrift::{ClientError, MaybeException};

use super::fault::Fault;
use super::uri::ThriftUri;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Deadline of a call that changes nothing, over all services together.
const READ_DEADLINE: Duration = Duration::from_secs(90);

/// The services of one metastore. All of them answer alike; the last one that answered is asked first.
pub(super) struct Connections {
    uris: Vec<ThriftUri>,
    timeout: Duration,
    current: AtomicUsize,
    client: Mutex<Option<ThriftHiveMetastoreClient>>,
    calls: AtomicU64,
}

impl Connections {
    pub(super) fn new(uris: Vec<ThriftUri>, timeout: Duration) -> Self {
        Self { uris, timeout, current: AtomicUsize::new(0), client: Mutex::default(), calls: AtomicU64::new(0) }
    }

    /// Returns the addresses for display.
    pub(super) fn describe(&self) -> String {
        self.uris.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// Returns the number of calls made.
    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Makes a call that changes nothing. If no answer comes, retries it at the next service.
    pub(super) async fn read<T, E, C, F>(&self, call: C) -> Result<T, Fault>
    where
        C: Fn(ThriftHiveMetastoreClient) -> F,
        F: Future<Output = Result<MaybeException<T, E>, ClientError>>,
        Fault: From<E>,
    {
        // One that hangs leaves time to ask the others.
        let each = READ_DEADLINE.min(self.timeout) / u32::try_from(self.uris.len() + 1).unwrap_or(u32::MAX);
        let calls = || self.once_within(each, &call);
        self.within(READ_DEADLINE.min(self.timeout), calls.retry(self.retries()).when(Fault::is_lost)).await
    }

    /// Limits the total wait, however many services accept a call and do not answer it.
    async fn within<T>(&self, deadline: Duration, calls: impl IntoFuture<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let late = |_| Fault::Lost(format!("{}: no answer within {} seconds", self.describe(), deadline.as_secs()));
        tokio::time::timeout(deadline, calls.into_future()).await.map_err(late)?
    }

    /// Makes a call that changes something. If no answer comes, the service may still have acted: `done` checks, and the call is
    /// made again only if it was not done. None means that it was done without an answer.
    pub(super) async fn write<T, E, C, F, D, G>(&self, call: C, done: D) -> Result<Option<T>, Fault>
    where
        C: Fn(ThriftHiveMetastoreClient) -> F,
        F: Future<Output = Result<MaybeException<T, E>, ClientError>>,
        D: Fn() -> G,
        G: Future<Output = Result<bool, Fault>>,
        Fault: From<E>,
    {
        let attempt = || async {
            match self.once(&call).await {
                Ok(answer) => Ok(Some(answer)),
                Err(lost) if lost.is_lost() => {
                    if done().await? {
                        tracing::warn!(event = "metastore_reply_lost", metastore = self.describe(), "it had acted");
                        Ok(None)
                    } else {
                        Err(lost)
                    }
                }
                Err(fault) => Err(fault),
            }
        };
        self.within(self.write_deadline(), attempt.retry(self.retries()).when(Fault::is_lost)).await
    }

    /// Returns the time for one call that uses its whole timeout, for the check, and for a second call.
    pub(super) fn write_deadline(&self) -> Duration {
        self.timeout * 2 + READ_DEADLINE
    }

    /// Returns the retry policy: every service is tried a few times; a restarting service needs some seconds.
    pub(super) fn retries(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(4 + self.uris.len())
            .with_jitter()
    }

    /// Makes one call, without retries.
    pub(super) async fn once<T, E, C, F>(&self, call: &C) -> Result<T, Fault>
    where
        C: Fn(ThriftHiveMetastoreClient) -> F,
        F: Future<Output = Result<MaybeException<T, E>, ClientError>>,
        Fault: From<E>,
    {
        self.once_within(self.timeout, call).await
    }

    async fn once_within<T, E, C, F>(&self, limit: Duration, call: &C) -> Result<T, Fault>
    where
        C: Fn(ThriftHiveMetastoreClient) -> F,
        F: Future<Output = Result<MaybeException<T, E>, ClientError>>,
        Fault: From<E>,
    {
        let index = self.current.load(Ordering::Relaxed);
        let client = self.client(index)?;
        self.calls.fetch_add(1, Ordering::Relaxed);
        let lost = |reason: String| {
            self.leave(index);
            Err(Fault::Lost(format!("{}: {reason}", self.uri(index))))
        };
        match tokio::time::timeout(limit, call(client)).await {
            Ok(Ok(MaybeException::Ok(answer))) => Ok(answer),
            Ok(Ok(MaybeException::Exception(exception))) => Err(exception.into()),
            Ok(Err(error)) => lost(error.to_string()),
            Err(_) => lost(format!("no answer within {} seconds", limit.as_secs())),
        }
    }

    fn uri(&self, index: usize) -> &ThriftUri {
        &self.uris[index % self.uris.len()]
    }

    /// Switches to the next service, unless another call did so already.
    fn leave(&self, index: usize) {
        if self.current.compare_exchange(index, index + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = None;
            if self.uris.len() > 1 {
                tracing::warn!(
                    event = "metastore_failover", from = %self.uri(index), to = %self.uri(index + 1),
                    "moving to the next metastore service"
                );
            }
        }
    }

    fn client(&self, index: usize) -> Result<ThriftHiveMetastoreClient, Fault> {
        let mut held = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = held.as_ref() {
            return Ok(client.clone());
        }
        let uri = self.uri(index);
        let resolved = (uri.host.as_str(), uri.port).to_socket_addrs().map_err(|error| error.to_string());
        let address = resolved.and_then(|mut all| all.next().ok_or_else(|| "the name has no address".to_owned()));
        let address = address.map_err(|reason| {
            drop(held.take());
            let _ = self.current.compare_exchange(index, index + 1, Ordering::Relaxed, Ordering::Relaxed);
            Fault::Lost(format!("{uri}: {reason}"))
        })?;
        let client = ThriftHiveMetastoreClientBuilder::new("hive_metastore")
            .make_codec(DefaultMakeCodec::buffered())
            .connect_timeout(Some(CONNECT_TIMEOUT))
            .read_write_timeout(Some(self.timeout))
            .rpc_timeout(Some(self.timeout))
            .address(address)
            .build();
        Ok(held.insert(client).clone())
    }
}
