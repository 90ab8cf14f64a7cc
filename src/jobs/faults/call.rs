//! Calls to the world, and their possible fates.

use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt;

/// A call: its service, its action, and its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub service: &'static str,
    pub action: &'static str,
    pub on: String,
}

impl Call {
    /// Returns true if the call only reads.
    pub(super) fn is_read(&self) -> bool {
        const READS: [&str; 18] = [
            "get",
            "list",
            "list folders",
            "open",
            "read",
            "check",
            "continues from",
            "history",
            "attempts",
            "months",
            "retired",
            "tables",
            "table",
            "partitions",
            "partition",
            "registered below",
            "lock",
            "create the folder",
        ];
        READS.contains(&self.action)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.service, self.action, self.on)
    }
}

impl Call {
    /// Returns true if the call may change the files or tables that readers see.
    pub(super) fn is_seen(&self) -> bool {
        let on_the_way = ["put part", "begin upload", "abort upload"].contains(&self.action);
        !self.is_read() && !on_the_way && self.is_shared()
    }

    /// Returns true if another process may notice the call: source files and scratch belong to one process.
    pub(super) fn is_shared(&self) -> bool {
        self.service != "source" && (self.service != "disk" || self.on.contains("warehouse"))
    }

    /// Returns the distinct fates of the call: a read has no effect that could happen without a reply, or twice.
    pub(super) fn fates(&self) -> impl Iterator<Item = Fate> + use<> {
        let (is_read, has_half) = (self.is_read(), matches!(self.action, "put" | "remove the folder"));
        Fate::DISTURBED.into_iter().filter(move |fate| match fate {
            Fate::Error | Fate::Timeout | Fate::CrashBefore => true,
            Fate::LostReply | Fate::Twice | Fate::CrashAfter => !is_read,
            Fate::CrashHalfway => has_half,
            Fate::Pass => false,
        })
    }
}

/// The fate of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has its effect, and its reply arrives.
    Pass,
    /// It is refused.
    Error,
    /// It is refused after longer than a lease lasts.
    Timeout,
    /// It has its effect, and its reply does not arrive.
    LostReply,
    /// It arrives twice; the caller gets the second reply.
    Twice,
    /// The process dies before it.
    CrashBefore,
    /// The process dies in the middle of it.
    CrashHalfway,
    /// The process dies after it, before its reply.
    CrashAfter,
}

impl Fate {
    pub(super) const DISTURBED: [Self; 7] =
        [Self::Error, Self::Timeout, Self::LostReply, Self::Twice, Self::CrashBefore, Self::CrashHalfway, Self::CrashAfter];

    pub(super) fn kills(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashHalfway | Self::CrashAfter)
    }
}

/// A gate at which calls wait for their turn.
pub(super) trait Gate: fmt::Debug + Send + Sync {
    /// Waits for the call's turn. Returns its fate.
    fn enter(&self, process: usize, call: &Call) -> Fate;
    /// Notes that the call is over, with its effect if its fate has one.
    fn leave(&self, process: usize, call: &Call, fate: Fate);
}

/// A process that runs a job. Once it is dead its calls have no effect, since its destructors run all the same.
#[derive(Debug, Clone)]
pub(super) struct Process {
    id: usize,
    gate: Arc<dyn Gate>,
    is_dead: Arc<AtomicBool>,
}

impl Process {
    pub(super) fn new(id: usize, gate: Arc<dyn Gate>) -> Self {
        Self { id, gate, is_dead: Arc::default() }
    }

    pub(super) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::SeqCst)
    }

    /// Makes a call with its fate. `half` does the part that is done when the process dies in the middle.
    pub(super) async fn pass<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        call: Call,
        failed: impl FnOnce(String) -> E,
        mut act: impl FnMut() -> F,
        half: impl FnOnce(),
    ) -> Result<T, E> {
        if self.is_dead() {
            return Err(failed(format!("{call}: the process is dead")));
        }
        let fate = self.gate.enter(self.id, &call);
        let result = match fate {
            Fate::Pass => act().await,
            Fate::Twice => {
                drop(act().await);
                act().await
            }
            Fate::LostReply | Fate::CrashAfter => {
                drop(act().await);
                Err(failed(format!("{call}: {fate:?}")))
            }
            Fate::CrashHalfway => {
                half();
                Err(failed(format!("{call}: {fate:?}")))
            }
            Fate::Error | Fate::Timeout | Fate::CrashBefore => Err(failed(format!("{call}: {fate:?}"))),
        };
        if fate.kills() {
            self.is_dead.store(true, Ordering::SeqCst);
        }
        self.gate.leave(self.id, &call, fate);
        result
    }

    /// Makes a synchronous call with its fate.
    pub(super) fn pass_now<T, E>(
        &self,
        call: Call,
        failed: impl FnOnce(String) -> E,
        mut act: impl FnMut() -> Result<T, E>,
        half: impl FnOnce(),
    ) -> Result<T, E> {
        self.pass(call, failed, || ready(act()), half).now_or_never().unwrap()
    }
}

/// Does nothing: the `half` of a call that can't be half done.
pub(super) fn nothing() {}

/// A gate that disturbs nothing.
#[derive(Debug)]
pub(super) struct Open;

impl Gate for Open {
    fn enter(&self, _: usize, _: &Call) -> Fate {
        Fate::Pass
    }

    fn leave(&self, _: usize, _: &Call, _: Fate) {}
}
