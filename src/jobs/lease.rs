//! Keeping a module's lease while a run works.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::SignedDuration;

use crate::catchup::{Holder, Lease, Ledger, LedgerError};
use crate::identity::{Clock, ModuleName, RunId};

/// For how long a lease is taken; it is renewed three times as often.
const TTL: SignedDuration = SignedDuration::from_secs(120);
const RENEW_EVERY: Duration = Duration::from_secs(40);

/// A lease that is renewed until it is dropped, and given up then.
pub(super) struct KeptLease {
    ledger: Arc<dyn Ledger>,
    run_id: RunId,
    lease: Lease,
    stop: Arc<(Mutex<bool>, Condvar)>,
    heartbeat: Option<JoinHandle<()>>,
}

impl KeptLease {
    /// Takes the lease. The run's id is of the same instant as its token: ids sort as leases followed each other, also where a
    /// clock was put back, or two machines' clocks differ. What is earlier is swept by that, and what is the latest is told.
    pub(super) fn take(ledger: &Arc<dyn Ledger>, clock: &Arc<dyn Clock>, module: &ModuleName) -> Result<Self, LedgerError> {
        let mut now = clock.now();
        let (run_id, lease) = loop {
            let holder = Holder { run_id: RunId::new(now), host: host_name(), process: std::process::id() };
            let lease = ledger.acquire(module, &holder, now, TTL)?;
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
        Ok(Self { ledger: Arc::clone(ledger), run_id, lease, stop, heartbeat: Some(heartbeat) })
    }

    pub(super) fn run_id(&self) -> RunId {
        self.run_id
    }

    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }
}

/// Renews until told to stop. A renewal that fails is only told: every write of the ledger and the metastore is fenced, so
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
            Err(error) => tracing::warn!(event = "lease_not_renewed", module = %lease.module, %error),
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
            tracing::warn!(event = "lease_not_released", module = %self.lease.module, %error);
        }
    }
}

fn host_name() -> String {
    let named = std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "this machine".to_owned())
}
