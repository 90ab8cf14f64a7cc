//! Ends of the lines of a text file.

use memchr::memmem;
use memchr::{memchr, memchr_iter, memchr3};

/// Line ends of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineEnds {
    /// LF or CRLF.
    Lf,
    /// A lone CR, as old Macs and some mainframes write.
    Cr,
    /// These bytes and no others: a CR before them belongs to the line.
    Exactly(Vec<u8>),
}

impl LineEnds {
    /// Detects the line ends of a file from the first one outside quotes; `None` if there is none yet.
    pub(super) fn detect(text: &[u8], quote: Option<u8>) -> Option<Self> {
        let (mut at, mut quoted) = (0, false);
        // Without quotes, one of the two line ends is looked for twice.
        while let Some(length) = memchr3(quote.unwrap_or(b'\n'), b'\r', b'\n', &text[at..]) {
            at += length + 1;
            match text[at - 1] {
                byte if quote == Some(byte) => quoted = !quoted,
                b'\r' if !quoted && at == text.len() => return None,
                b'\r' if !quoted && text.get(at) != Some(&b'\n') => return Some(Self::Cr),
                _ if !quoted => return Some(Self::Lf),
                _ => {}
            }
        }
        None
    }

    /// Returns the byte that a line end begins with, or that it is, without an optional CR.
    pub(super) fn first(&self) -> u8 {
        match self {
            Self::Lf => b'\n',
            Self::Cr => b'\r',
            Self::Exactly(bytes) => bytes.first().copied().unwrap_or(b'\n'),
        }
    }

    /// Returns the length of the line end that `text` begins with.
    #[inline]
    pub(super) fn starts(&self, text: &[u8]) -> Option<usize> {
        match (self, text) {
            (Self::Lf, [b'\n', ..]) | (Self::Cr, [b'\r', ..]) => Some(1),
            (Self::Lf, [b'\r', b'\n', ..]) => Some(2),
            (Self::Exactly(bytes), _) if text.starts_with(bytes) => Some(bytes.len()),
            _ => None,
        }
    }

    /// Returns true if `text` is the beginning of a line end whose rest is not there.
    pub(super) fn may_start(&self, text: &[u8]) -> bool {
        match self {
            Self::Lf => text == b"\r" || text.is_empty(),
            Self::Cr => text.is_empty(),
            Self::Exactly(bytes) => bytes.len() > text.len() && bytes.starts_with(text),
        }
    }

    /// Returns the end of the line that goes on at `start`, with its line end; `None` if the text ends before.
    pub(super) fn line_end(&self, text: &[u8], start: usize) -> Option<usize> {
        let rest = text.get(start..)?;
        match self {
            Self::Exactly(bytes) => memmem::find(rest, bytes).map(|at| start + at + bytes.len()),
            _ => memchr(self.first(), rest).map(|at| start + at + 1),
        }
    }

    /// Returns the number of line ends in the text.
    pub(super) fn count(&self, text: &[u8]) -> u64 {
        match self {
            Self::Exactly(bytes) => memmem::find_iter(text, bytes).count() as u64,
            _ => memchr_iter(self.first(), text).count() as u64,
        }
    }

    /// Returns a record without its line end.
    pub(super) fn strip<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match self {
            Self::Exactly(bytes) => text.strip_suffix(bytes.as_slice()).unwrap_or(text),
            _ => {
                let text = text.strip_suffix(b"\n").unwrap_or(text);
                text.strip_suffix(b"\r").unwrap_or(text)
            }
        }
    }

    /// Returns a byte that ends lines in other files, and must not stand outside quotes in one of these line ends.
    pub(super) fn other(&self) -> Option<u8> {
        match self {
            Self::Lf => Some(b'\r'),
            Self::Cr => Some(b'\n'),
            Self::Exactly(_) => None,
        }
    }

    /// Returns true if the text has a line end of the other kind. That is rare, and then worth a closer look.
    pub(super) fn has_other(&self, text: &[u8]) -> bool {
        match self {
            Self::Lf => memchr_iter(b'\r', text).any(|at| text.get(at + 1).is_some_and(|next| *next != b'\n')),
            Self::Cr => memchr(b'\n', text).is_some(),
            Self::Exactly(_) => false,
        }
    }
}

/// Returns true if a text has a CR without LF after it, or LF without CR before it. The first byte and the last one tell nothing.
pub(super) fn has_lone(text: &[u8]) -> bool {
    /// Bytes that are compared at once, without a branch.
    const PIECE: usize = 1024;
    let pieces = text.chunks(PIECE).zip(text.get(1..).unwrap_or_default().chunks(PIECE));
    let odd = |one: u8, next: u8| u8::from(one == b'\r') ^ u8::from(next == b'\n');
    pieces.map(|(ones, nexts)| ones.iter().zip(nexts).fold(0, |found, (one, next)| found | odd(*one, *next))).any(|odd| odd != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_end_outside_quotes_is_the_files() {
        for (text, quote, expected) in [
            ("a\nb\r", Some(b'"'), Some(LineEnds::Lf)),
            ("a\r\nb", Some(b'"'), Some(LineEnds::Lf)),
            ("a\rb\n", Some(b'"'), Some(LineEnds::Cr)),
            ("\"a\rb\"\nc", Some(b'"'), Some(LineEnds::Lf)),
            ("'a\nb'\rc", Some(b'\''), Some(LineEnds::Cr)),
            ("\"a\rb\"\nc", None, Some(LineEnds::Cr)),
            ("a\r", Some(b'"'), None),
            ("\"a\n", Some(b'"'), None),
            ("", None, None),
        ] {
            assert_eq!(LineEnds::detect(text.as_bytes(), quote), expected, "{text:?}");
        }
    }

    #[test]
    fn a_lone_cr_or_lf_is_found_wherever_it_is() {
        let pairs = "ab\r\n".repeat(700);
        assert!(!has_lone(pairs.as_bytes()) && !has_lone(b"") && !has_lone(b"\n") && !has_lone(b"a\r"));
        for at in (1..2_799).filter(|at| at % 4 < 3) {
            for lone in ["\n", "\r"] {
                let mut text = pairs.clone();
                text.insert_str(at, lone);
                assert!(has_lone(text.as_bytes()), "{lone:?} at {at}");
            }
        }
    }

    #[test]
    fn exact_line_ends_keep_what_precedes_them() {
        let lines = LineEnds::Exactly(b"|\n".to_vec());
        assert_eq!((lines.line_end(b"a|b\n|\nc", 0), lines.count(b"a\n|\n|\n")), (Some(6), 2));
        assert_eq!((lines.strip(b"a|\n"), lines.strip(b"a\n")), (&b"a"[..], &b"a\n"[..]));
        assert!(lines.may_start(b"|") && !lines.may_start(b"|\n") && !lines.may_start(b"x"));
    }
}
