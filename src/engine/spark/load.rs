//! The Spark engine: loads a collection's day on a Spark Connect server.

use crate::config::SparkSettings;
use crate::engine::EngineError;
use crate::schema::TimestampEncoding;
use crate::source::{CsvFormat, Dialect, Encoding, Format, HeaderRule};
use crate::stop::Stop;

use super::super::{Engine, FileCounts, Load, Loaded, Local, Sinks};
use super::session::Session;
use super::staged::Staged;
use super::survey::Survey;
use super::work::Work;

/// A Spark Connect server.
pub(crate) struct Spark {
    settings: SparkSettings,
}

impl Spark {
    pub(crate) fn new(settings: SparkSettings) -> Self {
        Self { settings }
    }
}

/// Opens a session on a server and returns the server's version and address.
pub(crate) fn version(settings: &SparkSettings, stop: &Stop) -> Result<String, EngineError> {
    let version = Session::open(settings, stop, TimestampEncoding::Int96)?.version()?;
    Ok(format!("Spark {version} at {}", settings.remote))
}

/// Most files to load on a cluster: each is a part of the query.
const MOST_FILES: usize = 200;

impl Engine for Spark {
    /// Loads the files on the cluster, except for the files and lines that adg must read itself.
    fn load(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>) -> Result<Loaded, EngineError> {
        if let Some(why) = why_not(load) {
            return self.locally(load, sinks, why);
        }
        let stop = &load.stop;
        // Removed after the session has ended.
        let staged = Staged::of(load);
        let session = Session::open(&self.settings, stop, load.settings.timestamps)?;
        let version = session.version()?;
        let Survey { files, own, notes } = Survey::of(load, &session, &staged)?;
        if files.is_empty() {
            return self.locally(load, sinks, "none of its files is written so that each line is a record");
        }
        let mut work = Work { load, session: &session, files, own, notes };
        let found = work.write(sinks.progress)?;
        let (theirs, odd) = (found.rows(), work.odd(&found)?);
        let counts = work.count(&found)?;
        let (files, own) = work.finish(found, odd, sinks)?;
        let mut notes = vec![format!("{theirs} rows were read and written by Spark {version} at {}", self.settings.remote)];
        notes.extend(staged.note().into_iter().chain(work.notes));
        Ok(Loaded { files, counts: add(counts, own), notes })
    }
}

impl Spark {
    fn locally(&self, load: &Load<'_>, sinks: &mut Sinks<'_, '_>, why: &str) -> Result<Loaded, EngineError> {
        let mut loaded = Local.load(load, sinks)?;
        loaded.notes.push(format!("read here, and not by Spark at {}: {why}", self.settings.remote));
        Ok(loaded)
    }
}

/// Returns the reason why a cluster can't load this as adg does; none if it can.
fn why_not(load: &Load<'_>) -> Option<&'static str> {
    let is_s3 = load.folder.location().starts_with("s3://");
    match &load.reading.format {
        _ if !load.reading.from_file.is_empty() => Some("the files themselves fill columns"),
        Format::Typed(_) => Some("adg reads its files, which have types of their own"),
        Format::Json(_) => Some("JSON files are documents, whose records adg finds"),
        Format::Csv(format) if format.encoding != Encoding::UTF_8 && load.staging.is_none() => {
            Some("its files are not written in UTF-8, and there is no `spark.staging` to copy them to")
        }
        Format::Csv(format) if !reads_as_rfc4180(format) => Some("Spark does not read its dialect as adg does"),
        Format::Csv(format) if !format.values.is_plain() => Some("Spark does not read its values in their notation"),
        Format::Csv(format) if b"\\'".contains(&format.dialect.delimiter[0]) => {
            Some("its delimiter has a meaning of its own in SQL")
        }
        Format::Csv(_) if load.is_encrypted && load.staging.is_none() => {
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

/// Returns true if the files are written by RFC 4180 under a header: the queries know nothing else.
fn reads_as_rfc4180(format: &CsvFormat) -> bool {
    let delimiter = format.dialect.delimiter.clone();
    format.header == HeaderRule::Names && format.dialect == Dialect { delimiter, ..Dialect::default() }
}

fn add(mut counts: FileCounts, other: FileCounts) -> FileCounts {
    counts.rows_read += other.rows_read;
    counts.rows_with_errors += other.rows_with_errors;
    for (column, errors) in other.value_errors {
        *counts.value_errors.entry(column).or_default() += errors;
    }
    counts.alike.extend(other.alike);
    other.wider.iter().for_each(|(column, wider)| counts.propose(column, wider));
    counts
}
