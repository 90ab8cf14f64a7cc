//! The files of an archive as one text.

use std::io::{self, BufRead, BufReader, Read};

use super::decode::decoded;
use super::zip::Archive;
use super::{Encoding, SourceError};

/// Lines that each file of an archive begins with, and that stand once in the text of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Repeated {
    /// Lines before the header.
    pub(super) skipped: u64,
    /// True if a header follows, the same in each file.
    pub(super) header: bool,
}

type Text = BufReader<Box<dyn Read + Send>>;

/// The texts of an archive's files, in the archive's order, each ended by a line end.
pub(super) struct Members {
    key: String,
    archive: Archive,
    encoding: Encoding,
    repeated: Repeated,
    /// Number of the next file.
    next: usize,
    current: Option<Text>,
    /// Header of the first file.
    header: Option<Vec<u8>>,
    /// Text that was read and not handed out.
    ready: Vec<u8>,
    ends_with_line_end: bool,
}

impl Members {
    pub(super) fn new(key: &str, archive: Archive, encoding: Encoding, repeated: Repeated) -> Self {
        Self {
            key: key.to_owned(),
            archive,
            encoding,
            repeated,
            next: 0,
            current: None,
            header: None,
            ready: Vec::new(),
            ends_with_line_end: true,
        }
    }

    /// Opens the next file, after the lines that it has in common with the first. Returns false if there is none.
    fn open_next(&mut self) -> io::Result<bool> {
        let Some(member) = self.archive.members.get(self.next) else { return Ok(false) };
        let text = decoded(&self.key, self.archive.bytes(member), self.encoding).map_err(io_error)?;
        let mut text = BufReader::new(text);
        let is_first = self.next == 0;
        if !is_first && !self.ends_with_line_end {
            self.ready.push(b'\n');
        }
        for _ in 0..self.repeated.skipped {
            let line = line(&mut text)?;
            self.ready.extend(if is_first { line } else { Vec::new() });
        }
        if self.repeated.header {
            let line = line(&mut text)?;
            match &self.header {
                None => {
                    self.ready.extend(&line);
                    self.header = Some(line);
                }
                Some(header) if line.is_empty() || line.trim_ascii_end() == header.trim_ascii_end() => {}
                Some(_) => {
                    let first = &self.archive.members[0].name;
                    let reason = format!(
                        "the file `{}` in the zip archive has another header than `{first}`; files in one archive have one header",
                        member.name
                    );
                    return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
                }
            }
        }
        self.ends_with_line_end = self.ready.last().is_none_or(|byte| *byte == b'\n');
        self.current = Some(text);
        self.next += 1;
        Ok(true)
    }
}

fn line(text: &mut Text) -> io::Result<Vec<u8>> {
    /// A header that is longer is none.
    const LONGEST: u64 = 16 << 20;
    let mut line = Vec::new();
    text.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn io_error(error: SourceError) -> io::Error {
    match error {
        SourceError::Read { source, .. } => source,
        other => io::Error::other(other),
    }
}

impl Read for Members {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.ready.is_empty() {
                let count = buffer.len().min(self.ready.len());
                buffer[..count].copy_from_slice(&self.ready[..count]);
                self.ready.drain(..count);
                return Ok(count);
            }
            let Some(text) = &mut self.current else {
                if self.open_next()? {
                    continue;
                }
                return Ok(0);
            };
            match text.read(buffer)? {
                0 if !buffer.is_empty() => self.current = None,
                count => {
                    if let Some(last) = buffer[..count].last() {
                        self.ends_with_line_end = *last == b'\n';
                    }
                    return Ok(count);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: Vec<u8>, repeated: Repeated) -> Result<String, String> {
        let archive = Archive::open("k", Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let mut text = String::new();
        let mut members = Members::new("k", archive, Encoding::default(), repeated);
        members.read_to_string(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    }

    const HEADER: Repeated = Repeated { skipped: 0, header: true };

    #[test]
    fn several_files_are_one_text_with_one_header() {
        let bytes = archive(&[
            ("a.csv", b"\xEF\xBB\xBFid,x\r\n1,a"),
            ("__MACOSX/._a.csv", b"\0\0"),
            ("empty.csv", b""),
            ("b.csv", b"\xEF\xBB\xBFid,x\n2,b\n"),
        ]);
        assert_eq!(read(bytes.clone(), HEADER).unwrap(), "id,x\r\n1,a\n2,b\n");
        assert_eq!(read(bytes, Repeated::default()).unwrap(), "id,x\r\n1,a\nid,x\n2,b\n");
        let titled = archive(&[("a", b"title\nid\n1\n"), ("b", b"other title\nid\n2\n")]);
        assert_eq!(read(titled, Repeated { skipped: 1, header: true }).unwrap(), "title\nid\n1\n2\n");
        assert_eq!(read(archive(&[]), HEADER).unwrap(), "");
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let error = read(archive(&[("a", b"id\n1\n"), ("b", b"name\nx\n")]), HEADER).unwrap_err();
        assert!(error.contains("`b`") && error.contains("another header than `a`"), "{error}");
        let workbook = archive(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")]);
        assert!(read(workbook, HEADER).unwrap_err().contains("an Excel workbook"));
        let mut damaged = archive(&[("a", &b"id\n".repeat(1000))]);
        let at = 40;
        damaged[at] ^= 0x55;
        assert!(read(damaged, HEADER).is_err());
        let whole = archive(&[("a", b"id\n1\n")]);
        assert!(read(whole[..whole.len() - 10].to_vec(), HEADER).is_err());
    }
}
