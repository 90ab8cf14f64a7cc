//! The way of a day's files into a table: split, valued and written at the same time, on threads of their own.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::lake::{QuarantineFile, TableWriter, conform};
use crate::report::CollectionProgress;
use crate::schema::{ColumnName, TableSchema};
use crate::source::{
    BadRecord, ColumnPlan, Header, RawBatch, RowHash, SourceError, SourceKey, ValueRules, ValuedFrame, valued_frame,
};

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
    pub(super) key: &'a SourceKey,
    pub(super) header: &'a Header,
    pub(super) columns: Vec<ColumnPlan>,
    pub(super) hash: Option<RowHash>,
}

/// What becomes of all files of a day.
pub(super) struct DayPlan<'a> {
    pub(super) files: Vec<FilePlan<'a>>,
    pub(super) table: &'a TableSchema,
    pub(super) rules: &'a ValueRules,
}

/// Where the batches of a file go; false once nobody wants more.
pub(super) type Take<'t> = dyn FnMut(RawBatch) -> bool + 't;

/// Brings all files into the writer, one after the other, and their bad records into quarantine.
pub(super) fn run(
    plan: &DayPlan<'_>,
    read: &(impl Fn(&FilePlan<'_>, &mut Take<'_>) -> Result<(), JobError> + Sync),
    writer: &mut TableWriter<'_>,
    quarantine: &mut QuarantineFile<'_>,
    progress: &dyn CollectionProgress,
) -> Result<FileCounts, JobError> {
    thread::scope(|scope| {
        let (raw_out, raw_in) = bounded(WAITING);
        let (valued_out, valued_in) = bounded(WAITING);
        // Where a later stage fails, its channel closes, and the earlier ones end.
        let splitter = scope.spawn(move || split(&plan.files, read, &raw_out));
        let valuer = scope.spawn(move || value(&raw_in, &valued_out, plan.rules));
        let written = write(valued_in, plan.table, writer, quarantine, progress);
        joined(splitter.join())?;
        joined(valuer.join())?;
        written
    })
}

/// A stage's result; a panic in it is a bug of adg or of a library, told as one.
fn joined(result: thread::Result<Result<(), JobError>>) -> Result<(), JobError> {
    match result {
        Ok(done) => done,
        Err(panic) => Err(JobError::Bug(panic_message(&*panic))),
    }
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

/// A batch of a file.
type Split<'p> = (&'p FilePlan<'p>, RawBatch);

fn split<'p>(
    files: &'p [FilePlan<'p>],
    read: &impl Fn(&FilePlan<'_>, &mut Take<'_>) -> Result<(), JobError>,
    out: &Sender<Split<'p>>,
) -> Result<(), JobError> {
    let mut is_wanted = true;
    for file in files {
        read(file, &mut |batch| {
            is_wanted = out.send((file, batch)).is_ok();
            is_wanted
        })?;
        if !is_wanted {
            break;
        }
    }
    Ok(())
}

type Valued<'p> = (&'p FilePlan<'p>, ValuedFrame, Vec<BadRecord>);

fn value<'p>(batches: &Receiver<Split<'p>>, out: &Sender<Valued<'p>>, rules: &ValueRules) -> Result<(), JobError> {
    for (file, mut batch) in batches {
        let bad = std::mem::take(&mut batch.bad);
        let valued = valued_frame(&batch, &file.columns, rules, file.hash.as_ref())?;
        if valued.has_grown {
            return Err(SourceError::Unforeseen { key: file.header.key.clone() }.into());
        }
        if out.send((file, valued, bad)).is_err() {
            break;
        }
    }
    Ok(())
}

fn write(
    frames: Receiver<Valued<'_>>,
    table: &TableSchema,
    writer: &mut TableWriter<'_>,
    quarantine: &mut QuarantineFile<'_>,
    progress: &dyn CollectionProgress,
) -> Result<FileCounts, JobError> {
    let mut counts = FileCounts::default();
    for (file, valued, bad) in frames {
        let rows = valued.frame.height() as u64;
        quarantine.add(&file.header.key, &bad)?;
        if rows > 0 {
            writer.write(&conform(&valued.frame, table)?)?;
        }
        counts.add(&valued, bad.len(), &file.columns);
        progress.rows(rows);
    }
    Ok(counts)
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
