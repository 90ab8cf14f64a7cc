//! One file's way into a table: split, valued and written at the same time, on threads of their own.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::lake::{QuarantineFile, TableWriter, conform};
use crate::report::CollectionProgress;
use crate::schema::{ColumnName, TableSchema};
use crate::source::{BadRecord, Batches, ColumnPlan, RawBatch, RowHash, SourceError, ValueRules, ValuedFrame, valued_frame};

use super::JobError;

/// Batches that may wait between two threads.
const WAITING: usize = 2;

/// What files brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FileCounts {
    pub(super) rows_read: u64,
    pub(super) rows_with_errors: u64,
    /// Values that did not fit, by column; those without any are left out.
    pub(super) value_errors: BTreeMap<ColumnName, u64>,
}

impl FileCounts {
    fn add(&mut self, valued: &ValuedFrame, bad: usize, plan: &[ColumnPlan]) {
        self.rows_read += (valued.frame.height() + bad) as u64;
        self.rows_with_errors += valued.rows_with_errors;
        for (column, misfits) in plan.iter().zip(&valued.misfits).filter(|(_, misfits)| **misfits > 0) {
            *self.value_errors.entry(column.name.clone()).or_default() += misfits;
        }
    }
}

/// A file and what becomes of it.
pub(super) struct FilePlan<'a> {
    pub(super) key: &'a str,
    pub(super) columns: &'a [ColumnPlan],
    pub(super) table: &'a TableSchema,
    pub(super) rules: &'a ValueRules,
    pub(super) hash: Option<&'a RowHash>,
}

/// Reads all of an open file into the writer, and its bad records into quarantine.
pub(super) fn run(
    mut file: Batches,
    plan: &FilePlan<'_>,
    writer: &mut TableWriter<'_>,
    quarantine: &mut QuarantineFile<'_>,
    progress: &dyn CollectionProgress,
    counts: &mut FileCounts,
) -> Result<(), JobError> {
    thread::scope(|scope| {
        let (raw_out, raw_in) = bounded(WAITING);
        let (valued_out, valued_in) = bounded(WAITING);
        // Where a later stage fails, its channel closes, and the earlier ones end.
        let splitter = scope.spawn(move || split(&mut file, &raw_out));
        let valuer = scope.spawn(move || value(&raw_in, &valued_out, plan));
        let written = write(valued_in, plan, writer, quarantine, progress, counts);
        joined(splitter.join())?;
        joined(valuer.join())?;
        written
    })
}

/// A stage's result; a panic in it is a bug of adg or of a library, told as one.
fn joined<E: Into<JobError>>(result: thread::Result<Result<(), E>>) -> Result<(), JobError> {
    match result {
        Ok(done) => done.map_err(Into::into),
        Err(panic) => Err(JobError::Bug(panic_message(&*panic))),
    }
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

fn split(file: &mut Batches, out: &Sender<RawBatch>) -> Result<(), SourceError> {
    while let Some(batch) = file.next_batch()? {
        if out.send(batch).is_err() {
            break;
        }
    }
    Ok(())
}

type Valued = (ValuedFrame, Vec<BadRecord>);

fn value(batches: &Receiver<RawBatch>, out: &Sender<Valued>, plan: &FilePlan<'_>) -> Result<(), JobError> {
    for mut batch in batches {
        let bad = std::mem::take(&mut batch.bad);
        let valued = valued_frame(&batch, plan.columns, plan.rules, plan.hash)?;
        if out.send((valued, bad)).is_err() {
            break;
        }
    }
    Ok(())
}

fn write(
    frames: Receiver<Valued>,
    plan: &FilePlan<'_>,
    writer: &mut TableWriter<'_>,
    quarantine: &mut QuarantineFile<'_>,
    progress: &dyn CollectionProgress,
    counts: &mut FileCounts,
) -> Result<(), JobError> {
    for (valued, bad) in frames {
        let rows = valued.frame.height() as u64;
        quarantine.add(plan.key, &bad)?;
        if rows > 0 {
            writer.write(&conform(&valued.frame, plan.table)?)?;
        }
        counts.add(&valued, bad.len(), plan.columns);
        progress.rows(rows);
    }
    Ok(())
}

/// A reader that tells the progress how far it is.
pub(super) struct Counted {
    pub(super) inner: Box<dyn Read + Send>,
    pub(super) progress: Arc<dyn CollectionProgress>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.bytes(count as u64);
        Ok(count)
    }
}
