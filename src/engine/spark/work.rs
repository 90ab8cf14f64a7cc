//! Loading of a collection's day on the cluster, after the survey of its files.

use std::cell::Cell;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::engine::{EngineError, SparkStep};
use crate::engine::{FileCounts, FilePlan, Load, Sinks, Take, local};
use crate::lake::{ForeignFiles, WrittenFile};
use crate::report::CollectionProgress;
use crate::schema::ERROR_DESC;
use crate::source::{Place, Reading};

use super::rows::{ERROR_BEGIN, ERROR_TEXT, Records};
use super::session::Session;
use super::sql;
use super::survey::ClusterFile;

/// Time without new files after which tasks count as ended.
const TASKS_QUIET: Duration = Duration::from_secs(4);
/// Longest wait for tasks to end. The next run at the date deletes files that they write later.
const TASKS_MOST: Duration = Duration::from_secs(10);

/// The load of one collection's day on the cluster.
pub(super) struct Work<'w> {
    pub(super) load: &'w Load<'w>,
    pub(super) session: &'w Session<'w>,
    pub(super) files: Vec<ClusterFile<'w>>,
    /// Files that adg reads, from their beginning.
    pub(super) own: Vec<&'w FilePlan<'w>>,
    pub(super) notes: Vec<String>,
}

impl Work<'_> {
    /// Has the cluster write the rows, and lists the files that it wrote.
    pub(super) fn write(&self, progress: &dyn CollectionProgress) -> Result<ForeignFiles, EngineError> {
        let table = self.load.table;
        let shown = Shown { progress, of: self.files.iter().map(|file| file.plan.key.object.size).sum(), bytes: Cell::new(0) };
        let queries: Vec<String> = self.files.iter().map(|file| file.query(self.load).rows(table)).collect();
        let written = self.session.write(&queries.join(" UNION ALL "), &self.load.folder.location(), &|bytes| shown.read(bytes));
        // Tasks go on for a while after their statement has ended.
        written.inspect_err(|_| self.load.folder.give_up_until_quiet(TASKS_QUIET, TASKS_MOST))?;
        for ClusterFile { plan, .. } in &self.files {
            self.load.source.must_still_be(&plan.key.object)?;
        }
        let found = self.load.folder.foreign_files(table, self.load.settings.timestamps)?;
        shown.read(u64::MAX);
        progress.rows(found.rows());
        Ok(found)
    }

    /// Returns the number of lines left to adg.
    pub(super) fn odd(&self, found: &ForeignFiles) -> Result<u64, EngineError> {
        let (records, written) = (self.files.iter().map(|file| file.records).sum::<u64>(), found.rows());
        records.checked_sub(written).ok_or_else(|| {
            EngineError::Bug(format!("Spark found {records} records, and wrote {written} rows; nothing was published"))
        })
    }

    /// Counts the rows and errors that Spark wrote, from its files.
    pub(super) fn count(&self, found: &ForeignFiles) -> Result<FileCounts, EngineError> {
        let mut counts = FileCounts { rows_read: found.rows(), ..FileCounts::default() };
        if counts.rows_read == 0 {
            return Ok(counts);
        }
        self.session.files(&self.load.folder.location(), "adg_written")?;
        // An error names its column before the text, which may be anything.
        let begin = format!("substring_index(error, {}, 1)", sql::text(ERROR_TEXT));
        let query = format!(
            "SELECT '' AS begin, count({ERROR_DESC}) AS errors FROM adg_written UNION ALL SELECT {begin} AS begin, count(*) AS \
             errors FROM (SELECT explode({ERROR_DESC}) AS error FROM adg_written) GROUP BY {begin}"
        );
        for (begin, errors) in self.session.counts(SparkStep::CountWritten, &query)? {
            let errors = errors.first().copied().unwrap_or_default();
            let named = begin.strip_prefix(ERROR_BEGIN);
            let columns = self.files.iter().flat_map(|file| &file.plan.columns);
            let column = named.and_then(|name| columns.map(|column| &column.name).find(|column| column.as_str() == name));
            match column {
                Some(column) => drop(counts.value_errors.insert(column.clone(), errors)),
                None if begin.is_empty() => counts.rows_with_errors = errors,
                None => return Err(EngineError::Bug(format!("Spark wrote an error of no column: {begin}"))),
            }
        }
        Ok(counts)
    }

    /// Does the rest: reads the lines that Spark could not decide and adg's own files, and rewrites files that not every reader
    /// can read.
    pub(super) fn finish(
        &mut self,
        found: ForeignFiles,
        odd: u64,
        sinks: &mut Sinks<'_, '_>,
    ) -> Result<(Vec<WrittenFile>, FileCounts), EngineError> {
        let load = self.load;
        let is_all = self.own.is_empty() && odd == 0 && found.is_readable();
        if is_all && !found.files.is_empty() {
            return Ok((found.files, FileCounts::default()));
        }
        let mut writer = load.writer();
        if !found.is_readable() {
            self.notes.push(format!(
                "written anew here, for not every reader of the table reads files with {}",
                found.unreadable.join(", ")
            ));
        }
        let files = found.rewritten(load.folder, load.table, &mut writer)?;
        let plans: Vec<FilePlan<'_>> = (self.files.iter().filter(|_| odd > 0).map(|file| file.plan))
            .chain(self.own.iter().copied())
            .map(|plan| FilePlan { key: plan.key, header: plan.header, columns: plan.columns.clone(), hash: plan.hash.clone() })
            .collect();
        let given = AtomicU64::new(0);
        let read = |plan: &FilePlan<'_>, take: &mut Take<'_>| match self
            .files
            .iter()
            .find(|file| file.plan.header.key == plan.header.key)
        {
            Some(file) => self.read_odd(file, &given, take),
            None => (load.read)(plan, take),
        };
        let counts = local::run(&plans, load, &read, &mut writer, sinks)?;
        let given = given.into_inner();
        if given != odd {
            return Err(EngineError::Bug(format!("Spark left {odd} lines out, and gave {given}; nothing was published")));
        }
        if odd > 0 {
            self.notes.push(format!("{odd} lines that Spark could not decide were read here"));
        }
        let own = if files.is_empty() { writer.finish()? } else { writer.finish_if_begun()? };
        Ok(([files, own].concat(), counts))
    }

    /// Reads the lines of a file that Spark could not decide, under the file's own header. Adds their number to `given`.
    fn read_odd(&self, file: &ClusterFile<'_>, given: &AtomicU64, take: &mut Take<'_>) -> Result<(), EngineError> {
        let lines = self.session.stream(&file.query(self.load).odd())?;
        let bytes = std::io::Cursor::new(file.header.clone()).chain(lines);
        let format = self.load.reading.format.in_utf8();
        let reading = Reading { format: &format, ..self.load.reading };
        let mut records = reading.records(file.plan.header, Box::new(bytes))?;
        while let Some(mut batch) = records.next_batch()? {
            self.load.stop.check()?;
            batch.bad.iter_mut().for_each(|bad| bad.place = Place::Unknown {});
            given.fetch_add((batch.rows() + batch.bad.len()) as u64, Ordering::Relaxed);
            if !take(batch) {
                break;
            }
        }
        Ok(())
    }
}

impl ClusterFile<'_> {
    fn query<'q>(&'q self, load: &'q Load<'_>) -> Records<'q> {
        Records { lines: &self.lines, look: self.look, plan: self.plan, rules: load.rules }
    }
}

/// The cluster's progress for display, limited to the bytes of its files, since copies may be larger.
struct Shown<'p> {
    progress: &'p dyn CollectionProgress,
    of: u64,
    bytes: Cell<u64>,
}

impl Shown<'_> {
    fn read(&self, bytes: u64) {
        let bytes = bytes.clamp(self.bytes.get(), self.of);
        self.progress.bytes(bytes - self.bytes.replace(bytes));
    }
}
