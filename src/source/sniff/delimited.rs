//! The dialect of a delimited text: of all that come into question, the one in which its records are most alike.

use std::io::Cursor;

use super::super::parser::{Dialect, Escape, ReadSizes, RecordReader, Sequences};
use super::notations::typed_share;

/// Delimiters that are tried, the usual ones first.
const DELIMITERS: &[&str] = &[",", ";", "\t", "|", "\u{1}", "||", "^", "~", ":"];
/// Maximum number of records that are compared.
const MOST_RECORDS: usize = 1_000;
/// Maximum bytes that are compared.
const MOST_BYTES: usize = 128 << 10;
/// Maximum number of lines before the header.
const MOST_PREAMBLE: usize = 20;

/// A dialect, and the records of a text in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delimited {
    /// Text between two fields.
    pub delimiter: String,
    /// Character around fields.
    pub quote: Option<char>,
    /// True if a backslash stands before a quote in quotes.
    pub backslash: bool,
    /// True if there are blanks around quotes.
    pub trim: bool,
    /// Number of lines before the first record, or the header.
    pub skip_lines: usize,
    /// True if the first line is `sep=` and the delimiter.
    pub sep_line: bool,
    /// True if records end with a delimiter that the header does not have.
    pub trailing_delimiter: bool,
    /// Lines after the last record.
    pub footer_lines: usize,
    /// The records, each with as many fields; the first may be a header.
    pub records: Vec<Vec<String>>,
    /// Number of records that have another number of fields, or can't be read.
    pub others: usize,
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
        if let Some(found) = Self::by_sep_line(text) {
            return Some(found);
        }
        let mut best: Option<(f64, Self)> = None;
        for candidate in Self::candidates(text) {
            let Some(found) = candidate.read(text) else { continue };
            let score = found.score();
            // Of equals, the first one is the usual one.
            if best.as_ref().is_none_or(|(known, _)| score > known + 1e-9) {
                best = Some((score, found));
            }
        }
        best.map(|(_, found)| found)
    }

    fn plain(delimiter: &str) -> Self {
        Self {
            delimiter: delimiter.to_owned(),
            quote: Some('"'),
            backslash: false,
            trim: false,
            skip_lines: 0,
            sep_line: false,
            trailing_delimiter: false,
            footer_lines: 0,
            records: Vec::new(),
            others: 0,
        }
    }

    /// Returns the dialect that a first line `sep=;` tells.
    fn by_sep_line(text: &str) -> Option<Self> {
        let delimiter = text.lines().next()?.strip_prefix("sep=").filter(|delimiter| delimiter.chars().count() == 1)?;
        let candidate = Self { sep_line: true, ..Self::plain(delimiter) };
        candidate.read(text)
    }

    fn candidates(text: &str) -> Vec<Self> {
        let mut candidates = Vec::new();
        for delimiter in DELIMITERS.iter().filter(|delimiter| text.contains(**delimiter)) {
            let plain = Self::plain(delimiter);
            candidates.push(plain.clone());
            if text.contains("\\\"") {
                candidates.push(Self { backslash: true, ..plain.clone() });
            }
            if text.contains(&format!("{delimiter} \"")) || text.contains(&format!("\" {delimiter}")) {
                candidates.push(Self { trim: true, ..plain.clone() });
            }
            if text.contains(&format!("{delimiter}'")) {
                candidates.push(Self { quote: Some('\''), ..plain.clone() });
            }
            if text.contains('"') {
                candidates.push(Self { quote: None, ..plain });
            }
        }
        // One column.
        candidates.push(Self::plain(","));
        candidates
    }

    fn dialect(&self) -> Dialect {
        let quote = self.quote.and_then(|quote| u8::try_from(quote).ok());
        let escape = self.backslash.then(|| Escape {
            byte: b'\\',
            outside_quotes: false,
            sequences: Sequences::Literal,
            nulls: Vec::new(),
        });
        Dialect {
            delimiter: self.delimiter.clone().into_bytes(),
            quote,
            escape,
            trim: self.trim,
            sep_line: self.sep_line,
            ..Dialect::default()
        }
    }

    /// Reads the records of a text, and finds where they begin and end.
    fn read(mut self, text: &str) -> Option<Self> {
        let all = records(text, self.dialect());
        let width = most_common_width(&all)?;
        let is_record = |record: &Record| record.as_ref().is_ok_and(|fields| fields.len() == width);
        let first = all.iter().take(MOST_PREAMBLE + 1).position(is_record)?;
        // A header may lack the delimiter that ends each record.
        let has_short_header = first == 1 && all[0].as_ref().is_ok_and(|fields| fields.len() + 1 == width)
            || first > 0 && all[first - 1].as_ref().is_ok_and(|fields| fields.len() + 1 == width && fields.len() > 1);
        let ends_blank = all[first..]
            .iter()
            .all(|record| !is_record(record) || record.as_ref().is_ok_and(|fields| fields.last().is_some_and(String::is_empty)));
        self.trailing_delimiter = has_short_header && ends_blank && width > 2;
        let first = first - usize::from(self.trailing_delimiter);
        let width = width - usize::from(self.trailing_delimiter);
        self.skip_lines = if self.sep_line { 0 } else { line_of(text, first) };
        let last = all.iter().rposition(is_record)?;
        // What can't be a record at the end: a total, a trailer.
        self.footer_lines = if all.len() < MOST_RECORDS && all.len() - last <= 3 { all.len() - last - 1 } else { 0 };
        let end = all.len() - self.footer_lines;
        let middle = &all[first..end];
        self.records = middle
            .iter()
            .filter_map(|record| record.as_ref().ok())
            .filter(|fields| fields.len() == width || self.trailing_delimiter && fields.len() == width + 1)
            .map(|fields| fields[..width].to_vec())
            .collect();
        self.others = middle.len() - self.records.len();
        Some(self)
    }

    /// Returns how likely the dialect is: records that are alike, of several fields, with values of some type, and nothing around
    /// them.
    #[allow(clippy::cast_precision_loss)] // There are a thousand records at most.
    fn score(&self) -> f64 {
        let (alike, all) = (self.records.len() as f64, (self.records.len() + self.others) as f64);
        let around = (self.skip_lines + self.footer_lines) as f64 / (all + 1.0);
        let width = self.records.first().map_or(0, Vec::len);
        let several = if width > 1 { 1.0 } else { 0.3 };
        let quotes = self.records.iter().flatten().filter(|field| has_stray_quotes(field)).count() as f64;
        let stray = quotes / (alike * width as f64 + 1.0);
        (alike / (all + 1e-9)).powi(2) * several * (1.0 - 0.3 * around.min(1.0)) * (1.0 - 0.5 * stray.min(1.0))
            + 0.05 * typed_share(&self.records)
    }
}

/// Returns true if a field seems to have quotes that belong to the notation.
fn has_stray_quotes(field: &str) -> bool {
    let field = field.trim();
    field.len() >= 2 && field.starts_with(['"', '\'']) && field.ends_with(['"', '\''])
}

/// The fields of a record, or the problem with it.
type Record = Result<Vec<String>, String>;

/// Returns the first records of a text, each as it is read.
fn records(text: &str, dialect: Dialect) -> Vec<Record> {
    let sizes = ReadSizes { block_bytes: 1 << 20, record_bytes: 1 << 20 };
    let mut reader = RecordReader::new(Cursor::new(text.as_bytes().to_vec()), dialect, sizes);
    let mut records = Vec::new();
    while records.len() < MOST_RECORDS
        && let Ok(Some(record)) = reader.header()
    {
        records.push(record);
    }
    records
}

fn most_common_width(records: &[Record]) -> Option<usize> {
    let mut widths: Vec<usize> = records.iter().flatten().map(Vec::len).collect();
    widths.sort_unstable();
    let runs = widths.chunk_by(|a, b| a == b);
    // Of equally common ones, the wider.
    runs.max_by_key(|run| (run.len(), run[0])).map(|run| run[0])
}

/// Returns the number of lines before a record.
fn line_of(text: &str, index: usize) -> usize {
    // Records before the first good one are lines of their own; empty lines are none.
    let mut seen = 0;
    for (number, line) in text.lines().enumerate() {
        if line.trim_end_matches('\r').is_empty() {
            continue;
        }
        if seen == index {
            return if index == 0 { 0 } else { number };
        }
        seen += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Delimited {
        Delimited::of(text, true).unwrap()
    }

    #[test]
    fn the_delimiter_makes_records_alike() {
        for (text, delimiter, width) in [
            ("id,name\n1,Ann\n2,Bob\n", ",", 2),
            ("id;amount\n1;2,5\n2;3,75\n", ";", 2),
            ("id\ttext\n1\ta, b\n2\tc\n", "\t", 2),
            ("id||name\n1||Ann\n", "||", 2),
            ("a|b|c\n1|2|3\n", "|", 3),
            ("1\u{1}x\n2\u{1}y\n", "\u{1}", 2),
            ("name\nAnn\nBob, B.\n", ",", 1),
            ("id,at\n1,10:30:00\n2,11:00:00\n", ",", 2),
        ] {
            let found = found(text);
            assert_eq!((found.delimiter.as_str(), found.records[0].len()), (delimiter, width), "{text:?} {found:?}");
        }
    }

    #[test]
    fn quotes_and_escapes_are_those_that_leave_none_over() {
        let plain = found("id,name\n1,\"a, b\"\n2,\"c \"\"d\"\"\"\n");
        assert_eq!((plain.quote, plain.backslash, plain.records[2][1].as_str()), (Some('"'), false, "c \"d\""));
        let single = found("id,name\n1,'a, b'\n2,'c'\n");
        assert_eq!((single.quote, single.records[1][1].as_str()), (Some('\''), "a, b"));
        let escaped = found("id,name,x\n1,\"size 5\\\", big\",a\n2,\"b\",\"c\"\n3,d,e\n");
        assert!(escaped.backslash, "{escaped:?}");
        let unquoted = found("id\ttitle\n1\t\"Quoted\" start\n2\t\"Only at the start\n3\t6\" pipe\n");
        assert_eq!(unquoted.quote, None, "{unquoted:?}");
        assert!(found("id, name\n1, \"a, b\"\n2, \"c, d\"\n").trim);
    }

    #[test]
    fn lines_around_the_records_are_none() {
        let title = found("Report of May\n\nid,name,x\n1,a,b\n2,c,d\nTotal: 2\n");
        assert_eq!((title.skip_lines, title.footer_lines, title.records.len()), (2, 1, 3), "{title:?}");
        let sep = found("sep=;\nid;name\n1;a\n");
        assert_eq!((sep.delimiter.as_str(), sep.sep_line, sep.skip_lines, sep.records.len()), (";", true, 0, 2));
        let trailing = found("id,name\n1,a,\n2,b,\n");
        assert_eq!((trailing.trailing_delimiter, trailing.skip_lines, trailing.records.len()), (true, 0, 3), "{trailing:?}");
        let ragged = found("a,b,c\n1,2,3\n4,5\n6,7,8\n9,1,2\n");
        assert_eq!((ragged.others, ragged.records.len()), (1, 4));
    }
}
