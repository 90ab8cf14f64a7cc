//! End of an attempt at a collection's date: its outcome, its record and the sweeps.

use std::time::Instant;

use crate::catchup::{Counts, Status};
use crate::identity::Causes;
use crate::jobs::run::JobError;
use crate::report::{DayReport, Outcome, Stage};

use super::attempt::Day;

impl Day<'_> {
    /// Records how the attempt ended.
    pub(super) fn end(mut self, result: Result<Outcome, JobError>, started: Instant) -> Result<DayReport, JobError> {
        let (outcome, status) = match &result {
            Ok(Outcome::Skipped) => (Outcome::Skipped, Status::Skipped),
            Ok(_) => (Outcome::Completed, Status::Completed),
            Err(JobError::Lost { .. }) => (Outcome::Lost, Status::Lost),
            Err(_) => (Outcome::Failed, Status::Failed),
        };
        self.report.outcome = outcome;
        self.attempt.status = status;
        self.attempt.ended = Some(self.run.context.clock.now());
        if outcome != Outcome::Completed {
            // What was written is gone, or nothing points at it.
            let Counts { rows_read, rows_quarantined, value_errors, .. } = self.attempt.counts;
            self.attempt.counts = Counts { rows_read, rows_quarantined, value_errors, ..Counts::default() };
            self.report.counts = self.attempt.counts;
        }
        if let Err(error) = result {
            let failure = error.failure();
            self.attempt.error = Some(failure.message.clone());
            self.report.failure = Some(failure);
            if error.ends_the_run() {
                if !error.is_of_a_lost_lease() {
                    self.run.record(&self.attempt)?;
                }
                return Err(error);
            }
        }
        if let Some(location) = self.standing.take() {
            self.attempt.status = Status::Completed;
            self.attempt.location = Some(location);
        }
        if outcome == Outcome::Completed {
            // Before the ledger calls it completed: nobody looks at a date that is done, so what a run that dies here leaves
            // would lie there for ever.
            self.staged(Stage::Sweep, Self::sweep);
        }
        self.sweep_copies();
        self.report.seconds = started.elapsed().as_secs_f64();
        match self.run.record(&self.attempt) {
            Err(error) if error.ends_the_run() => Err(error),
            // Of other dates the ledger may take it; if not, the next one's beginning says so. This date is done anew.
            Err(error) => {
                self.report.notes.push(format!("the ledger does not have how it ended: {}", Causes(&error)));
                let failure = self.report.failure.take().unwrap_or_else(|| error.failure());
                Ok(DayReport { outcome: Outcome::Failed, failure: Some(failure), ..self.report })
            }
            Ok(()) => Ok(self.report),
        }
    }

    /// Deletes files that dead attempts at the date left. A failure is left to the next attempt.
    fn sweep(&mut self) {
        if let Err(error) = self.sink().sweep_unpublished(&self.date.into()) {
            self.report.notes.push(format!("files that earlier attempts left could not be swept: {}", Causes(&error)));
        }
    }

    /// Deletes the copies that dead attempts left for a cluster, whatever the outcome of this attempt: no later run looks at a
    /// lost date.
    fn sweep_copies(&mut self) {
        if let Some(Err(error)) = self.staging().map(|staging| staging.sweep()) {
            self.report
                .notes
                .push(format!("copies that earlier attempts left for a cluster could not be swept: {}", Causes(&error)));
        }
    }
}
