//! A Spark Connect server: Spark itself, or Sail. It reads lines, casts, hashes and writes; adg decides what it can't, and looks at
//! what was written before anything is published.

mod client;
mod formats;
mod lines;
mod rows;
mod session;
mod sql;
mod staged;
mod survey;
mod values;
mod watch;

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::config::SparkSettings;
use crate::jobs::{JobError, Stop};
use crate::lake::{LeftFiles, WrittenFile};
use crate::schema::{ERROR_DESC, TimestampEncoding};
use crate::source::{Encoding, Format, Place, Reading};

use self::rows::{ERROR_BEGIN, ERROR_TEXT, Records};
use self::session::Session;
use self::staged::Staged;
use self::survey::{ClusterFile, Survey};
use super::{Engine, FileCounts, FilePlan, Load, Loaded, Local, Sinks, Take, local};

/// A Spark Connect server.
pub(super) struct Spark {
    settings: SparkSettings,
}

impl Spark {
    pub(super) fn new(settings: SparkSettings) -> Self {
        Self { settings }
    }
}

/// What a server says that it is, once it has begun a session.
pub(super) fn version(settings: &SparkSettings, stop: &Stop) -> Result<String, JobError> {
    let version = Session::open(settings, stop, TimestampEncoding::Int96)?.version()?;
    Ok(format!("Spark {version} at {}", settings.remote))
}

/// For how long nothing may have come of tasks until they are taken for ended.
const TASKS_QUIET: Duration = Duration::from_secs(4);
/// For how long they are waited for. What they write later still, the next run at the date removes.
const TASKS_MOST: Duration = Duration::from_secs(10);

/// More files than these are no work for a cluster: each is a part of the query.
const MOST_FILES: usize = 200;

impl Engine for Spark {
    /// The table of contents.
    fn load(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>) -> Result<Loaded, JobError> {
        if let Some(why) = why_not(load) {
            return self.locally(load, sinks, why);
        }
        let stop = &load.setup.services.environment.stop;
        // Removed after the session has ended.
        let staged = Staged::of(load);
        let session = Session::open(&self.settings, stop, load.settings.timestamps)?;
        let version = session.version()?;
        let Survey { files, own, notes } = Survey::of(load, &session, &staged)?;
        if files.is_empty() {
            return self.locally(load, sinks, "none of its files is written so that each line is a record");
        }
        let mut work = Work { load, session: &session, files, own, notes };
        let found = work.write()?;
        let (theirs, odd) = (found.rows(), work.odd(&found)?);
        let counts = work.count(&found)?;
        let (files, own) = work.finish(found, odd, sinks)?;
        let mut notes = vec![format!("{theirs} rows were read and written by Spark {version} at {}", self.settings.remote)];
        notes.extend(staged.note().into_iter().chain(work.notes));
        Ok(Loaded { files, counts: add(counts, own), notes })
    }
}

impl Spark {
    fn locally(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>, why: &str) -> Result<Loaded, JobError> {
        let mut loaded = Local.load(load, sinks)?;
        loaded.notes.push(format!("read here, and not by Spark at {}: {why}", self.settings.remote));
        Ok(loaded)
    }
}

/// Why a cluster can't load this as adg does; none where it can.
fn why_not(load: &Load<'_>) -> Option<&'static str> {
    let is_s3 = load.folder.location().starts_with("s3://");
    match &load.setup.format {
        Format::Json(_) => Some("JSON files are documents, whose records adg finds"),
        Format::Csv(format) if format.encoding != Encoding::Utf8 && load.staging.is_none() => {
            Some("its files are not written in UTF-8, and there is no `spark.staging` to copy them to")
        }
        Format::Csv(format) if b"\\'".contains(&format.delimiter) => Some("its delimiter has a meaning of its own in SQL"),
        Format::Csv(_) if load.setup.key_service.is_some() && load.staging.is_none() => {
            Some("its files come encrypted, and there is no `spark.staging` to decrypt them to")
        }
        Format::Csv(_) if load.pii && is_s3 => Some("it is personal data, and files that Spark writes to S3 have no tags"),
        Format::Csv(_) if load.files.len() > MOST_FILES => Some("it has many small files"),
        Format::Csv(_) if load.files.iter().any(|file| file.columns.iter().any(|column| column.ty.is_nested())) => {
            Some("it has nested values in texts of CSV")
        }
        Format::Csv(_) => None,
    }
}

fn add(mut counts: FileCounts, other: FileCounts) -> FileCounts {
    counts.rows_read += other.rows_read;
    counts.rows_with_errors += other.rows_with_errors;
    for (column, errors) in other.value_errors {
        *counts.value_errors.entry(column).or_default() += errors;
    }
    counts
}

impl ClusterFile<'_> {
    fn query<'q>(&'q self, load: &'q Load<'_>) -> Records<'q> {
        Records { lines: &self.lines, look: self.look, plan: self.plan, rules: load.rules }
    }
}

/// One collection's day, on the cluster.
struct Work<'w> {
    load: &'w Load<'w>,
    session: &'w Session<'w>,
    files: Vec<ClusterFile<'w>>,
    /// Those that adg reads, from their beginning.
    own: Vec<&'w FilePlan<'w>>,
    notes: Vec<String>,
}

impl Work<'_> {
    /// Has the rows written, and looks at what is there then.
    fn write(&self) -> Result<LeftFiles, JobError> {
        let table = self.load.table;
        let queries: Vec<String> = self.files.iter().map(|file| file.query(self.load).rows(table)).collect();
        let written = self.session.write(&queries.join(" UNION ALL "), &self.load.folder.location());
        // Tasks go on for a while after their statement has ended.
        written.inspect_err(|_| self.load.folder.give_up_until_quiet(TASKS_QUIET, TASKS_MOST))?;
        for ClusterFile { plan, .. } in &self.files {
            self.load.setup.source.must_still_be(&plan.key.object)?;
        }
        Ok(self.load.folder.left_by_others(table, self.load.settings.timestamps)?)
    }

    /// How many lines are left to adg.
    fn odd(&self, found: &LeftFiles) -> Result<u64, JobError> {
        let (records, written) = (self.files.iter().map(|file| file.records).sum::<u64>(), found.rows());
        records.checked_sub(written).ok_or_else(|| {
            JobError::Bug(format!("Spark found {records} records, and wrote {written} rows; nothing was published"))
        })
    }

    /// What Spark wrote, as its files say.
    fn count(&self, found: &LeftFiles) -> Result<FileCounts, JobError> {
        let mut counts = FileCounts { rows_read: found.rows(), ..FileCounts::default() };
        if counts.rows_read == 0 {
            return Ok(counts);
        }
        self.session.files(&self.load.folder.location(), "adg_written")?;
        // An error names its column before the text, which may be anything.
        let begin = format!("substring_index(error, {}, 1)", sql::text(ERROR_TEXT));
        let query = format!(
            "SELECT '' AS begin, count({ERROR_DESC}) AS errors FROM adg_written UNION ALL \
             SELECT {begin} AS begin, count(*) AS errors FROM (SELECT explode({ERROR_DESC}) AS error FROM adg_written) GROUP BY {begin}"
        );
        for (begin, errors) in self.session.counts("count what was written", &query)? {
            let errors = errors.first().copied().unwrap_or_default();
            let named = begin.strip_prefix(ERROR_BEGIN);
            let columns = self.files.iter().flat_map(|file| &file.plan.columns);
            let column = named.and_then(|name| columns.map(|column| &column.name).find(|column| column.as_str() == name));
            match column {
                Some(column) => drop(counts.value_errors.insert(column.clone(), errors)),
                None if begin.is_empty() => counts.rows_with_errors = errors,
                None => return Err(JobError::Bug(format!("Spark wrote an error of no column: {begin}"))),
            }
        }
        Ok(counts)
    }

    /// What is left to adg: lines that Spark could not decide, files of its own, and files that not every reader reads.
    fn finish(
        &mut self,
        found: LeftFiles,
        odd: u64,
        sinks: &mut Sinks<'_, '_>,
    ) -> Result<(Vec<WrittenFile>, FileCounts), JobError> {
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
            return Err(JobError::Bug(format!("Spark left {odd} lines out, and gave {given}; nothing was published")));
        }
        if odd > 0 {
            self.notes.push(format!("{odd} lines that Spark could not decide were read here"));
        }
        let own = if files.is_empty() { writer.finish()? } else { writer.finish_if_begun()? };
        Ok(([files, own].concat(), counts))
    }

    /// The lines of a file that Spark could not decide, under the file's own header. Adds up how many were given.
    fn read_odd(&self, file: &ClusterFile<'_>, given: &AtomicU64, take: &mut Take<'_>) -> Result<(), JobError> {
        let lines = self.session.stream(&file.query(self.load).odd())?;
        let bytes = std::io::Cursor::new(file.header.clone()).chain(lines);
        let format = self.load.setup.format.in_utf8();
        let reading = Reading { format: &format, ..self.load.setup.reading() };
        let mut records = reading.records(file.plan.header, Box::new(bytes), self.load.table)?;
        while let Some(mut batch) = records.next_batch()? {
            self.load.setup.services.environment.stop.check()?;
            batch.bad.iter_mut().for_each(|bad| bad.place = Place::Unknown {});
            given.fetch_add((batch.rows() + batch.bad.len()) as u64, Ordering::Relaxed);
            if !take(batch) {
                break;
            }
        }
        Ok(())
    }
}
