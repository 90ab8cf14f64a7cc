//! Stages of a run: times for the report, and spans for tracing.

use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;
use tracing::span::EnteredSpan;

use crate::identity::{Causes, ProcessingDate};
use crate::report::{DayReport, Stage, Stages};

use super::JobError;

/// Returns the tracing span of a date of a collection.
pub(crate) fn date_span(collection: &str, date: ProcessingDate) -> Span {
    let name = format!("{collection} {date}");
    let date = date.to_string();
    tracing::info_span!(
        "date",
        otel.name = name,
        collection,
        date,
        rows = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty
    )
}

/// Records in a date's span how the date ended.
pub(crate) fn date_ended(span: &Span, ended: &Result<DayReport, JobError>) {
    let reason = match ended {
        Ok(report) => {
            span.record("rows", report.counts.rows_written);
            report.failure.as_ref().map(|failure| failure.message.clone())
        }
        Err(error) => Some(Causes(error).to_string()),
    };
    span.record("otel.status_code", if reason.is_none() { "OK" } else { "ERROR" });
    if let Some(reason) = reason {
        span.record("otel.status_description", reason);
    }
}

/// Runs a stage's work and adds its time to `stages`.
pub(crate) fn staged<T>(stages: &mut Stages, stage: Stage, work: impl FnOnce() -> T) -> T {
    let stage = Staged::begin(stage);
    let done = work();
    stage.end(stages);
    done
}

/// A running stage.
pub(crate) struct Staged {
    stage: Stage,
    began: Instant,
    _span: EnteredSpan,
}

impl Staged {
    pub(crate) fn begin(stage: Stage) -> Self {
        let span = tracing::info_span!("stage", otel.name = stage.name());
        Self { stage, began: Instant::now(), _span: span.entered() }
    }

    /// Ends the stage and adds its time, in seconds, to `stages`, however it ended.
    pub(crate) fn end(self, stages: &mut Stages) {
        *stages.entry(self.stage).or_default() += self.began.elapsed().as_secs_f64();
    }
}
