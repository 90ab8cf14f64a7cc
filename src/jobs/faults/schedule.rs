//! Schedule of concurrent processes: one moves at a time, as the seed says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard};

use super::call::{Call, Fate, Gate};

/// The state of every process.
#[derive(Debug, Default)]
struct Standing {
    /// Processes that compute, or whose call is under way.
    busy: BTreeSet<usize>,
    /// Processes that wait for their turn, each with its next call.
    waiting: BTreeMap<usize, Call>,
    /// Process that may go on, and the fate of its call.
    granted: Option<(usize, Fate)>,
}

/// A callback that is notified of each call that was made.
pub(super) type Watcher = Box<dyn Fn(usize, &Call, Fate) + Send + Sync>;

/// The gate that lets one call pass after the other.
pub(super) struct Schedule {
    standing: Mutex<Standing>,
    changed: Condvar,
    watcher: Watcher,
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the schedule")
    }
}

impl Schedule {
    pub(super) fn new(watcher: Watcher) -> Self {
        Self { standing: Mutex::default(), changed: Condvar::new(), watcher }
    }

    /// Registers a process that begins.
    pub(super) fn begin(&self, process: usize) {
        self.standing.lock().unwrap().busy.insert(process);
    }

    /// Removes a process that has ended.
    pub(super) fn end(&self, process: usize) {
        self.standing.lock().unwrap().busy.remove(&process);
        self.changed.notify_all();
    }

    /// Returns the waiting processes, once none moves.
    pub(super) fn waiting(&self) -> BTreeMap<usize, Call> {
        self.still().waiting.clone()
    }

    /// Lets a waiting process go on, until it waits again or ends.
    pub(super) fn grant(&self, process: usize, fate: Fate) {
        let mut standing = self.still();
        standing.waiting.remove(&process).unwrap();
        standing.busy.insert(process);
        standing.granted = Some((process, fate));
        drop(standing);
        self.changed.notify_all();
        drop(self.still());
    }

    fn still(&self) -> MutexGuard<'_, Standing> {
        self.changed.wait_while(self.standing.lock().unwrap(), |standing| !standing.busy.is_empty()).unwrap()
    }
}

impl Gate for Schedule {
    /// Lets calls that no other process can notice pass at once: several threads of a process make them in parallel.
    fn enter(&self, process: usize, call: &Call) -> Fate {
        if !call.is_shared() {
            return Fate::Pass;
        }
        let mut standing = self.standing.lock().unwrap();
        let before = standing.waiting.insert(process, call.clone());
        assert!(before.is_none(), "process {process} makes two calls at once: {before:?} and {call}");
        standing.busy.remove(&process);
        self.changed.notify_all();
        let is_other = |standing: &mut Standing| standing.granted.is_none_or(|(granted, _)| granted != process);
        let mut standing = self.changed.wait_while(standing, is_other).unwrap();
        let (_, fate) = standing.granted.take().unwrap();
        fate
    }

    fn leave(&self, process: usize, call: &Call, fate: Fate) {
        if call.is_shared() {
            (self.watcher)(process, call, fate);
        }
    }
}
