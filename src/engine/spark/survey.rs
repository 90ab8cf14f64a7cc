//! Survey of the files of a day that a cluster can read: those in which each line is a record.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use crate::engine::{EngineError, SparkStep};
use crate::engine::{FilePlan, Load};
use crate::source::{Format, SourceError};

use super::lines::{Lines, Look};
use super::location::is_misread;
use super::session::Session;
use super::staged::{Copied, Staged};

/// Longest first line in bytes; adg reads a file with a longer one.
const LONGEST_HEADER: u64 = 1 << 20;

/// The files of a day, divided between the cluster and adg.
#[derive(Default)]
pub(super) struct Survey<'l> {
    /// Files that the cluster reads.
    pub(super) files: Vec<ClusterFile<'l>>,
    /// Files that adg reads, from their beginning.
    pub(super) own: Vec<&'l FilePlan<'l>>,
    /// Reasons why adg reads files.
    pub(super) notes: Vec<String>,
}

/// A file that the cluster reads.
pub(super) struct ClusterFile<'l> {
    pub(super) plan: &'l FilePlan<'l>,
    /// Its first line, with its end.
    pub(super) header: Vec<u8>,
    pub(super) lines: Lines,
    pub(super) look: Look,
    /// Number of lines that are records, including those that adg decides.
    pub(super) records: u64,
}

/// A file whose lines the cluster can read.
struct Candidate<'l> {
    plan: &'l FilePlan<'l>,
    header: Vec<u8>,
    lines: Lines,
}

impl<'l> Survey<'l> {
    /// Surveys all files of a day. adg reads a file in which records span several lines, or quotes are not closed.
    pub(super) fn of(load: &'l Load<'l>, session: &Session<'_>, staged: &Staged<'_>) -> Result<Self, EngineError> {
        let mut survey = Self::default();
        let mut candidates = Vec::new();
        for (number, plan) in load.files.iter().enumerate() {
            match candidate(load, session, staged, number, plan)? {
                Some(candidate) => candidates.push(candidate),
                None => survey.own.push(plan),
            }
        }
        survey.tell("as they are no plain lines of UTF-8", &survey.own.clone());
        let mut counts = counts(session, &candidates)?;
        let mut own = Vec::new();
        for (number, Candidate { plan, header, lines }) in candidates.into_iter().enumerate() {
            match counts.remove(&number.to_string()).as_deref() {
                // Its first line, once. Where lines end with CRLF, LF alone may be part of a value.
                Some([all, 1, 0, quoted, returns, unclear]) if *returns == 0 || returns == all => {
                    let look = Look { quoted: *quoted > 0, returns: *returns > 0, unclear: *unclear > 0 };
                    survey.files.push(ClusterFile { plan, header, lines, look, records: all - 1 });
                }
                _ => own.push(plan),
            }
        }
        survey.tell("as not every line of them is a record", &own);
        survey.own.extend(own);
        Ok(survey)
    }

    /// Notes the reason why adg reads files.
    fn tell(&mut self, why: &str, own: &[&FilePlan<'_>]) {
        if !own.is_empty() {
            let names: Vec<&str> = own.iter().map(|plan| plan.header.key.as_str()).collect();
            self.notes.push(format!("read here, {why}: {}", names.join(", ")));
        }
    }
}

/// Prepares a file for the survey; none if its name would be misread, or it has no usable first line.
fn candidate<'l>(
    load: &Load<'_>,
    session: &Session<'_>,
    staged: &Staged<'_>,
    number: usize,
    plan: &'l FilePlan<'l>,
) -> Result<Option<Candidate<'l>>, EngineError> {
    let Format::Csv(format) = &load.reading.format else { return Ok(None) };
    let (location, bytes) = match staged.copy(plan)? {
        Copied::SeveralTexts => return Ok(None),
        Copied::To(copy) => match load.text(plan)? {
            Some(text) => (copy, text),
            None => return Ok(None),
        },
        Copied::No => (load.source.location(&plan.key.object.key), (load.open)(plan.key)?),
    };
    if is_misread(&location) {
        return Ok(None);
    }
    let Some(delimiter) = format.dialect.rfc4180_delimiter() else { return Ok(None) };
    let Some((header, text)) = first_line(&plan.header.key, bytes)? else { return Ok(None) };
    let view = format!("adg_lines_{number}");
    session.lines(&location, &view)?;
    Ok(Some(Candidate { plan, header, lines: Lines::new(&view, text.trim_start_matches('\u{FEFF}'), delimiter) }))
}

/// Returns the counts of each file, by its number; none at all if a file is not text and the cluster can't read such files, as
/// Sail can't.
fn counts(session: &Session<'_>, candidates: &[Candidate<'_>]) -> Result<BTreeMap<String, Vec<u64>>, EngineError> {
    if candidates.is_empty() {
        return Ok(BTreeMap::new());
    }
    let surveys: Vec<String> = candidates.iter().enumerate().map(|(number, file)| file.lines.survey(number)).collect();
    let counts: BTreeMap<_, _> = match session.counts(SparkStep::LookAtLines, &surveys.join(" UNION ALL ")) {
        Err(EngineError::Spark { reason, .. }) if reason.contains("UTF-8") => return Ok(BTreeMap::new()),
        counts => counts?.into_iter().collect(),
    };
    if counts.len() == candidates.len() {
        Ok(counts)
    } else {
        Err(EngineError::Bug(format!("Spark counted the lines of {} files of {}", counts.len(), candidates.len())))
    }
}

/// Returns the first line that is not empty, with its end and without; none if it is not text, or has a return inside.
fn first_line(key: &str, bytes: Box<dyn Read + Send>) -> Result<Option<(Vec<u8>, String)>, EngineError> {
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
    let text = text.filter(|text| !text.contains(&b'\r')).and_then(|text| std::str::from_utf8(text).ok());
    Ok(text.map(str::to_owned).map(|text| (line, text)))
}
