//! The local engine: splits, converts and writes a day's files in parallel, each step on its own thread.

use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::lake::{QuarantineFile, TableWriter};
use crate::report::CollectionProgress;
use crate::runtime::panic_message;
use crate::source::{BadRecord, RawBatch, SourceError, TypedBatch, ValueRules, typed_batch};

use super::{Engine, EngineError, FileCounts, FilePlan, Load, Loaded, ReadFile, Sinks};

/// Capacity, in batches, of the channel between two threads.
const WAITING: usize = 2;

/// The engine of this machine.
pub struct Local;

impl Engine for Local {
    fn load(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>) -> Result<Loaded, EngineError> {
        let mut writer = load.writer();
        let counts = run(&load.files, load, load.read, &mut writer, sinks)?;
        Ok(Loaded { files: writer.finish()?, counts, notes: Vec::new() })
    }
}

/// Writes the rows of all files, one file after the other, and puts their bad records into quarantine.
pub(super) fn run(
    files: &[FilePlan<'_>],
    load: &Load<'_>,
    read: &ReadFile<'_>,
    writer: &mut TableWriter<'_>,
    sinks: &mut Sinks<'_, '_>,
) -> Result<FileCounts, EngineError> {
    thread::scope(|scope| {
        let (raw_out, raw_in) = bounded(WAITING);
        let (valued_out, valued_in) = bounded(WAITING);
        // Where a later stage fails, its channel closes, and the earlier ones end.
        let splitter = scope.spawn(move || split(files, read, &raw_out));
        let valuer = scope.spawn(move || value(&raw_in, &valued_out, load.rules));
        let written = write(valued_in, writer, sinks.quarantine, sinks.progress);
        joined(splitter.join())?;
        joined(valuer.join())?;
        written
    })
}

/// Returns a stage's result; a panic in it is a bug of adg or of a library, and is reported as one.
fn joined(result: thread::Result<Result<(), EngineError>>) -> Result<(), EngineError> {
    match result {
        Ok(done) => done,
        Err(panic) => Err(EngineError::Bug(panic_message(&*panic))),
    }
}

/// A batch of a file.
type Split<'p> = (&'p FilePlan<'p>, RawBatch);

fn split<'p>(files: &'p [FilePlan<'p>], read: &ReadFile<'_>, out: &Sender<Split<'p>>) -> Result<(), EngineError> {
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

type Valued<'p> = (&'p FilePlan<'p>, TypedBatch, Vec<BadRecord>);

fn value<'p>(batches: &Receiver<Split<'p>>, out: &Sender<Valued<'p>>, rules: &ValueRules) -> Result<(), EngineError> {
    for (file, mut batch) in batches {
        let bad = std::mem::take(&mut batch.bad);
        let valued = typed_batch(&batch, &file.columns, rules, file.hash.as_ref())?;
        if valued.has_grown {
            return Err(SourceError::SchemaDrift { key: file.header.key.clone() }.into());
        }
        if out.send((file, valued, bad)).is_err() {
            break;
        }
    }
    Ok(())
}

fn write(
    batches: Receiver<Valued<'_>>,
    writer: &mut TableWriter<'_>,
    quarantine: &mut QuarantineFile<'_>,
    progress: &dyn CollectionProgress,
) -> Result<FileCounts, EngineError> {
    let mut counts = FileCounts::default();
    for (file, valued, bad) in batches {
        let rows = valued.batch.num_rows() as u64;
        quarantine.add(&file.header.key, &bad)?;
        if rows > 0 {
            writer.write(&valued.batch)?;
        }
        counts.add(&valued, bad.len(), &file.columns);
        progress.rows(rows);
    }
    Ok(counts)
}
