//! Splitting text into records by RFC 4180.

use std::io::{self, Read};

use arrow_buffer::Buffer;
use memchr::{memchr, memchr_iter, memchr2};

use super::BadRecord;
use super::batch::{RawBatch, Span};

const QUOTE: u8 = b'"';

/// How a source separates fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// One ASCII character.
    pub delimiter: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',' }
    }
}

/// Why reading stopped.
#[derive(Debug)]
pub enum RecordError {
    /// The stream failed.
    Io(io::Error),
    /// No end of a record within the limit.
    TooLong {
        /// Where the record begins.
        line: u64,
    },
}

impl From<io::Error> for RecordError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Splits a stream of UTF-8 text into batches of records.
///
/// Lines end with LF or CRLF; a file whose first line ends with a lone CR is taken to end all its lines so. Quoted fields
/// may hold anything. An empty line is no record, as in Spark. A record with bad quoting ends with its line.
#[derive(Debug)]
pub struct RecordReader<R> {
    source: R,
    dialect: Dialect,
    newline: u8,
    /// Read, but not yet handed out.
    rest: Vec<u8>,
    ended: bool,
    line: u64,
    block_bytes: usize,
    record_limit: usize,
    /// Bytes read from the source.
    bytes: u64,
}

/// What is at one place of the text.
enum Found {
    /// A record up to `next`; its spans were pushed.
    Record { next: usize },
    /// A record up to `next` that can't be split.
    Flawed { next: usize, reason: &'static str },
    /// The text ends before the record does.
    Incomplete { in_quotes: bool },
}

impl<R: Read> RecordReader<R> {
    /// Reads in blocks of `block_bytes`; no record may have more than `record_limit` bytes.
    pub fn new(source: R, dialect: Dialect, block_bytes: usize, record_limit: usize) -> Self {
        let rest = Vec::new();
        Self { source, dialect, newline: b'\n', rest, ended: false, line: 1, block_bytes, record_limit, bytes: 0 }
    }

    /// How many bytes of text were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// The fields of the first record that is not an empty line. `None` where there is none; the inner error says what is
    /// wrong with it. To be called before [`next_batch`](Self::next_batch).
    pub fn header(&mut self) -> Result<Option<Result<Vec<String>, String>>, RecordError> {
        let mut text = std::mem::take(&mut self.rest);
        loop {
            self.fill(&mut text)?;
            self.detect_newline(&text);
            let mut at = 0;
            while let Some(length) = empty_line(&text[at..], self.newline) {
                at += length;
            }
            let mut spans = Vec::new();
            match split(&text, at, self.ended, self.dialect.delimiter, self.newline, &mut spans) {
                _ if at == text.len() && self.ended => return Ok(None),
                Found::Record { next } => {
                    self.line += count_lines(&text[..next], self.newline);
                    self.rest = text.split_off(next);
                    return Ok(Some(header_names(&mut text, spans)));
                }
                Found::Flawed { reason, .. } => return Ok(Some(Err(reason.to_owned()))),
                Found::Incomplete { in_quotes: true } if self.ended => return Ok(Some(Err(UNCLOSED.to_owned()))),
                Found::Incomplete { .. } if text.len() >= self.record_limit => {
                    return Err(RecordError::TooLong { line: self.line });
                }
                Found::Incomplete { .. } => {}
            }
        }
    }

    /// The next records, each of `width` fields; the others are set aside. `None` at the end.
    pub fn next_batch(&mut self, width: usize) -> Result<Option<RawBatch>, RecordError> {
        let mut text = std::mem::take(&mut self.rest);
        loop {
            self.fill(&mut text)?;
            if text.is_empty() {
                return Ok(None);
            }
            let split = self.split_block(&text, width);
            if split.consumed == 0 {
                if text.len() >= self.record_limit {
                    return Err(RecordError::TooLong { line: self.line });
                }
                continue;
            }
            self.rest = text[split.consumed..].to_vec();
            text.truncate(split.consumed);
            let batch = self.finish(text, split, width);
            if batch.rows() == 0 && batch.bad.is_empty() {
                // Nothing but empty lines.
                text = std::mem::take(&mut self.rest);
                continue;
            }
            return Ok(Some(batch));
        }
    }

    /// Reads another block to the end of `text`.
    fn fill(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        if self.ended {
            return Ok(());
        }
        // A record longer than a block is found in time linear in its length.
        let wanted = self.block_bytes.max(text.len()).saturating_sub(text.len() / 2).max(1);
        text.reserve_exact(wanted);
        let read = Read::by_ref(&mut self.source).take(wanted as u64).read_to_end(text)?;
        self.bytes += read as u64;
        self.ended = read < wanted;
        Ok(())
    }

    fn detect_newline(&mut self, text: &[u8]) {
        if let Some(at) = memchr2(b'\r', b'\n', text)
            && text[at] == b'\r'
            && text.get(at + 1).is_some_and(|next| *next != b'\n')
        {
            self.newline = b'\r';
        }
    }

    fn split_block(&self, text: &[u8], width: usize) -> Split {
        let mut split_so_far = Split { spans: Vec::with_capacity(text.len() / 12), ..Split::default() };
        let Split { spans, starts, flawed, consumed } = &mut split_so_far;
        while *consumed < text.len() {
            let start = *consumed;
            if let Some(length) = empty_line(&text[start..], self.newline) {
                *consumed += length;
                continue;
            }
            let before = spans.len();
            let (next, reason) = match split(text, start, self.ended, self.dialect.delimiter, self.newline, spans) {
                Found::Record { next } => {
                    (next, (spans.len() - before != width).then(|| wrong_width(spans.len() - before, width)))
                }
                Found::Flawed { next, reason } => (next, Some(reason.to_owned())),
                Found::Incomplete { in_quotes: true } if self.ended || text.len() - start >= self.record_limit => {
                    // A quote that is never closed would swallow the rest of the file: only its first line is bad.
                    let end = memchr(self.newline, &text[start..]).map_or(text.len(), |at| start + at + 1);
                    (end, Some(UNCLOSED.to_owned()))
                }
                Found::Incomplete { .. } => {
                    spans.truncate(before);
                    break;
                }
            };
            match reason {
                None => starts.push(start),
                Some(reason) => {
                    spans.truncate(before);
                    flawed.push((start, next, reason));
                }
            }
            *consumed = next;
        }
        split_so_far
    }

    /// Sets records aside, checks that the others are text, and unescapes them.
    fn finish(&mut self, mut text: Vec<u8>, split: Split, width: usize) -> RawBatch {
        let Split { mut spans, starts, mut flawed, .. } = split;
        if simdutf8::basic::from_utf8(&text).is_err() {
            set_aside_what_is_not_text(&text, &mut spans, &starts, width, &mut flawed);
        }
        let mut bad = Vec::with_capacity(flawed.len());
        let (mut line, mut counted) = (self.line, 0);
        for (start, end, reason) in flawed {
            line += count_lines(&text[counted..start], self.newline);
            counted = start;
            bad.push(BadRecord::new(line, reason, without_newline(&text[start..end])));
        }
        self.line = line + count_lines(&text[counted..], self.newline);
        for span in &mut spans {
            span.unescape(&mut text);
        }
        RawBatch { text: Buffer::from_vec(text), spans, width, bad }
    }
}

#[derive(Default)]
struct Split {
    spans: Vec<Span>,
    /// Where each good record begins.
    starts: Vec<usize>,
    /// Start, end and reason of each bad record.
    flawed: Vec<(usize, usize, String)>,
    consumed: usize,
}

const UNCLOSED: &str = "a quote is not closed";
const AFTER_QUOTE: &str = "text follows a closing quote";

fn wrong_width(found: usize, width: usize) -> String {
    let plural = if found == 1 { "" } else { "s" };
    format!("{found} field{plural}, where the header has {width}")
}

fn empty_line(text: &[u8], newline: u8) -> Option<usize> {
    match text {
        [b'\r', b'\n', ..] => Some(2),
        [first, ..] if *first == newline => Some(1),
        _ => None,
    }
}

fn count_lines(text: &[u8], newline: u8) -> u64 {
    memchr_iter(newline, text).count() as u64
}

fn without_newline(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Splits the record that begins at `start`. `ended` says that nothing follows `text`.
#[inline]
fn split(text: &[u8], start: usize, ended: bool, delimiter: u8, newline: u8, spans: &mut Vec<Span>) -> Found {
    let mut at = start;
    loop {
        if text.get(at) == Some(&QUOTE) {
            let (close, escaped) = match closing_quote(text, at + 1, ended) {
                Some(found) => found,
                None => return Found::Incomplete { in_quotes: true },
            };
            spans.push(Span::quoted(at + 1, close, escaped));
            at = close + 1;
            match (text.get(at), text.get(at + 1)) {
                (None, _) => return Found::Record { next: at },
                (Some(&next), _) if next == delimiter => at += 1,
                (Some(&next), _) if next == newline => return Found::Record { next: at + 1 },
                (Some(b'\r'), Some(b'\n')) => return Found::Record { next: at + 2 },
                (Some(b'\r'), None) if ended => return Found::Record { next: at + 1 },
                (Some(b'\r'), None) => return Found::Incomplete { in_quotes: false },
                _ => return flawed_to_line_end(text, at, ended, newline),
            }
        } else {
            match memchr2(delimiter, newline, &text[at..]) {
                Some(length) if text[at + length] == delimiter => {
                    spans.push(Span::plain(at, at + length));
                    at += length + 1;
                }
                Some(length) => {
                    spans.push(Span::plain(at, without_cr(text, at, at + length)));
                    return Found::Record { next: at + length + 1 };
                }
                None if ended => {
                    spans.push(Span::plain(at, without_cr(text, at, text.len())));
                    return Found::Record { next: text.len() };
                }
                None => return Found::Incomplete { in_quotes: false },
            }
        }
    }
}

/// The place of the quote that closes a field, and whether doubled quotes stand before it.
#[inline]
fn closing_quote(text: &[u8], mut from: usize, ended: bool) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        let at = from + memchr(QUOTE, &text[from..])?;
        match text.get(at + 1) {
            Some(&QUOTE) => {
                escaped = true;
                from = at + 2;
            }
            // Whether the quote is doubled is in the next block.
            None if !ended => return None,
            _ => return Some((at, escaped)),
        }
    }
}

fn flawed_to_line_end(text: &[u8], at: usize, ended: bool, newline: u8) -> Found {
    match memchr(newline, &text[at..]) {
        Some(length) => Found::Flawed { next: at + length + 1, reason: AFTER_QUOTE },
        None if ended => Found::Flawed { next: text.len(), reason: AFTER_QUOTE },
        None => Found::Incomplete { in_quotes: false },
    }
}

#[inline]
fn without_cr(text: &[u8], start: usize, end: usize) -> usize {
    if end > start && text[end - 1] == b'\r' { end - 1 } else { end }
}

fn header_names(text: &mut [u8], spans: Vec<Span>) -> Result<Vec<String>, String> {
    let mut spans = spans;
    for span in &mut spans {
        span.unescape(text);
    }
    let batch = RawBatch { text: Buffer::from_vec(text.to_vec()), width: spans.len(), spans, bad: Vec::new() };
    (0..batch.width)
        .map(|i| std::str::from_utf8(batch.field(0, i).text).map(str::to_owned).map_err(|_| NOT_TEXT.to_owned()))
        .collect()
}

const NOT_TEXT: &str = "bytes that are not text in the source's encoding";

#[cold]
fn set_aside_what_is_not_text(
    text: &[u8],
    spans: &mut Vec<Span>,
    starts: &[usize],
    width: usize,
    flawed: &mut Vec<(usize, usize, String)>,
) {
    let mut kept = Vec::with_capacity(spans.len());
    let mut bounds: Vec<usize> =
        starts.iter().copied().chain(flawed.iter().map(|(start, ..)| *start)).chain([text.len()]).collect();
    bounds.sort_unstable();
    for (start, record) in starts.iter().zip(spans.chunks(width.max(1))) {
        let end = bounds.get(bounds.partition_point(|bound| bound <= start)).copied().unwrap_or(text.len());
        if std::str::from_utf8(&text[*start..end]).is_ok() {
            kept.extend_from_slice(record);
        } else {
            flawed.push((*start, end, NOT_TEXT.to_owned()));
        }
    }
    *spans = kept;
    flawed.sort_by_key(|(start, ..)| *start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Rows = Vec<Vec<String>>;

    fn read(text: &[u8], block: usize) -> (Rows, Vec<(u64, String, String)>) {
        let mut reader = RecordReader::new(text, Dialect::default(), block, 1 << 20);
        let header = reader.header().unwrap().unwrap().unwrap();
        let (mut rows, mut bad) = (vec![header.clone()], Vec::new());
        while let Some(batch) = reader.next_batch(header.len()).unwrap() {
            for row in 0..batch.rows() {
                rows.push((0..header.len()).map(|i| String::from_utf8(batch.field(row, i).text.to_vec()).unwrap()).collect());
            }
            bad.extend(batch.bad.into_iter().map(|record| (record.line, record.reason, record.text)));
        }
        (rows, bad)
    }

    fn rows(list: &[&[&str]]) -> Rows {
        list.iter().map(|row| row.iter().map(|&field| field.to_owned()).collect()).collect()
    }

    #[test]
    fn quotes_hold_anything() {
        for block in [1, 2, 3, 7, 4096] {
            let (found, bad) = read(b"a,b\r\n\"x, \"\"y\"\"\nz\",1\r\n,\"\"\n\"q\"\"\",2", block);
            assert_eq!(found, rows(&[&["a", "b"], &["x, \"y\"\nz", "1"], &["", ""], &["q\"", "2"]]), "{block}");
            assert_eq!(bad, []);
        }
    }

    #[test]
    fn what_is_no_row_is_set_aside_with_its_line() {
        for block in [1, 5, 4096] {
            let (found, bad) = read(b"a,b\n1,2\n3\n4,5,6\n\n\"x\ny\",7\n\"8\"9,1\n10,\xFF\n11,12\n\"13,14\n15,16\n", block);
            assert_eq!(found, rows(&[&["a", "b"], &["1", "2"], &["x\ny", "7"], &["11", "12"], &["15", "16"]]), "{block}");
            let expected = [
                (3, "1 field, where the header has 2", "3"),
                (4, "3 fields, where the header has 2", "4,5,6"),
                (8, AFTER_QUOTE, "\"8\"9,1"),
                (9, NOT_TEXT, "10,\u{FFFD}"),
                (11, UNCLOSED, "\"13,14"),
            ];
            assert_eq!(bad, expected.map(|(line, reason, text)| (line, reason.to_owned(), text.to_owned())), "{block}");
        }
    }

    #[test]
    fn lines_may_end_with_a_lone_cr() {
        let (found, bad) = read(b"a,b\r1,2\r3,4\r", 3);
        assert_eq!(found, rows(&[&["a", "b"], &["1", "2"], &["3", "4"]]));
        assert_eq!(bad, []);
    }

    #[test]
    fn empty_lines_are_no_records() {
        let (found, bad) = read(b"\n\r\na\n\n1\n\r\n\n2\n\n", 2);
        assert_eq!(found, rows(&[&["a"], &["1"], &["2"]]));
        assert_eq!(bad, []);
        assert!(RecordReader::new(&b"\n\n"[..], Dialect::default(), 9, 9).header().unwrap().is_none());
    }

    #[test]
    fn a_record_without_an_end_is_refused_at_the_limit() {
        let text = [b"a\n".to_vec(), vec![b'x'; 5000]].concat();
        let mut reader = RecordReader::new(&text[..], Dialect::default(), 64, 1000);
        reader.header().unwrap();
        assert!(matches!(reader.next_batch(1), Err(RecordError::TooLong { line: 2 })));
    }

    proptest! {
        #[test]
        fn agrees_with_an_independent_reader(
            table in prop::collection::vec(prop::collection::vec("[a-z\",\\n é]{0,6}", 3..=3), 1..20),
            block in 1..64_usize,
            crlf: bool,
        ) {
            let ending = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(ending).from_writer(Vec::new());
            for row in std::iter::once(vec!["a".to_owned(), "b".into(), "c".into()]).chain(table.clone()) {
                writer.write_record(&row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let (found, bad) = read(&text, block);
            prop_assert_eq!(bad, vec![]);
            prop_assert_eq!(&found[1..], &table[..]);
        }

        /// Promise 3 at its root: every line of a file is in a row or in quarantine.
        #[test]
        fn nothing_is_lost_whatever_the_bytes(body in prop::collection::vec(prop::sample::select(b"ab\",\n\r\xC3\x28 ".to_vec()), 0..200), block in 1..50_usize) {
            let text = [b"h1,h2\n".to_vec(), body.clone()].concat();
            let (found, bad) = read(&text, block);
            let kept = |text: &str| text.bytes().filter(|b| b.is_ascii_lowercase()).count();
            let seen: usize = found[1..].iter().flatten().map(|f| kept(f)).sum::<usize>() + bad.iter().map(|(_, _, text)| kept(text)).sum::<usize>();
            prop_assert_eq!(seen, body.iter().filter(|b| b.is_ascii_lowercase()).count());
        }

        #[test]
        fn the_block_size_changes_nothing(body in prop::collection::vec(prop::sample::select(b"a\",\n\r".to_vec()), 0..120), block in 1..40_usize) {
            let text = [b"h1,h2\n".to_vec(), body].concat();
            prop_assert_eq!(read(&text, block), read(&text, 1 << 16));
        }
    }
}
