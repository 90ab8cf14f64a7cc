//! Records that are no rows, kept as JSON lines beside the table.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::source::BadRecord;

use super::LakeError;

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    record: &'a BadRecord,
}

/// The quarantine of one collection of one date, in scratch. The file is made with its first record.
#[derive(Debug)]
pub struct QuarantineFile {
    path: PathBuf,
    writer: Option<BufWriter<File>>,
    records: u64,
    stand_for: u64,
}

impl QuarantineFile {
    /// A quarantine in the scratch folder `folder`.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join("quarantine.jsonl"), writer: None, records: 0, stand_for: 0 }
    }

    /// Adds records of the source file `key`.
    pub fn add(&mut self, key: &str, records: &[BadRecord]) -> Result<(), LakeError> {
        let failed = |source| LakeError::Scratch { file: self.path.display().to_string(), source };
        for record in records {
            let writer = match &mut self.writer {
                Some(writer) => writer,
                None => self.writer.insert(BufWriter::new(private_file(&self.path).map_err(failed)?)),
            };
            serde_json::to_writer(&mut *writer, &Line { file: key, record }).map_err(|e| failed(e.into()))?;
            writer.write_all(b"\n").map_err(failed)?;
            self.records += 1;
            self.stand_for += record.stands_for;
        }
        Ok(())
    }

    /// How many records it has.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// For how many records of the source they stand: one that a stray quote made long counts with all that it hides.
    pub fn stand_for(&self) -> u64 {
        self.stand_for
    }

    /// The finished file, where there is one.
    pub fn finish(&mut self) -> Result<Option<&Path>, LakeError> {
        match &mut self.writer {
            None => Ok(None),
            Some(writer) => {
                writer.flush().map_err(|source| LakeError::Scratch { file: self.path.display().to_string(), source })?;
                Ok(Some(&self.path))
            }
        }
    }
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
