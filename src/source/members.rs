//! The texts of a file: its own, or those of the files in a zip archive.

use std::io::{self, Read};

use super::decode::decoded;
use super::stream::Bytes;
use super::zip::Archive;
use super::{Encoding, SourceError};

/// A text of a file.
pub(super) struct Text {
    /// Key for messages: that of the file, with the name of the archive's file if there are several.
    pub(super) key: String,
    /// Name of the file in an archive with several.
    pub(super) member: Option<String>,
    /// The text as UTF-8, without a byte order mark.
    pub(super) bytes: Bytes,
}

/// The texts of a file, one after the other.
pub(super) enum Texts {
    /// A file that is no archive.
    One(Option<Text>),
    /// The files of an archive that have content, in its order.
    Members {
        key: String,
        archive: Archive,
        encoding: Encoding,
        /// Number of the next file.
        next: usize,
    },
}

impl Texts {
    pub(super) fn one(key: &str, bytes: Bytes) -> Self {
        Self::One(Some(Text { key: key.to_owned(), member: None, bytes }))
    }

    pub(super) fn members(key: &str, mut archive: Archive, encoding: Encoding) -> Self {
        archive.members.retain(|member| member.size > 0);
        Self::Members { key: key.to_owned(), archive, encoding, next: 0 }
    }

    /// Returns true if the file is an archive with several files.
    pub(super) fn are_several(&self) -> bool {
        matches!(self, Self::Members { archive, .. } if archive.members.len() > 1)
    }

    /// Opens the next text; `None` if there is none.
    ///
    /// # Errors
    /// It has the byte order mark of another encoding, or is damaged.
    pub(super) fn next(&mut self) -> Result<Option<Text>, SourceError> {
        let are_several = self.are_several();
        match self {
            Self::One(text) => Ok(text.take()),
            Self::Members { key, archive, encoding, next } => {
                let Some(member) = archive.members.get(*next) else { return Ok(None) };
                *next += 1;
                let name = are_several.then(|| member.name.clone());
                let key = name.as_ref().map_or_else(|| key.clone(), |name| format!("{key}/{name}"));
                let bytes = decoded(&key, archive.bytes(member), *encoding)?;
                Ok(Some(Text { key, member: name, bytes }))
            }
        }
    }

    /// Returns all texts as one, each ended by a line end.
    pub(super) fn joined(self) -> Bytes {
        match self {
            Self::One(Some(text)) => text.bytes,
            texts => Box::new(Joined { texts, current: None, ends_with_line_end: true }),
        }
    }
}

/// Several texts as one.
struct Joined {
    texts: Texts,
    current: Option<Bytes>,
    ends_with_line_end: bool,
}

impl Read for Joined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            let Some(text) = &mut self.current else {
                let Some(text) = self.texts.next().map_err(io_error)? else { return Ok(0) };
                self.current = Some(text.bytes);
                if self.ends_with_line_end {
                    continue;
                }
                self.ends_with_line_end = true;
                buffer[0] = b'\n';
                return Ok(1);
            };
            match text.read(buffer)? {
                0 => self.current = None,
                count => {
                    self.ends_with_line_end = buffer[..count].last() == Some(&b'\n');
                    return Ok(count);
                }
            }
        }
        Ok(0)
    }
}

fn io_error(error: SourceError) -> io::Error {
    match error {
        SourceError::Read { source, .. } => source,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;

    use super::*;

    pub(in crate::source) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: Vec<u8>) -> Result<String, String> {
        let archive = Archive::open("k", Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let mut text = String::new();
        let mut joined = Texts::members("k", archive, Encoding::default()).joined();
        joined.read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    #[test]
    fn joined_texts_each_end_with_a_line_end() {
        let bytes = archive(&[
            ("empty.json", b""),
            ("a.json", b"\xEF\xBB\xBF[1]"),
            ("__MACOSX/._a.json", b"\0\0"),
            ("b.json", b"\xEF\xBB\xBF[2]\n"),
            ("c.json", b"[3]"),
        ]);
        assert_eq!(read(bytes).unwrap(), "[1]\n[2]\n[3]");
        assert_eq!(read(archive(&[])).unwrap(), "");
    }

    #[test]
    fn what_is_damaged_or_a_document_is_refused() {
        let workbook = archive(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")]);
        assert!(read(workbook).unwrap_err().contains("an Excel workbook"));
        let mut damaged = archive(&[("a", &b"id\n".repeat(1000))]);
        let at = 40;
        damaged[at] ^= 0x55;
        assert!(read(damaged).is_err());
        let whole = archive(&[("a", b"id\n1\n")]);
        assert!(read(whole[..whole.len() - 10].to_vec()).is_err());
    }
}
