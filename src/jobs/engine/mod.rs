//! Who reads a day's files and writes its rows: this machine, or a cluster. Both leave the same rows, and adg does all else.

mod choice;
mod local;
#[cfg(feature = "spark")]
mod spark;
mod staging;

pub(super) use choice::{Choice, choose, try_cluster};
pub(super) use local::Local;
pub(super) use staging::{STAGING, Staging, StagingFolder};

use std::collections::BTreeMap;
use std::io::Read;

use crate::lake::{FileSettings, QuarantineFile, RunFolder, TableWriter, WrittenFile};
use crate::report::CollectionProgress;
use crate::schema::{ColumnName, TableSchema};
use crate::source::{ColumnPlan, Header, RawBatch, RowHash, SourceKey, ValueRules, ValuedFrame};

use super::JobError;
use super::setup::Setup;

/// What is to be loaded: files, what becomes of their fields, and where the rows go.
#[cfg_attr(not(feature = "spark"), expect(dead_code, reason = "a cluster asks for more than this machine"))]
pub(super) struct Load<'a> {
    pub(super) setup: &'a Setup<'a>,
    pub(super) files: Vec<FilePlan<'a>>,
    /// The columns of the rows.
    pub(super) table: &'a TableSchema,
    pub(super) rules: &'a ValueRules,
    /// The run's own, where no reader is sent yet.
    pub(super) folder: &'a RunFolder<'a>,
    pub(super) settings: FileSettings,
    /// Whether the rows are personal data.
    pub(super) pii: bool,
    /// Where files are copied that a cluster can't read; none where the profile has no such place.
    pub(super) staging: Option<StagingFolder<'a>>,
    /// Reads a file to its end, which must be what was listed until then.
    pub(super) read: &'a ReadFile<'a>,
    /// The bytes of a file, decrypted.
    pub(super) open: &'a OpenFile<'a>,
}

impl Load<'_> {
    fn writer(&self) -> TableWriter<'_> {
        TableWriter::new(self.folder, self.table, self.settings)
    }
}

/// A file and what becomes of it.
pub(super) struct FilePlan<'a> {
    pub(super) key: &'a SourceKey,
    pub(super) header: &'a Header,
    pub(super) columns: Vec<ColumnPlan>,
    pub(super) hash: Option<RowHash>,
}

/// Where the batches of a file go; false once nobody wants more.
pub(super) type Take<'t> = dyn FnMut(RawBatch) -> bool + 't;

/// Reads a file.
pub(super) type ReadFile<'r> = dyn Fn(&FilePlan<'_>, &mut Take<'_>) -> Result<(), JobError> + Sync + 'r;

/// Opens a file.
pub(super) type OpenFile<'o> = dyn Fn(&SourceKey) -> Result<Box<dyn Read + Send>, JobError> + Sync + 'o;

/// Where goes what is no row, and who watches.
pub(super) struct Sinks<'s, 'q> {
    pub(super) quarantine: &'s mut QuarantineFile<'q>,
    pub(super) progress: &'s dyn CollectionProgress,
}

/// What came of it.
pub(super) struct Loaded {
    pub(super) files: Vec<WrittenFile>,
    pub(super) counts: FileCounts,
    /// What a person should know.
    pub(super) notes: Vec<String>,
}

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

/// Who loads.
pub(super) trait Engine {
    /// Writes the rows of all files into the folder, and what is no row into quarantine. Every row is accounted for: each is in a file
    /// or in quarantine, and counted.
    ///
    /// # Errors
    /// What was written until then is of no use.
    fn load(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>) -> Result<Loaded, JobError>;
}
