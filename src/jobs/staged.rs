//! Stages of a run: timed for the report, and spans for who traces.

use std::time::Instant;

use tracing::span::EnteredSpan;

use crate::report::{Stage, Stages};

/// Does a stage's work.
pub(super) fn staged<T>(stages: &mut Stages, stage: Stage, work: impl FnOnce() -> T) -> T {
    let stage = Staged::begin(stage);
    let done = work();
    stage.end(stages);
    done
}

/// A stage at work.
pub(super) struct Staged {
    stage: Stage,
    began: Instant,
    _span: EnteredSpan,
}

impl Staged {
    pub(super) fn begin(stage: Stage) -> Self {
        let span = tracing::info_span!("stage", otel.name = stage.name());
        Self { stage, began: Instant::now(), _span: span.entered() }
    }

    /// Its time counts, however it ended.
    pub(super) fn end(self, stages: &mut Stages) {
        *stages.entry(self.stage).or_default() += self.began.elapsed().as_secs_f64();
    }
}
