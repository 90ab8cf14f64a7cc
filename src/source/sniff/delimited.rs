//! The dialect of a delimited text: of all that come into question, the one in which its records are most alike.

use std::collections::BTreeMap;
use std::io::Cursor;

use super::super::parser::{ReadSizes, RecordReader, SampledRecord};
use super::around::{Beginning, Ending, is_full};
use super::candidates::Notation;
use super::header::has_header;
use super::notations::typed_share;
use super::shown::shown;

/// Maximum number of records that are compared.
pub(super) const MOST_RECORDS: usize = 1_000;
/// Maximum bytes that are compared.
const MOST_BYTES: usize = 128 << 10;

/// A dialect, and the records of a text in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delimited {
    /// Notation of the fields.
    pub notation: Notation,
    /// Number of lines before the first record, or the header.
    pub skip_lines: u64,
    /// True if records end with a delimiter that the header does not have.
    pub trailing_delimiter: bool,
    /// Lines after the last record.
    pub footer_lines: u64,
    /// Pattern of the line after the last record.
    pub trailer: Option<String>,
    /// True if the first record names the fields of the others.
    pub has_header: bool,
    /// The records, each with as many fields; the first may be a header.
    pub records: Vec<Vec<String>>,
    /// Number of empty texts in quotes, by the place of the field.
    pub quoted_empty: BTreeMap<usize, usize>,
    /// Number of records that have another number of fields, or can't be read.
    pub others: usize,
    /// Doubts, each a sentence.
    pub doubts: Vec<String>,
    /// Share of the records that are alike, and of the lines around them.
    shares: (f64, f64),
}

impl Delimited {
    /// Returns the dialect in which a text is most likely written; `None` if it has no record. `is_whole`: the text does not end
    /// in the middle.
    pub(super) fn of(text: &str, is_whole: bool) -> Option<Self> {
        let (text, is_whole) = match text.char_indices().map(|(at, _)| at).find(|at| *at >= MOST_BYTES) {
            Some(end) => (&text[..end], false),
            None => (text, is_whole),
        };
        let text = if is_whole { text } else { text.rfind('\n').map_or(text, |end| &text[..=end]) };
        if let Some(found) = Notation::by_sep_line(text).and_then(|notation| Self::read(notation, text, is_whole)) {
            return Some(found);
        }
        let mut best: Option<(f64, Self)> = None;
        for candidate in Notation::candidates(text) {
            let Some(found) = Self::read(candidate, text, is_whole) else { continue };
            let score = found.score();
            // Of equals, the first one is the usual one.
            if best.as_ref().is_none_or(|(known, _)| score > known + 1e-9) {
                best = Some((score, found));
            }
        }
        best.map(|(_, found)| found)
    }

    /// Reads the records of a text, and finds where they begin and end.
    #[allow(clippy::cast_precision_loss)] // There are a thousand records at most.
    fn read(notation: Notation, text: &str, is_whole: bool) -> Option<Self> {
        let sampled = records(text, &notation, is_whole);
        let Beginning { first, common, trailing_delimiter } = Beginning::of(&sampled)?;
        let all = &sampled[first..];
        let header = all[0].fields.clone().ok();
        let full = |record: &&SampledRecord| is_full(record, common);
        let rest: Vec<Vec<String>> = all[1..].iter().filter(full).filter_map(|record| record.fields.clone().ok()).collect();
        let compared: Vec<Vec<String>> = header.iter().chain(&rest).cloned().collect();
        let (has_header, doubt) = has_header(&compared);
        let width = header.filter(|_| has_header).map_or(common, |names| names.len());
        let is_alike = |fields: &[String]| fields.len() == width || trailing_delimiter && fields.len() == width + 1;
        let is_end = is_whole && sampled.len() < MOST_RECORDS;
        let ending = if is_end { Ending::of(text, all, has_header, is_alike) } else { Ending::default() };
        let middle = &all[..all.len() - ending.records];
        let fields = middle.iter().filter_map(|record| record.fields.as_ref().ok());
        let records: Vec<Vec<String>> = fields.filter(|fields| is_alike(fields)).map(|fields| fields[..width].to_vec()).collect();
        let mut doubts: Vec<String> = doubt.into_iter().collect();
        let skip_lines = if notation.sep_line || first == 0 { 0 } else { all[0].line.saturating_sub(1) };
        if first > 0 {
            doubts.push(format!("lines before the records are skipped: {}: are they in every file?", shown(text, 0, skip_lines)));
        }
        if notation.quote.is_none() && text.contains('"') {
            let line = text.lines().position(|line| line.contains('"')).unwrap_or_default() as u64;
            doubts.push(format!("quotes are read as text (`quote: none`): {}: are they?", shown(text, line, 1)));
        }
        doubts.extend(others(middle, width, trailing_delimiter, has_header));
        doubts.extend(ending.doubt);
        let mut quoted_empty = BTreeMap::new();
        for place in middle.iter().skip(usize::from(has_header)).flat_map(|record| &record.quoted_empty) {
            *quoted_empty.entry(*place).or_default() += 1;
        }
        let alike = middle.iter().filter(full).count().max(records.len());
        Some(Self {
            notation,
            skip_lines,
            trailing_delimiter,
            footer_lines: ending.lines,
            trailer: ending.trailer,
            has_header,
            quoted_empty,
            others: middle.len() - records.len(),
            shares: (alike as f64 / (middle.len() as f64 + 1e-9), (first + ending.records) as f64 / (middle.len() as f64 + 1.0)),
            records,
            doubts,
        })
    }

    /// Returns how likely the dialect is: records that are alike, of several fields, with values of some type, and nothing around
    /// them.
    #[allow(clippy::cast_precision_loss)] // There are a thousand records at most.
    fn score(&self) -> f64 {
        let (alike, around) = self.shares;
        let width = self.records.first().map_or(0, Vec::len);
        let several = if width > 1 { 1.0 } else { 0.3 };
        let quotes = self.records.iter().flatten().filter(|field| has_stray_quotes(field)).count() as f64;
        let stray = quotes / ((self.records.len() * width) as f64 + 1.0);
        // Parts of a delimiter of several characters are no columns.
        let is_blank = |place: &usize| self.records.iter().all(|record| !record[*place].contains(char::is_alphanumeric));
        let blank = (0..width).filter(is_blank).count() as f64 / (width as f64 + 1e-9);
        alike.powi(2) * several * (1.0 - 0.3 * around.min(1.0)) * (1.0 - 0.5 * stray.min(1.0)) * (1.0 - 0.5 * blank)
            + 0.05 * typed_share(&self.records)
    }
}

/// Returns the doubt about records that would go to quarantine.
fn others(records: &[SampledRecord], width: usize, trailing_delimiter: bool, has_header: bool) -> Option<String> {
    let (mut short, mut long, mut unreadable, mut line) = (0, 0, 0, None);
    for record in records {
        match &record.fields {
            Ok(fields) if fields.len() == width || trailing_delimiter && fields.len() == width + 1 => continue,
            Ok(fields) if fields.len() < width => short += 1,
            Ok(_) => long += 1,
            Err(_) => unreadable += 1,
        }
        line = line.or(Some(record.line));
    }
    let line = line?;
    let of = if has_header { "the header has" } else { "most records have" };
    let parts = [
        (short, "have fewer fields (`short_rows: null_fill` fills them with nulls)"),
        (long, "have more fields (`long_rows: keep_extra` keeps the rest in a column)"),
        (unreadable, "can't be read"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    Some(format!(
        "{of} {width} fields, and of {} records {}, first in line {line}: they would go to quarantine",
        records.len(),
        parts.join(", ")
    ))
}

/// Returns true if a field seems to have quotes that belong to the notation: around it, or around a word in it.
fn has_stray_quotes(field: &str) -> bool {
    let field = field.trim();
    let is_quoted = field.len() >= 2 && field.starts_with(['"', '\'']) && field.ends_with(['"', '\'']);
    is_quoted || field.split_once(" \"").is_some_and(|(_, rest)| rest.contains("\" ") || rest.ends_with('"'))
}

/// Returns the first records of a text, each as it is read.
fn records(text: &str, notation: &Notation, is_whole: bool) -> Vec<SampledRecord> {
    let sizes = ReadSizes { block_bytes: 1 << 20, record_bytes: 1 << 20 };
    let mut reader = RecordReader::new(Cursor::new(text.as_bytes()), notation.dialect(), sizes);
    reader.sample(MOST_RECORDS, is_whole).unwrap_or_default()
}

#[cfg(test)]
mod tests;
