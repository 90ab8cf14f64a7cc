//! Quarantine of records that could not be read as rows, kept as JSON lines beside the table.

use std::io::{self, BufWriter, Write};

use bytesize::ByteSize;
use serde::Serialize;

use crate::source::BadRecord;
use crate::store::{ScratchFile, ScratchFolder};

use super::LakeError;

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    record: &'a BadRecord,
}

/// The quarantine of one collection of one date, in scratch. The file is created with its first record.
pub struct QuarantineFile<'a> {
    folder: &'a ScratchFolder,
    open: Option<(ScratchFile, BufWriter<Box<dyn Write + Send>>)>,
    /// Largest size of the file.
    limit: ByteSize,
    bytes: u64,
    records: u64,
    stand_for: u64,
    /// The reason of all records, if there is but one.
    reason: Option<String>,
}

const NAME: &str = "quarantine.jsonl";

impl<'a> QuarantineFile<'a> {
    /// Creates an empty quarantine in a scratch folder.
    pub fn new(folder: &'a ScratchFolder, limit: ByteSize) -> Self {
        Self { folder, open: None, limit, bytes: 0, records: 0, stand_for: 0, reason: None }
    }

    /// Appends records of the source file `key`.
    ///
    /// # Errors
    /// [`LakeError::QuarantineFull`] if a record exceeds the limit; the records before it are kept.
    pub fn add(&mut self, key: &str, records: &[BadRecord]) -> Result<(), LakeError> {
        let folder = self.folder;
        let failed = |source| failed(folder, source);
        for record in records {
            let mut line = serde_json::to_vec(&Line { file: key, record }).map_err(|e| failed(e.into()))?;
            line.push(b'\n');
            self.bytes += line.len() as u64;
            if self.bytes > self.limit.0 {
                return Err(LakeError::QuarantineFull { limit: self.limit });
            }
            let (_, writer) = match &mut self.open {
                Some(open) => open,
                None => {
                    let file = folder.file(NAME).map_err(failed)?;
                    let writer = BufWriter::new(file.create().map_err(failed)?);
                    self.open.insert((file, writer))
                }
            };
            writer.write_all(&line).map_err(failed)?;
            let is_alike = self.records == 0 || self.reason.as_ref() == Some(&record.reason);
            self.reason = is_alike.then(|| record.reason.clone());
            self.records += 1;
            self.stand_for += record.stands_for;
        }
        Ok(())
    }

    /// Returns the number of records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Returns the reason of all records, if there is but one.
    pub fn only_reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Returns the number of source records that they stand for: a record that a stray quote made long counts with all records
    /// that it hides.
    pub fn stand_for(&self) -> u64 {
        self.stand_for
    }

    /// Flushes the file and returns it, if there is one.
    ///
    /// # Errors
    /// The scratch disk is full or broken.
    pub fn finish(&mut self) -> Result<Option<&ScratchFile>, LakeError> {
        match &mut self.open {
            None => Ok(None),
            Some((file, writer)) => {
                writer.flush().map_err(|source| failed(self.folder, source))?;
                Ok(Some(file))
            }
        }
    }
}

fn failed(folder: &ScratchFolder, source: io::Error) -> LakeError {
    LakeError::Scratch { file: folder.path().join(NAME).display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::RunId;
    use crate::source::Place;
    use crate::store::{Disk, Scratch};

    #[test]
    fn what_is_too_much_is_refused_and_what_was_before_it_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let run = RunId::new(jiff::Timestamp::UNIX_EPOCH);
        let scratch = Scratch::create(place.path(), &run, true, &Disk::default()).unwrap();
        let folder = scratch.folder("things-2024-05-01").unwrap();
        let bad = |line| BadRecord {
            member: None,
            place: Place::Line { line, lines: 1 },
            stands_for: 1,
            rows_before: 0,
            reason: "1 field, where the header has 2".into(),
            text: "x".into(),
            base64: None,
        };
        let mut quarantine = QuarantineFile::new(&folder, ByteSize(300));
        quarantine.add("a.csv", &[bad(2), bad(3)]).unwrap();
        let refused = quarantine.add("a.csv", &[bad(4), bad(5)]).unwrap_err();
        assert!(matches!(refused, LakeError::QuarantineFull { limit: ByteSize(300) }), "{refused}");
        assert_eq!((quarantine.records(), quarantine.only_reason()), (3, Some("1 field, where the header has 2")));
        assert!(quarantine.finish().unwrap().is_some());
    }
}
