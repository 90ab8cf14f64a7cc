//! The state of a run that every date needs.

use crate::catchup::{Attempt, WindowRules};
use crate::identity::{Causes, RunId};
use crate::jobs::run::JobError;
use crate::jobs::run::lease::KeptLease;
use crate::lake::{HiveSink, LakeError, TableLayout};
use crate::report::Progress;
use crate::store::Scratch;

use super::context::Context;
use super::lineage::RunLineage;
use super::module::Collection;
use super::summary::KeptSummary;

/// State of a run that every date needs.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) id: RunId,
    pub(super) rules: WindowRules,
    pub(super) lease: &'a KeptLease,
    pub(super) summary: KeptSummary<'a>,
    pub(super) scratch: &'a Scratch,
    pub(super) progress: &'a dyn Progress,
    pub(super) lineage: Option<&'a RunLineage<'a>>,
    /// True if dates are loaded whose files are not complete.
    pub(super) takes_incomplete: bool,
}

impl Run<'_> {
    /// Writes an attempt into the ledger.
    pub(super) fn record(&self, attempt: &Attempt) -> Result<(), JobError> {
        Ok(self.context.ledger.record(self.lease.lease(), attempt)?)
    }

    /// Returns a collection's table in that folder as a sink.
    pub(super) fn sink<'d>(&'d self, collection: &'d Collection, layout: &'d TableLayout) -> HiveSink<'d> {
        self.context.sink(collection, layout, self.lease)
    }
}

/// Logs the result of a sweep.
pub(super) fn log_sweep(collection: &Collection, swept: Result<usize, LakeError>) {
    match swept {
        Ok(0) => {}
        Ok(folders) => tracing::info!(
            event = "expired_files_deleted", formerly = "swept", table = %collection.table, folders,
            "deleted files after their retention"
        ),
        Err(error) => tracing::warn!(
            event = "expired_files_not_deleted", formerly = "not_swept", table = %collection.table, error = %Causes(&error),
            "could not delete files after their retention"
        ),
    }
}
