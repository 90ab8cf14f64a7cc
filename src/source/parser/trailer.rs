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

/// A text without its last lines, whatever ends them.
pub(crate) struct WithoutLastLines<R> {
    source: R,
    quote: Option<u8>,
    /// Last byte of a line end; `None` until it is known.
    mark: Option<u8>,
    /// Number of lines that are dropped.
    count: usize,
    /// Text that was read, of which the last lines may still be dropped.
    held: VecDeque<u8>,
    /// Line ends in `held`.
    line_ends: usize,
    ended: bool,
}

impl<R: Read> WithoutLastLines<R> {
    /// Creates a reader without `count` lines. Line ends that are not known are detected, apart from those in quotes.
    pub(crate) fn new(source: R, count: usize, quote: Option<u8>, lines: Option<&LineEnds>) -> Self {
        let mark = lines.and_then(LineEnds::last);
        Self { source, quote, mark, count, held: VecDeque::new(), line_ends: 0, ended: false }
    }

    /// Counts the line ends of a block that was added to the held text.
    fn count_line_ends(&mut self, block: &[u8]) {
        if let Some(mark) = self.mark {
            self.line_ends += memchr::memchr_iter(mark, block).count();
            return;
        }
        let held = self.held.make_contiguous();
        let found = LineEnds::detect(held, self.quote).and_then(|ends| ends.last());
        self.mark = found.or_else(|| (self.ended || held.len() > UNDETECTED).then_some(b'\n'));
        if let Some(mark) = self.mark {
            self.line_ends = memchr::memchr_iter(mark, held).count();
        }
    }

    /// Returns the length of the text that can be handed out: the end of the line before those that are held back.
    fn ready(&self) -> usize {
        let mark = self.mark.unwrap_or(b'\n');
        let last_ends = self.held.back() == Some(&mark);
        // Of an unfinished text, one line more may follow what is held.
        let kept = if self.ended { self.count - usize::from(!last_ends && self.count > 0) } else { self.count + 1 };
        let mut left = self.line_ends.saturating_sub(kept);
        if left == 0 {
            return 0;
        }
        let mut at = 0;
        for byte in &self.held {
            at += 1;
            if *byte == mark {
                left -= 1;
                if left == 0 {
                    return at;
                }
            }
        }
        0
    }
}

impl<R: Read> Read for WithoutLastLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = self.ready().min(buffer.len());
            if ready > 0 || buffer.is_empty() {
                for (to, byte) in buffer.iter_mut().zip(self.held.drain(..ready)) {
                    self.line_ends -= usize::from(Some(byte) == self.mark);
                    *to = byte;
                }
                return Ok(ready);
            }
            if self.ended {
                return Ok(0);
            }
            let mut block = vec![0; 64 << 10];
            let read = self.source.read(&mut block)?;
            self.ended = read == 0;
            self.held.extend(&block[..read]);
            self.count_line_ends(&block[..read]);
        }
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

    fn without(text: &str, count: usize, piece: usize) -> String {
        struct Pieces<'t>(&'t [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let count = self.0.len().min(self.1).min(buffer.len());
                buffer[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
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
            ("a\n\n", 1, "a\n"),
            ("a\rb\rc\r", 1, "a\rb\r"),
            ("\"a\rx\"\r\nb\r\nc\r\n", 1, "\"a\rx\"\r\nb\r\n"),
            ("a", 1, ""),
        ] {
            assert_eq!(without(text, count, 2), expected, "{text:?} without {count}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_first_lines(text in "[ab\n]{0,40}", count in 1..4_usize, piece in 1..9_usize) {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let expected: String = lines[..lines.len().saturating_sub(count)].concat();
            prop_assert_eq!(without(&text, count, piece), expected);
        }
    }
}
