//! Reading of a database's rows into scratch, by several connections side by side.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use crate::batch::{BatchError, arrow_schema, describe_error, error_lists};
use crate::config::MisfitRule;
use crate::database::postgres::{CopyBatch, ReadColumn, Session};
use crate::identity::NodeName;
use crate::jobs::run::{JobError, PipelineError};
use crate::schema::{ColumnName, TableSchema};
use crate::sql::{SqlError, StagedTable, StagedWriter};
use crate::store::ScratchFolder;

use super::sources::{DatabaseColumn, DatabaseRows, of_source};

/// Most rows of a batch.
const BATCH_ROWS: usize = 8192;
/// Approximate bytes of a batch.
const BATCH_BYTES: usize = 4 << 20;

/// Rows that were read.
pub(super) struct ReadRows {
    pub(super) table: StagedTable,
    /// Number of values that did not fit and are null, by column.
    pub(super) misfits: BTreeMap<ColumnName, u64>,
}

/// A reading of one source.
pub(super) struct Reading<'r> {
    pub(super) node: &'r NodeName,
    pub(super) rows: &'r DatabaseRows,
    pub(super) schema: &'r TableSchema,
    pub(super) folder: &'r ScratchFolder,
    /// Approximate bytes that each connection holds before they go to the disk.
    pub(super) row_group_bytes: usize,
    pub(super) progress: &'r (dyn Fn(u64) + Sync),
}

impl Reading<'_> {
    /// Reads all rows, by all these connections.
    pub(super) fn all(&self, sessions: &[Session]) -> Result<ReadRows, JobError> {
        let next = AtomicUsize::new(0);
        let misfits: Vec<AtomicU64> = self.rows.columns.iter().map(|_| AtomicU64::new(0)).collect();
        let written = std::thread::scope(|scope| {
            let workers: Vec<_> = sessions
                .iter()
                .take(self.rows.queries.len())
                .enumerate()
                .map(|(number, session)| {
                    let (next, misfits) = (&next, &misfits);
                    scope.spawn(move || self.ranges(session, number, next, misfits))
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        let written: Result<Vec<StagedWriter<'_>>, JobError> = written;
        let table = StagedWriter::finish(self.schema, written?).map_err(|source| self.failed(source))?;
        let counts = misfits.iter().map(|count| count.load(Ordering::Relaxed));
        let misfits = self.rows.columns.iter().map(|column| column.name.clone()).zip(counts);
        Ok(ReadRows { table, misfits: misfits.filter(|(_, count)| *count > 0).collect() })
    }

    fn failed(&self, source: SqlError) -> JobError {
        PipelineError::Sql { node: self.node.to_string(), source }.into()
    }

    /// Reads one range after the other, as long as there are any that no other connection reads.
    fn ranges(
        &self,
        session: &Session,
        number: usize,
        next: &AtomicUsize,
        misfits: &[AtomicU64],
    ) -> Result<StagedWriter<'_>, JobError> {
        let mut writer = StagedWriter::new(self.folder, &format!("rows-{number}"), self.schema, self.row_group_bytes);
        let failed = |error| of_source(self.node, JobError::from(error));
        let schema = Arc::new(arrow_schema(self.schema));
        let columns: Vec<ReadColumn> = self.rows.columns.iter().map(|column| column.read.clone()).collect();
        while let Some(query) = self.rows.queries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut copy = session.copy(query, columns.clone()).map_err(failed)?;
            while let Some(batch) = copy.next_batch(BATCH_ROWS, BATCH_BYTES).map_err(failed)? {
                let batch = self.with_errors(batch, &schema, misfits)?;
                writer.write(&batch).map_err(|source| self.failed(source))?;
                (self.progress)(batch.num_rows() as u64);
            }
        }
        Ok(writer)
    }

    /// Returns the rows with their column `error_desc`, if they have one.
    fn with_errors(&self, read: CopyBatch, schema: &Arc<Schema>, counts: &[AtomicU64]) -> Result<RecordBatch, JobError> {
        let CopyBatch { batch, misfits } = read;
        let mut errors = Vec::new();
        for (row, place, misfit) in misfits {
            let DatabaseColumn { name, read, rule } = &self.rows.columns[place];
            if *rule == MisfitRule::Fail {
                let (column, ty) = (name.to_string(), read.ty.to_string());
                return Err(PipelineError::Misfit { node: self.node.to_string(), column, ty }.into());
            }
            counts[place].fetch_add(1, Ordering::Relaxed);
            errors.push((row, describe_error(name, &misfit.path, &misfit.text)));
        }
        let rows = batch.num_rows();
        let mut columns = batch.columns().to_vec();
        columns.extend(self.rows.have_errors().then(|| error_lists(rows, errors)));
        let made = RecordBatch::try_new(Arc::clone(schema), columns).map_err(BatchError::from);
        made.map_err(|error| JobError::Bug(format!("{}: {error}", self.node)))
    }
}
