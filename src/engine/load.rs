//! A load as a value, and the engine as a trait.

use std::collections::BTreeMap;
use std::io::Read;

use crate::lake::{FileSettings, QuarantineFile, RowDay, RunFolder, TableWriter, WrittenFile};
use crate::report::CollectionProgress;
use crate::schema::{ColumnName, ColumnType, Flat, TableSchema};
use crate::source::{ColumnPlan, Header, RawBatch, Reading, RowHash, SourceKey, TypedBatch, ValueRules};
use crate::stop::Stop;
use crate::store::Store;

use super::{EngineError, StagingFolder};

/// A load: the files, the columns that their fields become, and the folder of the rows.
pub struct Load<'a> {
    /// The store of the files.
    pub source: &'a Store,
    /// Settings for reading the files.
    pub reading: Reading<'a>,
    /// True if the files are encrypted in their store.
    pub is_encrypted: bool,
    /// Stop request of the run.
    pub stop: &'a Stop,
    /// The files.
    pub files: Vec<FilePlan<'a>>,
    /// The columns of the rows.
    pub table: &'a TableSchema,
    /// Rules for values of the source: words for null, formats of dates and timestamps.
    pub rules: &'a ValueRules,
    /// The run's own folder, which no reader sees yet.
    pub folder: &'a RunFolder<'a>,
    /// Settings of the Parquet writer.
    pub settings: FileSettings,
    /// Partition column with the day of each row; none if the rows are of one partition.
    pub row_day: Option<&'a RowDay>,
    /// True if the rows are personal data.
    pub pii: bool,
    /// Folder for copies of files that a cluster can't read; none if the profile has no staging.
    pub staging: Option<StagingFolder<'a>>,
    /// Reads a file to its end; the file must not have changed since it was listed.
    pub read: &'a ReadFile<'a>,
    /// Opens a file; returns its bytes, decrypted.
    pub open: &'a OpenFile<'a>,
}

impl Load<'_> {
    /// Returns a writer of Parquet files into the folder.
    pub fn writer(&self) -> TableWriter<'_> {
        TableWriter::new(self.folder, self.table, self.settings, self.row_day)
    }
}

/// A file and the columns that its fields become.
pub struct FilePlan<'a> {
    /// The file.
    pub key: &'a SourceKey,
    /// Its header.
    pub header: &'a Header,
    /// The columns to build.
    pub columns: Vec<ColumnPlan>,
    /// The hash of its rows, if the module has one.
    pub hash: Option<RowHash>,
}

/// Takes the batches of a file; returns false once no more are wanted.
pub type Take<'t> = dyn FnMut(RawBatch) -> bool + 't;

/// Reads a file.
pub type ReadFile<'r> = dyn Fn(&FilePlan<'_>, &mut Take<'_>) -> Result<(), EngineError> + Sync + 'r;

/// Opens a file.
pub type OpenFile<'o> = dyn Fn(&SourceKey) -> Result<Box<dyn Read + Send>, EngineError> + Sync + 'o;

/// The quarantine of records that could not be read as rows, and the progress.
pub struct Sinks<'s, 'q> {
    /// Takes records that could not be read as rows.
    pub quarantine: &'s mut QuarantineFile<'q>,
    /// Progress that is shown to people.
    pub progress: &'s dyn CollectionProgress,
}

/// A finished load.
pub struct Loaded {
    /// The Parquet files.
    pub files: Vec<WrittenFile>,
    /// The counts of rows and errors.
    pub counts: FileCounts,
    /// Notes for the report.
    pub notes: Vec<String>,
}

/// Counts of the rows of files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileCounts {
    /// Number of records, including those in quarantine.
    pub rows_read: u64,
    /// Number of rows with an invalid value.
    pub rows_with_errors: u64,
    /// Number of invalid values by column. Columns without any are omitted.
    pub value_errors: BTreeMap<ColumnName, u64>,
    /// Types that would hold the invalid values of columns too, where one can be proposed.
    pub wider: BTreeMap<ColumnName, ColumnType>,
    /// Number of integers that begin with zeros, which are not kept, by column. Columns without any are omitted.
    pub zero_led: BTreeMap<ColumnName, u64>,
    /// Structs of which objects have two members for one field.
    pub alike: Vec<Flat>,
}

impl FileCounts {
    pub(super) fn add(&mut self, valued: &TypedBatch, bad: usize, plan: &[ColumnPlan]) {
        self.rows_read += (valued.batch.num_rows() + bad) as u64;
        self.rows_with_errors += valued.rows_with_errors;
        for (column, invalid_values) in plan.iter().zip(&valued.invalid_values).filter(|(_, invalid_values)| **invalid_values > 0)
        {
            *self.value_errors.entry(column.name.clone()).or_default() += invalid_values;
        }
        for (column, zero_led) in plan.iter().zip(&valued.zero_led).filter(|(_, zero_led)| **zero_led > 0) {
            *self.zero_led.entry(column.name.clone()).or_default() += zero_led;
        }
        for flat in &valued.alike {
            if !self.alike.iter().any(|known| known.path == flat.path) {
                self.alike.push(flat.clone());
            }
        }
        for (column, wider) in plan.iter().zip(&valued.wider) {
            if let Some(wider) = wider {
                self.propose(&column.name, wider);
            }
        }
    }

    /// Proposes a wider type for a column, which holds the values of an earlier proposal too.
    pub(super) fn propose(&mut self, column: &ColumnName, wider: &ColumnType) {
        let known = self.wider.get(column).map_or_else(|| wider.clone(), |known| known.or_wider(wider));
        self.wider.insert(column.clone(), known);
    }
}

/// An engine reads a day's files and writes its rows.
///
/// Guarantees of an implementation:
/// - Every record is in one Parquet file or in quarantine, once, and counted.
/// - The rows, types and texts in `error_desc` are those of [`Local`](super::Local).
/// - Files are written into the load's folder only.
pub trait Engine {
    /// Loads all files.
    ///
    /// # Errors
    /// The load failed; files that it wrote until then are of no use.
    fn load(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>) -> Result<Loaded, EngineError>;
}
