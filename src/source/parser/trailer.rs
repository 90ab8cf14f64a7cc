//! Trailers: a last line that says how many records a file has, and last lines that are none.

use std::collections::VecDeque;
use std::io::{self, Read};

use regex::bytes::Regex;

use super::line_ends::LineEnds;

/// A line after the records, which tells their number: `TRL|{rows}|*`.
#[derive(Debug, Clone)]
pub struct Trailer {
    /// The pattern as written.
    pattern: String,
    /// Text before the first token, by which a trailer is told from a record.
    beginning: Vec<u8>,
    regex: Regex,
}

impl PartialEq for Trailer {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Eq for Trailer {}

impl Trailer {
    /// Reads a pattern: text, `{rows}` for the number of records, and `*` for anything.
    ///
    /// # Errors
    /// It begins with a token, so that any record could be a trailer, or has an unknown one.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let beginning = &pattern[..pattern.find(['{', '*']).unwrap_or(pattern.len())];
        if beginning.is_empty() {
            return Err(format!("`{pattern}` begins with a token; begin with text that no record begins with"));
        }
        let mut regex = String::from("^");
        let mut rest = pattern;
        while let Some(at) = rest.find(['{', '*']) {
            regex.push_str(&regex::escape(&rest[..at]));
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{rows}") {
                regex.push_str(" *\"?0*([0-9]{1,18})\"? *");
                rest = after;
            } else if let Some(after) = rest.strip_prefix('*') {
                regex.push_str("(?s-u:.*)");
                rest = after;
            } else {
                return Err(format!("`{pattern}` has a token that is not known; known are {{rows}} and *"));
            }
        }
        regex.push_str(&regex::escape(rest));
        regex.push('$');
        let regex = Regex::new(&regex).map_err(|error| error.to_string())?;
        Ok(Self { pattern: pattern.to_owned(), beginning: beginning.as_bytes().to_vec(), regex })
    }

    /// Returns the pattern as written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Returns true if a line, or what is there of it, begins as a trailer does.
    #[inline]
    pub(super) fn may_begin(&self, text: &[u8]) -> bool {
        text.starts_with(&self.beginning)
    }

    /// Reads a line; `None` if it is no trailer.
    pub(super) fn read(&self, line: &[u8]) -> Option<TrailerLine> {
        let found = self.regex.captures(line)?;
        let records = found.get(1).and_then(|digits| std::str::from_utf8(digits.as_bytes()).ok()?.parse().ok());
        Some(TrailerLine { records })
    }
}

/// A line that is a trailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TrailerLine {
    /// Number of records, if it tells one.
    pub(super) records: Option<u64>,
}

/// Bytes without any line end after which lines are taken to end with LF.
const UNDETECTED: usize = 1 << 20;
/// Most empty lines at the end that are not counted.
const MOST_EMPTY: usize = 1 << 16;

/// A text without its last lines, whatever ends them. Empty lines after them are not counted, and dropped too.
pub(crate) struct WithoutLastLines<R> {
    source: R,
    quote: Option<u8>,
    /// Line ends; `None` until they are known.
    lines: Option<LineEnds>,
    /// Number of lines that are dropped.
    count: usize,
    /// Text that was read and is not handed out.
    held: Vec<u8>,
    /// Length of the held text that can be handed out.
    ready: usize,
    /// End of the held text whose lines are known.
    known: usize,
    /// Last lines of the known text, which may still be dropped: their ends, and whether they are empty.
    last: VecDeque<(usize, bool)>,
    ended: bool,
}

impl<R: Read> WithoutLastLines<R> {
    /// Creates a reader without `count` lines. Line ends that are not known are detected, apart from those in quotes.
    pub(crate) fn new(source: R, count: usize, quote: Option<u8>, lines: Option<&LineEnds>) -> Self {
        let (held, last) = (Vec::new(), VecDeque::new());
        Self { source, quote, lines: lines.cloned(), count, held, ready: 0, known: 0, last, ended: false }
    }

    /// Reads a block, and finds the lines that it ends.
    fn fill(&mut self) -> io::Result<()> {
        let mut block = vec![0; 64 << 10];
        let read = self.source.read(&mut block)?;
        self.ended = read == 0;
        // What was searched before has no line end, but may have the beginning of one.
        let mut from = match &self.lines {
            None => 0,
            Some(LineEnds::Exactly(bytes)) => self.held.len().saturating_sub(bytes.len()).max(self.known),
            Some(_) => self.held.len(),
        };
        self.held.extend_from_slice(&block[..read]);
        if self.lines.is_none() {
            let found = LineEnds::detect(&self.held, self.quote);
            self.lines = found.or_else(|| (self.ended || self.held.len() > UNDETECTED).then_some(LineEnds::Lf));
        }
        let Some(lines) = self.lines.clone() else { return Ok(()) };
        while let Some(end) = lines.line_end(&self.held, from) {
            self.see_line(end, &lines);
            from = end;
        }
        if self.ended && self.known < self.held.len() {
            self.see_line(self.held.len(), &lines);
        }
        Ok(())
    }

    /// Adds a line. One that is followed by enough others, empty ones at the end apart, can be handed out.
    fn see_line(&mut self, end: usize, lines: &LineEnds) {
        let is_empty = lines.strip(&self.held[self.known..end]).is_empty();
        self.known = end;
        self.last.push_back((end, is_empty));
        if is_empty && self.last.len() <= self.count + MOST_EMPTY {
            return;
        }
        let empty = if is_empty { MOST_EMPTY } else { 0 };
        while self.last.len() > self.count + empty {
            self.ready = self.last.pop_front().map_or(self.ready, |(end, _)| end);
        }
    }
}

impl<R: Read> Read for WithoutLastLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready == 0 && !self.ended && !buffer.is_empty() {
            self.fill()?;
        }
        let count = self.ready.min(buffer.len());
        buffer[..count].copy_from_slice(&self.held[..count]);
        self.held.drain(..count);
        self.ready -= count;
        self.known -= count;
        self.last.iter_mut().for_each(|(end, _)| *end -= count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_trailer_is_told_from_records() {
        let trailer = Trailer::new("TRL|{rows}|*").unwrap();
        let told = |records| Some(TrailerLine { records });
        assert_eq!(trailer.read(b"TRL|0002|30.50"), told(Some(2)));
        assert_eq!(trailer.read(b"TRL|2|"), told(Some(2)));
        assert_eq!((trailer.read(b"TRL|x|1"), trailer.read(b"1|TRL|2|"), trailer.read(b"TRL|2")), (None, None, None));
        assert!(trailer.may_begin(b"TRL|x") && !trailer.may_begin(b"TR"));
        assert_eq!(Trailer::new("END*").unwrap().read(b"END OF FILE"), told(None));
        assert_eq!(Trailer::new("T,{rows}").unwrap().read(b"T, \"12\""), told(Some(12)));
        for wrong in ["{rows}", "*", "T{lines}"] {
            assert!(Trailer::new(wrong).is_err(), "{wrong}");
        }
    }

    struct Pieces<'t>(&'t [u8], usize);
    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn without(text: &str, count: usize, piece: usize) -> String {
        let mut read = String::new();
        let mut text = WithoutLastLines::new(Pieces(text.as_bytes(), piece), count, Some(b'"'), None);
        text.read_to_string(&mut read).unwrap();
        read
    }

    #[test]
    fn last_lines_are_dropped_with_or_without_a_line_end() {
        for (text, count, expected) in [
            ("a\nb\nc\n", 1, "a\nb\n"),
            ("a\nb\nc", 1, "a\nb\n"),
            ("a\nb\nc\n", 2, "a\n"),
            ("a\nb\nc", 3, ""),
            ("a\n", 5, ""),
            ("", 1, ""),
            ("a\n\n", 1, ""),
            ("a\nb\n\n", 1, "a\n"),
            ("a\r\nb\r\n\r\n\r\n", 1, "a\r\n"),
            ("a\rb\r\r", 1, "a\r"),
            ("a\n\nb\n", 1, "a\n\n"),
            ("a\n\nb\n\n", 2, "a\n"),
            ("a\rb\rc\r", 1, "a\rb\r"),
            ("\"a\rx\"\r\nb\r\nc\r\n", 1, "\"a\rx\"\r\nb\r\n"),
            ("a", 1, ""),
        ] {
            assert_eq!(without(text, count, 2), expected, "{text:?} without {count}");
        }
    }

    #[test]
    fn line_ends_of_several_bytes_are_found_as_a_whole() {
        let lines = LineEnds::Exactly(b"|\n".to_vec());
        for piece in [1, 2, 3, 64] {
            let text = Pieces(b"1|\n2\nx|\nT\ny|\n|\n", piece);
            let mut read = String::new();
            WithoutLastLines::new(text, 1, None, Some(&lines)).read_to_string(&mut read).unwrap();
            assert_eq!(read, "1|\n2\nx|\n", "{piece}");
        }
    }

    #[test]
    fn a_run_of_empty_lines_is_held_up_to_a_limit() {
        let text = format!("a\nT\n{}", "\n".repeat(2 * MOST_EMPTY));
        let left = without(&text, 1, 1 << 20);
        assert_eq!((left.len(), &left[..5]), (4 + MOST_EMPTY - 1, "a\nT\n\n"));
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_first_lines(text in "[ab\n]{0,40}", count in 1..4_usize, piece in 1..9_usize) {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let empty = lines.iter().rev().take_while(|line| **line == "\n").count();
            let lines = &lines[..lines.len() - empty];
            let expected: String = lines[..lines.len().saturating_sub(count)].concat();
            prop_assert_eq!(without(&text, count, piece), expected);
        }
    }
}
