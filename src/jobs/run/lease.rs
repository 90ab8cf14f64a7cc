//! Lease of a module, renewed while a run works.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use backon::{BlockingRetryable, ExponentialBuilder};
use jiff::{SignedDuration, Timestamp};

use crate::catchup::{Access, Holder, Lease, LeaseScope, Ledger, LedgerError, Shard};
use crate::identity::{Causes, Clock, ModuleName, RunId};

/// Lifetime of a lease; it is renewed three times as often.
const TTL: SignedDuration = SignedDuration::from_secs(120);
const RENEW_EVERY: Duration = Duration::from_secs(40);

/// Time for which a shard waits for a holder of the whole module, who may be another shard that begins.
const PATIENCE: Duration = Duration::from_secs(20);

/// A lease on a module or on a share of its dates, renewed until it is dropped, and released then. While the lease of a share is
/// held, nobody works on the whole module, except the holder of one of its shares, for a moment.
pub(crate) struct KeptLease {
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    run_id: RunId,
    lease: Lease,
    stop: Arc<(Mutex<bool>, Condvar)>,
    heartbeat: Option<JoinHandle<()>>,
    /// Lock of the one thread of this process that has the module to itself.
    alone: Mutex<()>,
}

impl KeptLease {
    /// Acquires the lease of a module, or of a share of its dates.
    pub(crate) fn take(
        ledger: &Arc<dyn Ledger>,
        clock: &Arc<dyn Clock>,
        module: &ModuleName,
        shard: Option<Shard>,
    ) -> Result<Self, LedgerError> {
        let whole = match shard {
            None => Self::of(ledger, clock, module.clone().into(), clock.now())?,
            Some(_) => Self::wait_for(ledger, clock, module)?,
        };
        for other in ledger.shards(module, clock.now())? {
            // Shares of as many do not overlap.
            if shard.is_none_or(|shard| shard.of() != other.of()) {
                // Held by the living; that of the dead is given up with this.
                Self::of(ledger, clock, LeaseScope::of(module, Some(other)), clock.now())?;
            }
        }
        match shard {
            None => Ok(whole),
            Some(_) => Self::of(ledger, clock, LeaseScope::of(module, shard), whole.later_than_its_token()),
        }
    }

    /// Runs work that no two may do on one module at the same time: changes of its tables' columns, its partitions and its
    /// summary record.
    pub(crate) fn alone<T>(&self, work: impl FnOnce(&Lease) -> T) -> Result<T, LedgerError> {
        let _one = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        match &self.lease.scope {
            LeaseScope::Job { job, shard: Some(_) } => Ok(work(&Self::wait_for(&self.ledger, &self.clock, job)?.lease)),
            LeaseScope::Job { shard: None, .. } | LeaseScope::Table { .. } => Ok(work(&self.lease)),
        }
    }

    /// Acquires the lease of the whole module, once no other shard has it. A run of the whole module is waited for no longer than
    /// `PATIENCE`.
    fn wait_for(ledger: &Arc<dyn Ledger>, clock: &Arc<dyn Clock>, module: &ModuleName) -> Result<Self, LedgerError> {
        let began = Instant::now();
        let is_of_a_shard = |error: &LedgerError| match error {
            LedgerError::Held { .. } if began.elapsed() < PATIENCE => true,
            LedgerError::Held { .. } => ledger.shards(module, clock.now()).is_ok_and(|shards| !shards.is_empty()),
            _ => false,
        };
        let pauses = ExponentialBuilder::default().with_min_delay(Duration::from_millis(10)).with_jitter();
        let pauses = pauses.with_max_delay(Duration::from_secs(1)).without_max_times();
        (|| Self::of(ledger, clock, module.clone().into(), clock.now())).retry(pauses).when(is_of_a_shard).call()
    }

    fn later_than_its_token(&self) -> Timestamp {
        let now = self.clock.now();
        self.lease.token.outran(now).unwrap_or(now)
    }

    /// Returns true if the lease is of a shard: other shards work on the module's tables at the same time.
    pub(crate) fn is_of_a_shard(&self) -> bool {
        self.lease.scope.shard().is_some()
    }

    /// Acquires one lease. The run's id is of the same instant as its token: ids sort in the order of the leases, even if a clock
    /// was set back, or two machines' clocks differ. Sweeps of earlier files and reports of the latest run rely on that order.
    fn of(ledger: &Arc<dyn Ledger>, clock: &Arc<dyn Clock>, scope: LeaseScope, mut now: Timestamp) -> Result<Self, LedgerError> {
        let (run_id, lease) = loop {
            let holder = Holder { run_id: RunId::new(now), host: host_name(), process: std::process::id() };
            let lease = ledger.acquire(&scope, Access::Exclusive, &holder, now, TTL)?;
            match lease.token.outran(now) {
                None => break (holder.run_id, lease),
                Some(later) => {
                    ledger.release(&lease)?;
                    now = later;
                }
            }
        };
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let heartbeat = {
            let (ledger, clock, lease, stop) = (Arc::clone(ledger), Arc::clone(clock), lease.clone(), Arc::clone(&stop));
            std::thread::spawn(move || beat(&*ledger, &*clock, lease, &stop))
        };
        let (ledger, clock) = (Arc::clone(ledger), Arc::clone(clock));
        Ok(Self { ledger, clock, run_id, lease, stop, heartbeat: Some(heartbeat), alone: Mutex::default() })
    }

    pub(crate) fn run_id(&self) -> RunId {
        self.run_id
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }
}

/// Renews the lease until stopped. A renewal that fails is only logged: every write of the ledger and the metastore is fenced, so
/// that a run whose lease was taken can do no harm.
fn beat(ledger: &dyn Ledger, clock: &dyn Clock, mut lease: Lease, (stopped, wake): &(Mutex<bool>, Condvar)) {
    let mut stop = stopped.lock().unwrap_or_else(PoisonError::into_inner);
    while !*stop {
        stop = wake.wait_timeout(stop, RENEW_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        if *stop {
            return;
        }
        match ledger.renew(&lease, clock.now(), TTL) {
            Ok(renewed) => lease = renewed,
            Err(error) => tracing::warn!(
                event = "lease_not_renewed", module = %lease.scope, error = %Causes(&error),
                "could not renew the lease"
            ),
        }
    }
}

impl Drop for KeptLease {
    fn drop(&mut self) {
        let (stopped, wake) = &*self.stop;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        wake.notify_all();
        if let Some(heartbeat) = self.heartbeat.take() {
            let _ = heartbeat.join();
        }
        if let Err(error) = self.ledger.release(&self.lease) {
            tracing::warn!(
                event = "lease_not_released", module = %self.lease.scope, error = %Causes(&error),
                "could not release the lease; it expires"
            );
        }
    }
}

fn host_name() -> String {
    let named = std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catchup::SqliteLedger;
    use crate::identity::SystemClock;

    #[test]
    fn shards_of_as_many_share_a_module_and_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let take = |shard: Option<&str>| {
            let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&folder.path().join("ledger.db")).unwrap());
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            KeptLease::take(&ledger, &clock, &"shop".parse().unwrap(), shard.map(|shard| shard.parse().unwrap()))
        };
        let held = |taken: Result<KeptLease, LedgerError>| match taken {
            Err(LedgerError::Held { scope, .. }) => scope.to_string(),
            Err(error) => Causes(&error).to_string(),
            Ok(_) => "free".to_owned(),
        };
        let (first, second) = (take(Some("1/2")).unwrap(), take(Some("2/2")).unwrap());
        assert!(first.run_id() < second.run_id());
        assert_eq!([held(take(None)), held(take(Some("1/2"))), held(take(Some("1/3")))], ["shop#1/2", "shop#1/2", "shop#1/2"]);
        // One after the other, and later tokens for later work.
        let tokens = [&first, &second, &first].map(|shard| shard.alone(|whole| whole.token).unwrap());
        assert!(tokens.is_sorted() && tokens[0] < tokens[2], "{tokens:?}");
        drop((first, second));
        let whole = take(None).unwrap();
        assert_eq!(whole.alone(|lease| lease.scope.to_string()).unwrap(), "shop");
        drop(whole);
        assert!(take(Some("3/3")).is_ok());
    }
}
