//! Notations of fields that come into question for a text.

use super::super::parser::{Dialect, Escape, Sequences};

/// Delimiters that are tried, the usual ones first.
const DELIMITERS: &[&str] = &[",", ";", "\t", "|", "\u{1}", "^", "~", ":", "\u{A6}", "\u{A7}"];
/// Escape characters that are tried.
const ESCAPES: &[char] = &['\\', '^', '!', '~', '`'];
/// Number of lines in which delimiters of several characters are looked for.
const LINES: usize = 50;

/// Notation of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notation {
    /// Text between two fields.
    pub delimiter: String,
    /// Character around fields.
    pub quote: Option<char>,
    /// Character before a quote in quotes; where fields have no quotes, before a delimiter or a line end.
    pub escape: Option<char>,
    /// True if the escape character has a meaning outside quotes too, although fields may have quotes.
    pub escape_unquoted: bool,
    /// True if there are blanks around quotes.
    pub trim: bool,
    /// True if the first line is `sep=` and the delimiter.
    pub sep_line: bool,
}

impl Notation {
    pub(super) fn plain(delimiter: &str) -> Self {
        Self {
            delimiter: delimiter.to_owned(),
            quote: Some('"'),
            escape: None,
            escape_unquoted: false,
            trim: false,
            sep_line: false,
        }
    }

    /// Returns the notation that a first line `sep=;` tells.
    pub(super) fn by_sep_line(text: &str) -> Option<Self> {
        let delimiter = text.lines().next()?.strip_prefix("sep=").filter(|delimiter| delimiter.chars().count() == 1)?;
        Some(Self { sep_line: true, ..Self::plain(delimiter) })
    }

    /// Returns the notations that a text may be in, the usual ones first.
    pub(super) fn candidates(text: &str) -> Vec<Self> {
        let mut candidates = Vec::new();
        let is_there = |delimiter: &&&str| text.contains(**delimiter) && !(**delimiter == ":" && has_times(text));
        let known = DELIMITERS.iter().filter(is_there).map(|delimiter| (*delimiter).to_owned());
        let mut delimiters: Vec<String> = known.collect();
        for longer in delimiters_of_signs(text) {
            // Before its own parts, which leave the rest of it in the values.
            let part = delimiters.iter().position(|known| longer.contains(known.as_str())).unwrap_or(delimiters.len());
            delimiters.insert(part, longer);
        }
        for delimiter in &delimiters {
            // Hive's text files have no quotes.
            let quote = Some('"').filter(|_| delimiter != "\u{1}" || text.contains('"'));
            candidates.extend(Self { quote, ..Self::plain(delimiter) }.with_variants(text));
        }
        if has_words_in_columns(text) {
            candidates.push(Self::plain(" "));
        }
        // One column.
        candidates.push(Self::plain(","));
        candidates
    }

    fn with_variants(self, text: &str) -> Vec<Self> {
        let delimiter = self.delimiter.as_str();
        let has_quotes = text.contains('"');
        let mut variants = vec![self.clone()];
        for escape in ESCAPES.iter().copied().filter(|escape| !delimiter.contains(*escape)) {
            let (before_quote, before_delimiter) =
                (text.contains(&format!("{escape}\"")), text.contains(&format!("{escape}{delimiter}")));
            let escaped = Self { escape: Some(escape), ..self.clone() };
            if before_quote && before_delimiter {
                variants.push(Self { escape_unquoted: true, ..escaped.clone() });
            }
            if before_delimiter {
                variants.push(Self { quote: None, ..escaped.clone() });
            }
            if before_quote {
                variants.push(escaped);
            }
        }
        if text.contains(&format!("{delimiter} \"")) || text.contains(&format!("\" {delimiter}")) {
            variants.push(Self { trim: true, ..self.clone() });
        }
        if text.contains(&format!("{delimiter}'")) {
            variants.push(Self { quote: Some('\''), ..self.clone() });
        }
        if has_quotes {
            variants.push(Self { quote: None, ..self });
        }
        variants
    }

    pub(super) fn dialect(&self) -> Dialect {
        let byte = |sign: char| u8::try_from(sign).ok();
        let escape = self.escape.and_then(byte).map(|byte| Escape {
            byte,
            outside_quotes: self.quote.is_none() || self.escape_unquoted,
            sequences: Sequences::Literal,
            quote: Some(b'"').filter(|_| self.quote.is_none()),
            nulls: Vec::new(),
        });
        Dialect {
            delimiter: self.delimiter.clone().into_bytes(),
            quote: self.quote.and_then(byte),
            escape,
            trim: self.trim,
            sep_line: self.sep_line,
            ..Dialect::default()
        }
    }
}

/// Returns true if most lines have a time of day or an address, whose colons divide nothing.
fn has_times(text: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let has_time = |line: &str| {
        let bytes = line.as_bytes();
        let is_time = |at: usize| {
            let around =
                |distance: usize| [at.checked_sub(distance), Some(at + distance)].map(|at| at.and_then(|at| bytes.get(at)));
            bytes[at] == b':' && around(1).into_iter().chain(around(2)).all(is_digit) && !around(3).into_iter().any(is_digit)
        };
        line.contains("://") || (0..bytes.len()).any(is_time)
    };
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    lines.iter().filter(|line| has_time(line)).count() * 2 > lines.len()
}

/// Returns true if lines are divided by single blanks, as the logs of servers are: each has as many words as the others, or the
/// texts among them are in quotes.
fn has_words_in_columns(text: &str) -> bool {
    /// Minimum number of words: sentences may have as many as each other.
    const LEAST: usize = 6;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    let count = |line: &str| line.split(' ').count();
    let has_quotes = |line: &&str| line.contains(" \"") && count(line) >= LEAST;
    let Some(first) = lines.first().map(|line| count(line)).filter(|count| *count >= LEAST) else { return false };
    let are_even = lines.len() > 1 && lines.iter().all(|line| count(line) == first && !line.contains("  "));
    are_even || lines.iter().all(has_quotes)
}

/// Returns runs of two to five signs that most lines have, such as `|~|`.
fn delimiters_of_signs(text: &str) -> Vec<String> {
    // Others stand in values: decimal points, minus signs, slashes of dates, e-mail addresses.
    let is_sign = |c: char| matches!(c, '|' | '~' | ':' | ';' | ',' | '^' | '#' | '!' | '=' | '&' | '<' | '>' | '*' | '@');
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LINES).collect();
    let mut found: Vec<String> = Vec::new();
    for run in lines.iter().flat_map(|line| line.split(|c: char| !is_sign(c))) {
        let Some(first) = run.chars().next() else { continue };
        // Empty fields between usual delimiters are none.
        let is_empty_fields = matches!(first, ',' | ';') && run.chars().all(|c| c == first);
        let is_common = || lines.iter().filter(|line| line.contains(run)).count() * 2 >= lines.len();
        if (2..=5).contains(&run.len()) && !is_empty_fields && !found.iter().any(|known| known == run) && is_common() {
            found.push(run.to_owned());
        }
    }
    found
}
