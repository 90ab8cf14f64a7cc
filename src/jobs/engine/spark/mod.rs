//! A Spark Connect server: Spark itself, or Sail. It reads lines, casts, hashes and writes; adg decides what it can't, and looks at
//! what was written before anything is published.

mod client;
mod lines;
mod rows;
mod session;
mod sql;
mod values;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::SparkSettings;
use crate::jobs::JobError;
use crate::lake::{LeftFiles, WrittenFile};
use crate::schema::ERROR_DESC;
use crate::source::{Encoding, Format, Place, SourceError};

use self::lines::{Lines, Look};
use self::rows::{ERROR_BEGIN, ERROR_TEXT, Records};
use self::session::Session;
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

/// More files than these are no work for a cluster: each is a part of the query.
const MOST_FILES: usize = 200;
/// A first line that is longer is looked at by adg.
const LONGEST_HEADER: u64 = 1 << 20;

impl Engine for Spark {
    /// The table of contents.
    fn load(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>) -> Result<Loaded, JobError> {
        if let Some(why) = why_not(load) {
            return self.locally(load, sinks, why);
        }
        let stop = &load.setup.services.environment.stop;
        let session = Session::open(&self.settings, stop, load.settings.timestamps)?;
        let version = session.version()?;
        let Some(mut work) = Work::plan(load, &session)? else {
            return self.locally(load, sinks, "none of its files is written so that each line is a record");
        };
        work.survey()?;
        let found = work.write()?;
        let (theirs, odd) = (found.rows(), work.odd(&found)?);
        let counts = work.count(&found)?;
        let (files, own) = work.finish(found, odd, sinks)?;
        let mut notes = vec![format!("{theirs} rows were read and written by Spark {version} at {}", self.settings.remote)];
        notes.extend(work.notes);
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
        Format::Csv(format) if format.encoding != Encoding::Utf8 => Some("its files are not written in UTF-8"),
        Format::Csv(format) if b"\\'".contains(&format.delimiter) => Some("its delimiter has a meaning of its own in SQL"),
        Format::Csv(_) if load.setup.key_service.is_some() => Some("its files come encrypted, and only adg has their keys"),
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

/// A file that the cluster reads.
struct ClusterFile<'w> {
    plan: &'w FilePlan<'w>,
    /// Its first line, with its end.
    header: Vec<u8>,
    lines: Lines,
    look: Look,
    /// Lines that are records, those that adg decides included.
    records: u64,
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

impl<'w> Work<'w> {
    /// None where the cluster can read none of the files.
    fn plan(load: &'w Load<'w>, session: &'w Session<'w>) -> Result<Option<Self>, JobError> {
        let mut work = Self { load, session, files: Vec::new(), own: Vec::new(), notes: Vec::new() };
        let Format::Csv(format) = &load.setup.format else { return Ok(None) };
        for (number, plan) in load.files.iter().enumerate() {
            let view = format!("adg_lines_{number}");
            let location = load.setup.source.location(&plan.key.object.key);
            let header = match location.contains(['{', '}', '[', ']', '*', '?', '\\']) {
                true => None,
                false => first_line(&plan.header.key, (load.open)(plan.key)?)?,
            };
            let lines = header.as_ref().and_then(|header| {
                let text = std::str::from_utf8(header).ok()?.trim_end_matches(['\r', '\n']);
                Some(Lines::new(&view, text.trim_start_matches('\u{FEFF}'), format.delimiter))
            });
            match header.zip(lines) {
                Some((header, lines)) => {
                    session.lines(&location, &view)?;
                    let look = Look { quoted: true, returns: true, unclear: true };
                    work.files.push(ClusterFile { plan, header, lines, look, records: 0 });
                }
                None => work.own.push(plan),
            }
        }
        work.tell_own("as they are no plain lines of UTF-8", &work.own.clone());
        Ok(Some(work).filter(|work| !work.files.is_empty()))
    }

    /// Says why files are read by adg.
    fn tell_own(&mut self, why: &str, own: &[&FilePlan<'_>]) {
        if !own.is_empty() {
            let names: Vec<&str> = own.iter().map(|plan| plan.header.key.as_str()).collect();
            self.notes.push(format!("read here, {why}: {}", names.join(", ")));
        }
    }

    /// Finds out what the files are like. One in which records go over several lines, or quotes are not closed, is read by adg.
    fn survey(&mut self) -> Result<(), JobError> {
        let surveys: Vec<String> = self.files.iter().enumerate().map(|(number, file)| file.lines.survey(number)).collect();
        let rows = match self.session.counts("look at the lines", &surveys.join(" UNION ALL ")) {
            // Sail reads no line that is not text. Nothing is found of any file then, so that all are adg's.
            Err(JobError::Spark { reason, .. }) if reason.contains("UTF-8") => Vec::new(),
            Ok(rows) if rows.is_empty() => return Err(JobError::Bug("Spark says nothing of any line".to_owned())),
            rows => rows?,
        };
        let found: BTreeMap<String, Vec<u64>> = rows.into_iter().collect();
        let (mut own, mut kept) = (Vec::new(), Vec::new());
        for (i, mut file) in std::mem::take(&mut self.files).into_iter().enumerate() {
            let counted = found.get(&i.to_string());
            if counted.is_none() && !found.is_empty() {
                return Err(JobError::Bug(format!("Spark says nothing of the lines of {}", file.plan.header.key)));
            }
            match counted.map(Vec::as_slice) {
                // Its first line, once.
                Some([lines, 1, 0, quoted, returns, unclear]) => {
                    file.records = lines - 1;
                    file.look = Look { quoted: *quoted > 0, returns: *returns > 0, unclear: *unclear > 0 };
                    kept.push(file);
                }
                _ => own.push(file.plan),
            }
        }
        self.tell_own("as not every line of them is a record", &own);
        (self.files, self.own) = (kept, [std::mem::take(&mut self.own), own].concat());
        Ok(())
    }

    /// Has the rows written, and looks at what is there then.
    fn write(&self) -> Result<LeftFiles, JobError> {
        let table = self.load.table;
        let queries: Vec<String> = self.files.iter().map(|file| file.query(self.load).rows(table)).collect();
        if !queries.is_empty() {
            self.session.write(&queries.join(" UNION ALL "), &self.load.folder.location())?;
        }
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
        let mut records = self.load.setup.reading().records(file.plan.header, Box::new(bytes), self.load.table)?;
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

/// The first line that is not empty, with its end; none where it is no text, or no line of its own.
fn first_line(key: &str, bytes: Box<dyn Read + Send>) -> Result<Option<Vec<u8>>, JobError> {
    let mut bytes = BufReader::new(bytes.take(LONGEST_HEADER));
    let mut line = Vec::new();
    while matches!(&*line, b"" | b"\n" | b"\r\n") {
        line.clear();
        let read = bytes.read_until(b'\n', &mut line).map_err(|source| SourceError::Read {
            key: key.to_owned(),
            bytes: line.len() as u64,
            source,
        })?;
        if read == 0 {
            return Ok(None);
        }
    }
    let text = line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Ok(text.is_some_and(|text| !text.contains(&b'\r') && std::str::from_utf8(text).is_ok()).then_some(line))
}
