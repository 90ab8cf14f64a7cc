//! Lines around the records of a delimited text: titles before them, totals and trailers after them.
//!
//! A record that has another width than the others is a record all the same: only what can't be one is left out.

use std::collections::BTreeSet;

use super::super::looks::looks_like_a_value;
use super::super::parser::SampledRecord;
use super::header::has_header;
use super::notations;
use super::shown::shown;
use crate::schema::ColumnType;

/// Maximum number of records before the header.
const MOST_PREAMBLE: usize = 20;
/// Maximum number of records after the last one that count as none.
const MOST_FOOTERS: usize = 3;
/// Words that a last line begins with if it is no record.
const WORDS: &[&str] = &[
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sum",
    "summe",
    "gesamt",
    "trl",
    "tlr",
    "trailer",
    "eof",
    "end",
    "footer",
    "count",
    "rows",
    "row count",
    "records",
    "record count",
    "number of",
];

/// Returns true if a record has that many fields.
pub(super) fn is_full(record: &SampledRecord, width: usize) -> bool {
    record.fields.as_ref().is_ok_and(|fields| fields.len() == width)
}

/// Beginning of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beginning {
    /// Place of the first record, or the header.
    pub(super) first: usize,
    /// Number of fields of most records.
    pub(super) common: usize,
    /// True if records end with a delimiter that the header does not have.
    pub(super) trailing_delimiter: bool,
}

impl Beginning {
    /// Finds the first record; `None` if there is none.
    pub(super) fn of(all: &[SampledRecord]) -> Option<Self> {
        let common = most_common_width(all)?;
        let found = |first| Some(Self { first, common, trailing_delimiter: false });
        let full = all.iter().take(MOST_PREAMBLE + 1).position(|record| is_full(record, common));
        // Without a full record near the beginning, nothing is known of what stands there.
        let Some(full) = full else { return found(0) };
        if full > 0 && has_trailing_delimiter(all, full, common) {
            return Some(Self { first: full - 1, common, trailing_delimiter: true });
        }
        if let Some(header) = below_titles(all, full, common) {
            return found(header);
        }
        // A record of another width is no title, unless a header stands below it.
        let is_shorter = |record: &SampledRecord| record.fields.as_ref().map_or(true, |fields| fields.len() < common);
        if all[..full].iter().all(is_shorter) && is_certain_header(all, full, common) {
            return found(full);
        }
        found(all[..full].iter().position(|record| !is_title(record)).unwrap_or(full))
    }
}

/// Returns true if the header, before the first full record, lacks the delimiter that ends each record.
fn has_trailing_delimiter(all: &[SampledRecord], full: usize, common: usize) -> bool {
    let is_header = all[full - 1].fields.as_ref().is_ok_and(|fields| fields.len() + 1 == common && fields.len() > 1);
    let ends_blank = |record: &SampledRecord| {
        record.fields.as_ref().is_ok_and(|fields| fields.len() != common || fields.last().is_some_and(String::is_empty))
    };
    is_header && all[full..].iter().all(|record| record.fields.is_err() || ends_blank(record))
}

/// Returns the place of a header below titles that have as many delimiters as records, as spreadsheets write them.
fn below_titles(all: &[SampledRecord], full: usize, common: usize) -> Option<usize> {
    let below = |is_above: &dyn Fn(&SampledRecord) -> bool| {
        let padded = |record: &&SampledRecord| common > 1 && is_full(record, common) && is_above(record);
        let titles = all[full..].iter().take(MOST_PREAMBLE).take_while(padded).count();
        (titles > 0 && full + titles + 1 < all.len()).then_some(full + titles)
    };
    let is_certain = |header: &usize| is_certain_header(all, *header, common);
    let of_texts = || below(&has_gaps).filter(is_certain);
    below(&is_title).filter(|header| is_certain(header) || names_all(&all[*header])).or_else(of_texts)
}

/// Returns true if a record has texts beside empty fields, and no values.
fn has_gaps(record: &SampledRecord) -> bool {
    let Ok(fields) = &record.fields else { return false };
    fields.iter().any(|field| field.trim().is_empty()) && !fields.iter().any(|field| is_value(field))
}

/// Returns true if a record may name all fields: each has a text of its own.
fn names_all(record: &SampledRecord) -> bool {
    let Ok(fields) = &record.fields else { return false };
    let names: BTreeSet<String> = fields.iter().map(|field| field.trim().to_lowercase()).collect();
    names.len() == fields.len() && !names.iter().any(|name| name.is_empty() || is_value(name))
}

/// Returns true if the record names the fields of those below it without a doubt.
fn is_certain_header(all: &[SampledRecord], place: usize, common: usize) -> bool {
    let full = all[place..].iter().filter(|record| is_full(record, common)).filter_map(|record| record.fields.clone().ok());
    let full: Vec<Vec<String>> = full.collect();
    full.len() > 1 && has_header(&full) == (true, None)
}

/// Returns true if a record can't be one: it can't be read, or has a single text.
fn is_title(record: &SampledRecord) -> bool {
    let Ok(fields) = &record.fields else { return true };
    let mut texts = fields.iter().filter(|field| !field.trim().is_empty());
    let first = texts.next();
    first.is_none_or(|text| texts.next().is_none() && !is_value(text))
}

/// Returns true if a text is a value; `T` and `no` are words.
fn is_value(text: &str) -> bool {
    !text.trim().chars().all(char::is_alphabetic) && looks_like_a_value(text, true)
}

fn most_common_width(records: &[SampledRecord]) -> Option<usize> {
    let mut widths: Vec<usize> = records.iter().filter_map(|record| record.fields.as_ref().ok()).map(Vec::len).collect();
    widths.sort_unstable();
    let runs = widths.chunk_by(|a, b| a == b);
    // Of equally common ones, the wider.
    runs.max_by_key(|run| (run.len(), run[0])).map(|run| run[0])
}

/// End of the records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ending {
    /// Number of records that are none.
    pub(super) records: usize,
    /// Number of their lines, if they are left out by their number.
    pub(super) lines: u64,
    /// Pattern of the only one, if it has one.
    pub(super) trailer: Option<String>,
    /// Doubt about them.
    pub(super) doubt: Option<String>,
}

impl Ending {
    /// Finds the records at the end of a text that are none. `all`: the records from the first one, or the header, up to the end
    /// of the text. `is_alike`: a record has the width of the others.
    pub(super) fn of(text: &str, all: &[SampledRecord], has_header: bool, is_alike: impl Fn(&[String]) -> bool) -> Self {
        let is_record = |record: &SampledRecord| record.fields.as_ref().is_ok_and(|fields| is_alike(fields));
        let alike: Vec<&str> = all.iter().filter(|record| is_record(record)).filter_map(first_field).collect();
        let values = alike.get(1..).unwrap_or_default();
        // A trailer may have as many fields as a record.
        let inner = values.split_last().map_or(values, |(_, inner)| inner);
        let is_last_typed = is_typed(if all.last().is_some_and(is_record) { inner } else { values });
        let tail = all[1..].iter().rev().take_while(|record| is_no_record(record, is_record(record), is_last_typed));
        let tail = tail.count();
        if tail == 0 || tail > MOST_FOOTERS || alike.len() < 2 {
            let last = all.last().filter(|last| is_record(last) && first_field(last).is_some_and(begins_with_a_word));
            let shown = last.map(|last| shown(text, last.line.saturating_sub(1), 1)).filter(|_| all.len() > 2);
            let doubt = shown.map(|shown| format!("the last record begins as a trailer does: {shown}: is it one?"));
            return Self { doubt, ..Self::default() };
        }
        let start = all[all.len() - tail].line.saturating_sub(1);
        let lines = line_count(text).saturating_sub(start);
        let last = shown(text, start, lines);
        let rows = all.len() - tail - usize::from(has_header);
        if let Some(pattern) = (tail == 1).then(|| pattern(text, start, rows)).flatten() {
            let doubt = format!("the last line is taken for a trailer: {last}: a file without one is refused");
            return Self { records: tail, lines: 0, trailer: Some(pattern), doubt: Some(doubt) };
        }
        // Lines are dropped by their LF.
        if !text.contains('\n') {
            return Self::default();
        }
        let doubt = format!("the last lines are no records: {last}: are they in every file? One without them would lose records");
        Self { records: tail, lines, trailer: None, doubt: Some(doubt) }
    }
}

fn first_field(record: &SampledRecord) -> Option<&str> {
    record.fields.as_ref().ok()?.first().map(String::as_str)
}

fn is_typed(values: &[&str]) -> bool {
    !matches!(notations::column("", values).ty, None | Some(ColumnType::String))
}

/// Returns true if a record at the end can't be one. `is_alike`: it has the width of the others. `is_typed`: their first fields
/// are more than texts.
fn is_no_record(record: &SampledRecord, is_alike: bool, is_typed: bool) -> bool {
    let Ok(fields) = &record.fields else { return false };
    let Some(text) = fields.iter().map(|field| field.trim()).find(|field| !field.is_empty()) else { return !is_alike };
    let has_word = begins_with_a_word(text);
    if is_alike {
        return is_typed && has_word && fields[0].trim() == text;
    }
    let is_count = text.starts_with('(') && text.ends_with(')') && text.contains(|c: char| c.is_ascii_digit());
    let is_rule = text.starts_with("---") || text.starts_with("===") || text.starts_with("***");
    has_word || is_count || is_rule || is_typed && !is_value(text) && fields[0].trim() == text
}

fn begins_with_a_word(text: &str) -> bool {
    let lower = text.to_lowercase();
    let follows = |rest: &str| !rest.starts_with(|c: char| c.is_alphabetic());
    WORDS.iter().any(|word| lower.strip_prefix(word).is_some_and(follows))
}

/// Returns the number of lines of a text; empty ones at the end are none.
fn line_count(text: &str) -> u64 {
    let line_end = if text.contains('\n') { '\n' } else { '\r' };
    text.trim_end_matches(['\r', '\n']).split_terminator(line_end).count() as u64
}

/// Returns the pattern of a trailer: its text up to the first digit, `{rows}` for the number of records, `*` for anything else.
/// `None` if its beginning does not tell it from a record.
fn pattern(text: &str, line: u64, rows: usize) -> Option<String> {
    let line_end = if text.contains('\n') { '\n' } else { '\r' };
    let lines = || text.split(line_end).map(|line| line.trim_end_matches('\r'));
    let number = usize::try_from(line).ok()?;
    let trailer = lines().nth(number)?;
    let digits = |text: &str| text.find(|c: char| c.is_ascii_digit());
    let beginning = &trailer[..digits(trailer).unwrap_or(trailer.len())];
    let is_told = beginning.contains(char::is_alphabetic) || beginning.starts_with('(');
    let is_alone = lines().take(number).all(|line| !line.starts_with(beginning));
    if !is_told || !is_alone || trailer.contains(['{', '}', '*']) {
        return None;
    }
    // Numbers with their place and length.
    let mut numbers: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(start) = digits(&trailer[at..]).map(|start| at + start) {
        let length = trailer[start..].bytes().take_while(u8::is_ascii_digit).count();
        numbers.push((start, length));
        at = start + length;
    }
    let is_rows =
        |(start, length): &&(usize, usize)| trailer[*start..start + length].parse().is_ok_and(|number: usize| number == rows);
    let mut told = numbers.iter().filter(is_rows);
    let (Some((start, length)), None) = (told.next(), told.next()) else {
        return Some(if beginning.len() == trailer.len() { trailer.to_owned() } else { format!("{beginning}*") });
    };
    let (before, after) = (&trailer[beginning.len()..*start], &trailer[start + length..]);
    // Numbers before that of the records, such as a date, are others in each file.
    let before = match before.rfind(|c: char| c.is_ascii_digit()) {
        Some(last) => format!("*{}", &before[last + 1..]),
        None => before.to_owned(),
    };
    let after = match digits(after) {
        Some(first) => format!("{}*", &after[..first]),
        None => after.to_owned(),
    };
    Some(format!("{beginning}{before}{{rows}}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_has_a_pattern_that_counts() {
        let of = |line: &str| pattern(&format!("id,name\n1,Ann\n2,Bob\n{line}\n"), 3, 2).unwrap_or_default();
        for (line, expected) in [
            ("Total: 2", "Total: {rows}"),
            ("TRL|0002|30.50", "TRL|{rows}|*"),
            ("TRL|20240501|2|x", "TRL|*|{rows}|x"),
            ("(2 rows)", "({rows} rows)"),
            ("END OF FILE", "END OF FILE"),
            ("Total,,5.00", "Total,,*"),
            ("Sum 2 of 2", "Sum *"),
            ("T*2", ""),
            ("2 rows", ""),
            ("i", ""),
        ] {
            assert_eq!(of(line), expected, "{line}");
        }
    }
}
