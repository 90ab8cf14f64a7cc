//! Files in a zip archive, one after the other.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use tempfile::SpooledTempFile;
use zip::{CompressionMethod, ZipArchive};

use super::SourceError;
use super::stream::failed;

/// Bytes of an archive that are kept in memory; a larger one lies in a temporary file while it is read.
const IN_MEMORY: usize = 8 << 20;

/// Name of archives that are documents: of Office, as Excel's, and of OpenDocument.
pub(super) const OFFICE: &str = "an Excel workbook or another Office document";

/// A file of an archive.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    start: u64,
    packed: u64,
    pub(super) size: u64,
    crc: u32,
    is_deflated: bool,
}

/// An archive, whose directory is at its end: it is read completely before its first file.
pub(super) struct Archive {
    file: Arc<Mutex<SpooledTempFile>>,
    pub(super) members: Vec<Member>,
}

impl Archive {
    /// Reads an archive and the list of its files.
    ///
    /// # Errors
    /// It is damaged; a file is encrypted, or compressed in a format that adg does not read; it is an Excel workbook.
    pub(super) fn open(key: &str, mut bytes: impl Read) -> Result<Self, SourceError> {
        let mut file = SpooledTempFile::new(IN_MEMORY);
        io::copy(&mut bytes, &mut file).map_err(|source| failed(key, source))?;
        let damaged = |error: zip::result::ZipError| failed(key, io::Error::other(error));
        let mut archive = ZipArchive::new(file).map_err(damaged)?;
        let mut members = Vec::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(damaged)?;
            let name = entry.name().map_err(damaged)?.into_owned();
            let unknown = |found| SourceError::UnknownPacking { key: key.to_owned(), found };
            if matches!(name.as_str(), "[Content_Types].xml" | "META-INF/manifest.xml") {
                return Err(unknown(OFFICE));
            }
            if entry.is_dir() || is_hidden(&name) {
                continue;
            }
            if entry.encrypted() {
                return Err(unknown("a zip archive with a password"));
            }
            let is_deflated = match entry.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                _ => return Err(unknown("a zip archive that is not compressed by deflate")),
            };
            let start = entry.data_start().ok_or_else(|| failed(key, io::ErrorKind::InvalidData.into()))?;
            let (packed, size, crc) = (entry.compressed_size(), entry.size(), entry.crc32());
            members.push(Member { name, start, packed, size, crc, is_deflated });
        }
        Ok(Self { file: Arc::new(Mutex::new(archive.into_inner())), members })
    }

    /// Returns the bytes of a file of the archive. Its checksum is compared at its end.
    pub(super) fn bytes(&self, member: &Member) -> Box<dyn Read + Send> {
        let section = Section { file: Arc::clone(&self.file), at: member.start, left: member.packed };
        let checked = |inner: Box<dyn Read + Send>| Checked {
            inner,
            crc: Crc::new(),
            size: 0,
            expected: (member.size, member.crc),
            name: member.name.clone(),
        };
        Box::new(checked(if member.is_deflated { Box::new(DeflateDecoder::new(section)) } else { Box::new(section) }))
    }
}

/// Returns true if a file of an archive is no data: macOS adds such.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}

/// A part of an archive.
struct Section {
    file: Arc<Mutex<SpooledTempFile>>,
    at: u64,
    left: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(&mut buffer[..most])?;
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

/// A file of an archive whose size and checksum are compared at its end.
struct Checked {
    inner: Box<dyn Read + Send>,
    crc: Crc,
    size: u64,
    expected: (u64, u32),
    name: String,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.crc.update(&buffer[..count]);
        self.size += count as u64;
        if count == 0 && !buffer.is_empty() && (self.size, self.crc.sum()) != self.expected {
            let reason = format!("the file `{}` in the zip archive is damaged: its checksum differs", self.name);
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}
