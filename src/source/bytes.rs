//! From an object's bytes to UTF-8 text: unpacking, byte order marks, encodings. A stream; never the whole file in memory.

use std::io::{Cursor, Read};

use super::decode::decoded;
use super::foreign::{self, FIRST};
use super::members::Texts;
use super::packing::{Packing, TELLING, foreign_content};
use super::stream::{Bytes, failed, peek};
use super::zip::{Archive, OFFICE};
use super::{Encoding, SourceError};

/// Returns an object's texts as UTF-8 without a byte order mark; bytes that are invalid in its encoding come out as bytes that
/// are not UTF-8. Compression and archives are recognised by their first bytes.
pub(super) fn open_texts(key: &str, bytes: Bytes, encoding: Encoding) -> Result<Texts, SourceError> {
    let (first, bytes) = peek(bytes, TELLING).map_err(|source| failed(key, source))?;
    match Packing::of(key, &first)? {
        Packing::Zip => Ok(Texts::members(key, Archive::open(key, bytes)?, encoding)),
        packing => Ok(Texts::one(key, decoded(key, packing.unpack(key, bytes)?, encoding)?)),
    }
}

/// Returns the bytes of a file of typed fields, decompressed. An archive has one such file. `is_workbook`: an archive may be the
/// file itself.
pub(super) fn open_typed(key: &str, bytes: Bytes, format: &'static str, is_workbook: bool) -> Result<Bytes, SourceError> {
    let (first, mut bytes) = peek(bytes, TELLING).map_err(|source| failed(key, source))?;
    match Packing::of_bytes(&first) {
        Packing::Zip if is_workbook => {
            // Workbooks are read whole.
            let mut file = Vec::new();
            bytes.read_to_end(&mut file).map_err(|source| failed(key, source))?;
            match Archive::open(key, file.as_slice()) {
                Err(SourceError::UnknownPacking { found: OFFICE, .. }) => Ok(Box::new(Cursor::new(file))),
                archive => only_file(key, &archive?, format),
            }
        }
        Packing::Zip => of_format(key, only_file(key, &Archive::open(key, bytes)?, format)?, format, is_workbook),
        packing => of_format(key, packing.unpack(key, bytes)?, format, is_workbook),
    }
}

/// Returns the bytes of a file of typed fields, unless they are of another format.
fn of_format(key: &str, bytes: Bytes, format: &'static str, is_workbook: bool) -> Result<Bytes, SourceError> {
    let unknown = |found| Err(SourceError::UnknownPacking { key: key.to_owned(), found });
    let (first, mut bytes) = peek(bytes, FIRST).map_err(|source| failed(key, source))?;
    let found = foreign_content(&first).filter(|found| *found != foreign::PACKED_TWICE || !is_workbook);
    match found {
        // It may be the container of another workbook, which has a password.
        Some(found) if is_workbook && foreign::setting(found) == Some("excel") => {
            let mut file = Vec::new();
            bytes.read_to_end(&mut file).map_err(|source| failed(key, source))?;
            foreign::of_old_workbook(&file).map_or(Ok(Box::new(Cursor::new(file))), unknown)
        }
        Some(found) if !is_workbook && found.contains(format) => Ok(Box::new(bytes)),
        Some(found) => unknown(found),
        None if is_text(&first) => match foreign::of_text(&String::from_utf8_lossy(&first)) {
            Some(found) => unknown(found),
            None => {
                let reason = "it is text; `adg sniff FILE` prints the settings that read it".to_owned();
                Err(SourceError::NotReadable { key: key.to_owned(), format, reason })
            }
        },
        None => Ok(Box::new(bytes)),
    }
}

fn is_text(first: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n') || *byte == 0x7F;
    !first.is_empty() && !first.iter().any(is_control)
}

fn only_file(key: &str, archive: &Archive, format: &'static str) -> Result<Bytes, SourceError> {
    match archive.members.as_slice() {
        [member] => Ok(archive.bytes(member)),
        members => {
            let reason = format!("the zip archive has {} files; pack each one alone", members.len());
            Err(SourceError::NotReadable { key: key.to_owned(), format, reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn of(name: &str) -> Encoding {
        Encoding::named(name).unwrap()
    }

    fn text(bytes: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>, String> {
        let mut read = Vec::new();
        let texts = open_texts("k", Box::new(Cursor::new(bytes)), encoding).map_err(|error| error.to_string())?;
        texts.joined().read_to_end(&mut read).map_err(|error| error.to_string())?;
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
    fn encodings_become_utf8_and_their_marks_go() {
        assert_eq!(text(b"\xEF\xBB\xBFa,\xC3\xA9".to_vec(), Encoding::UTF_8).unwrap(), "a,é".as_bytes());
        assert_eq!(text(b"a,\xE9\x80".to_vec(), of("windows-1252")).unwrap(), "a,é€".as_bytes());
        for (name, bytes, expected) in [
            ("windows-1250", &b"\xA3\xF3d\x9F"[..], "Łódź"),
            ("shift_jis", b"\x96\xBC\x91O", "名前"),
            ("gb18030", b"\xC3\xFB", "名"),
            ("windows-1251", b"\xD6\xE5\xED\xE0", "Цена"),
            ("iso-8859-15", b"\xA4", "€"),
            ("latin1", b"\xE9", "é"),
            ("koi8-r", b"\xC1", "а"),
            ("utf-16be", b"\0a", "a"),
        ] {
            assert_eq!(text(bytes.to_vec(), of(name)).unwrap(), expected.as_bytes(), "{name}");
        }
        assert_eq!((Encoding::named("utf-7"), Encoding::named("iso-2022-cn")), (None, None));
        let sample = "a,é🦀\r\n".repeat(200_000);
        assert_eq!(text(utf16(&sample, false), of("utf-16")).unwrap(), sample.as_bytes());
        assert_eq!(text(utf16(&format!("\u{FEFF}{sample}"), true), of("utf-16")).unwrap(), sample.as_bytes());
        assert_eq!(text(gzip(&utf16("x", false)), of("utf-16")).unwrap(), b"x");
    }

    #[test]
    fn utf16_read_as_utf8_is_an_error_not_garbage() {
        let error = text(utf16("\u{FEFF}a,b\n", false), Encoding::UTF_8).unwrap_err();
        assert_eq!(error, "the source file `k` begins with the mark of utf-16, but is read as utf-8");
    }

    #[test]
    fn half_a_character_is_left_for_the_parser() {
        let mut lone = utf16("a,", false);
        lone.extend(0xD800_u16.to_le_bytes());
        lone.extend(utf16("b\n", false));
        assert_eq!(text(lone, of("utf-16")).unwrap(), b"a,\xFFb\n");
    }
}
