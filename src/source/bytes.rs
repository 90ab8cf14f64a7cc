//! From an object's bytes to UTF-8 text: unpacking, byte order marks, encodings. A stream; never the whole file in memory.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::bufread::MultiGzDecoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SourceError;

const READ_BYTES: usize = 256 << 10;

/// Byte that no UTF-8 text has. It replaces source bytes that are invalid in the source's encoding, so that the parser
/// quarantines the record.
const NOT_TEXT: u8 = 0xFF;

/// Text encoding of a source's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16; big-endian only where its byte order mark says so.
    #[serde(rename = "utf-16")]
    Utf16,
    /// Windows code page 1252, which also reads ISO 8859-1.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// Returns the encoding's name in module files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

type Bytes = Box<dyn Read + Send>;
/// A stream whose first bytes were looked at and are still in it.
type Peeked = Chain<Cursor<Vec<u8>>, Bytes>;

const GZIP: [u8; 2] = [0x1F, 0x8B];
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Returns true if an object is compressed in a format that adg reads. `first`: its first bytes, at least four if it has them.
#[cfg(feature = "spark")]
pub fn is_packed(first: &[u8]) -> bool {
    first.starts_with(&GZIP) || first.starts_with(&ZSTD)
}

/// Returns an object's text as UTF-8 without a byte order mark; bytes that are invalid in its encoding come out as bytes that are
/// not UTF-8. Gzip (with several members too) and zstd are recognised by their first bytes.
pub(super) fn open_text(key: &str, bytes: Bytes, encoding: Encoding) -> Result<Bytes, SourceError> {
    let (first, bytes) = peek(bytes, 6).map_err(|source| failed(key, source))?;
    let unpacked = unpack(key, &first, bytes)?;
    let (mark, text) = peek(unpacked, 3).map_err(|source| failed(key, source))?;
    decode(key, &mark, text, encoding)
}

fn failed(key: &str, source: io::Error) -> SourceError {
    SourceError::Read { key: key.to_owned(), bytes: 0, source }
}

/// Returns the first bytes of a stream, and the stream with them still in it.
pub(super) fn peek(mut bytes: Bytes, count: u64) -> io::Result<(Vec<u8>, Peeked)> {
    let mut first = Vec::new();
    bytes.by_ref().take(count).read_to_end(&mut first)?;
    Ok((first.clone(), Cursor::new(first).chain(bytes)))
}

fn unpack(key: &str, first: &[u8], bytes: impl Read + Send + 'static) -> Result<Bytes, SourceError> {
    let unknown = |found| Err(SourceError::UnknownPacking { key: key.to_owned(), found });
    match first {
        _ if first.starts_with(&GZIP) => Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(READ_BYTES, bytes)))),
        _ if first.starts_with(&ZSTD) => {
            zstd::Decoder::new(bytes).map(|decoder| Box::new(decoder) as Bytes).map_err(|source| failed(key, source))
        }
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', ..] => unknown("a bzip2 archive"),
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => unknown("an xz archive"),
        [b'P', b'K', 3, 4, ..] => unknown("a zip archive"),
        [b'P', b'A', b'R', b'1', ..] => unknown("a Parquet file"),
        [b'O', b'b', b'j', 1, ..] => unknown("an Avro file"),
        [b'O', b'R', b'C', ..] => unknown("an ORC file"),
        [b'%', b'P', b'D', b'F', b'-', ..] => unknown("a PDF document"),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => unknown("an old Excel file"),
        [b'7', b'z', 0xBC, 0xAF, ..] => unknown("a 7z archive"),
        [b'R', b'a', b'r', b'!', ..] => unknown("a rar archive"),
        [4, 0x22, 0x4D, 0x18, ..] => unknown("an lz4 archive"),
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => unknown("a SQLite database"),
        _ => Ok(Box::new(bytes)),
    }
}

fn decode(key: &str, mark: &[u8], mut text: Peeked, encoding: Encoding) -> Result<Bytes, SourceError> {
    let utf16 = match mark {
        [0xFF, 0xFE, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] => Some(UTF_16BE),
        _ => None,
    };
    let has_utf8_mark = mark == [0xEF, 0xBB, 0xBF];
    let wrong = |found| Err(SourceError::WrongEncoding { key: key.to_owned(), found, expected: encoding.name() });
    match encoding {
        Encoding::Utf8 | Encoding::Windows1252 if utf16.is_some() => wrong(Encoding::Utf16.name()),
        Encoding::Utf16 | Encoding::Windows1252 if has_utf8_mark => wrong(Encoding::Utf8.name()),
        Encoding::Utf8 => {
            if has_utf8_mark {
                let mut skipped = [0; 3];
                text.read_exact(&mut skipped).map_err(|source| failed(key, source))?;
            }
            Ok(Box::new(text))
        }
        Encoding::Utf16 => Ok(Box::new(Transcoder::new(text, utf16.unwrap_or(UTF_16LE)))),
        Encoding::Windows1252 => Ok(Box::new(Transcoder::new(text, WINDOWS_1252))),
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn text(bytes: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>, String> {
        let mut read = Vec::new();
        let mut reader = open_text("k", Box::new(Cursor::new(bytes)), encoding).map_err(|error| error.to_string())?;
        reader.read_to_end(&mut read).map_err(|error| error.to_string())?;
        Ok(read)
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn utf16(data: &str, big: bool) -> Vec<u8> {
        data.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    #[test]
    fn plain_gzip_of_several_members_and_zstd_are_the_same_text() {
        assert_eq!(text(b"a,b\n".to_vec(), Encoding::Utf8).unwrap(), b"a,b\n");
        let members = [gzip(b"a,b\n1,"), gzip(b"2\n")].concat();
        assert_eq!(text(members, Encoding::Utf8).unwrap(), b"a,b\n1,2\n");
        assert_eq!(text(zstd::encode_all(&b"a,b\n"[..], 1).unwrap(), Encoding::Utf8).unwrap(), b"a,b\n");
        assert_eq!(text(Vec::new(), Encoding::Utf8).unwrap(), b"");
    }

    #[test]
    fn damaged_and_unknown_archives_are_errors() {
        let mut cut = gzip(&[b'x'; 9000]);
        cut.truncate(cut.len() - 9);
        assert!(text(cut, Encoding::Utf8).is_err());
        assert!(text(b"BZh91AY&SY".to_vec(), Encoding::Utf8).unwrap_err().contains("bzip2"));
        assert!(text(b"\xFD7zXZ\x00..".to_vec(), Encoding::Utf8).unwrap_err().contains("xz"));
    }

    #[test]
    fn encodings_become_utf8_and_their_marks_go() {
        assert_eq!(text(b"\xEF\xBB\xBFa,\xC3\xA9".to_vec(), Encoding::Utf8).unwrap(), "a,é".as_bytes());
        assert_eq!(text(b"a,\xE9\x80".to_vec(), Encoding::Windows1252).unwrap(), "a,é€".as_bytes());
        let sample = "a,é🦀\r\n".repeat(200_000);
        assert_eq!(text(utf16(&sample, false), Encoding::Utf16).unwrap(), sample.as_bytes());
        assert_eq!(text(utf16(&format!("\u{FEFF}{sample}"), true), Encoding::Utf16).unwrap(), sample.as_bytes());
        assert_eq!(text(gzip(&utf16("x", false)), Encoding::Utf16).unwrap(), b"x");
    }

    #[test]
    fn utf16_read_as_utf8_is_an_error_not_garbage() {
        let error = text(utf16("\u{FEFF}a,b\n", false), Encoding::Utf8).unwrap_err();
        assert_eq!(error, "the source file `k` begins with the mark of UTF-16, but is read as UTF-8");
    }

    #[test]
    fn half_a_character_is_left_for_the_parser() {
        let mut lone = utf16("a,", false);
        lone.extend(0xD800_u16.to_le_bytes());
        lone.extend(utf16("b\n", false));
        assert_eq!(text(lone, Encoding::Utf16).unwrap(), b"a,\xFFb\n");
    }
}
