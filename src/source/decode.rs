//! From bytes to UTF-8 text: byte order marks and encodings. A stream; never the whole file in memory.

use std::io::{self, BufRead, BufReader, Read};

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE};

use super::foreign::FIRST;
use super::packing::{READ_BYTES, foreign_content};
use super::stream::{Bytes, Peeked, failed, peek};
use super::{Encoding, SourceError};

/// Byte that no UTF-8 text has. It replaces source bytes that are invalid in the source's encoding, so that the parser
/// quarantines the record.
const NOT_TEXT: u8 = 0xFF;

/// Returns a text as UTF-8 without a byte order mark.
///
/// # Errors
/// It is no text, or in another encoding by its mark.
pub(super) fn decoded(key: &str, bytes: Bytes, encoding: Encoding) -> Result<Bytes, SourceError> {
    let (mark, text) = peek(bytes, FIRST).map_err(|source| failed(key, source))?;
    if let Some(found) = foreign_content(&mark) {
        return Err(SourceError::UnknownPacking { key: key.to_owned(), found });
    }
    decode(key, &mark, text, encoding)
}

fn decode(key: &str, mark: &[u8], mut text: Peeked, encoding: Encoding) -> Result<Bytes, SourceError> {
    let utf16 = match mark {
        [0xFF, 0xFE, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] => Some(UTF_16BE),
        _ => None,
    };
    let has_utf8_mark = mark.starts_with(&[0xEF, 0xBB, 0xBF]);
    let has_utf32_mark = matches!(mark, [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..]);
    let wrong = |found| Err(SourceError::WrongEncoding { key: key.to_owned(), found, expected: encoding.name() });
    match encoding {
        _ if has_utf32_mark => wrong("utf-32"),
        _ if utf16.is_some() && !encoding.is_utf16() => wrong("utf-16"),
        _ if has_utf8_mark && encoding != Encoding::UTF_8 => wrong("utf-8"),
        _ if encoding == Encoding::UTF_8 => {
            if has_utf8_mark {
                let mut skipped = [0; 3];
                text.read_exact(&mut skipped).map_err(|source| failed(key, source))?;
            }
            Ok(Box::new(text))
        }
        _ => Ok(Box::new(Transcoder::new(text, utf16.unwrap_or(encoding.table())))),
    }
}

/// Turns bytes of another encoding into UTF-8 as they are read.
struct Transcoder<R> {
    source: BufReader<R>,
    decoder: encoding_rs::Decoder,
    ready: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Transcoder<R> {
    fn new(source: R, encoding: &'static encoding_rs::Encoding) -> Self {
        let source = BufReader::with_capacity(READ_BYTES, source);
        Self { source, decoder: encoding.new_decoder_with_bom_removal(), ready: Vec::new(), taken: 0, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && !self.ended {
            let input = self.source.fill_buf()?;
            let last = input.is_empty();
            let longest = self.decoder.max_utf8_buffer_length_without_replacement(input.len()).unwrap_or(READ_BYTES);
            self.ready.resize(longest.max(16), 0);
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(input, &mut self.ready, last);
            self.ready.truncate(written);
            if let DecoderResult::Malformed(..) = result {
                self.ready.push(NOT_TEXT);
            }
            self.ended = last && matches!(result, DecoderResult::InputEmpty);
            self.source.consume(read);
        }
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            self.refill()?;
        }
        let count = buffer.len().min(self.ready.len() - self.taken);
        buffer[..count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}
