//! Records that are no rows, kept as JSON lines beside the table.

use std::io::{self, BufWriter, Write};

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

/// The quarantine of one collection of one date, in scratch. The file is made with its first record.
pub struct QuarantineFile<'a> {
    folder: &'a ScratchFolder,
    open: Option<(ScratchFile, BufWriter<Box<dyn Write + Send>>)>,
    records: u64,
    stand_for: u64,
}

const NAME: &str = "quarantine.jsonl";

impl<'a> QuarantineFile<'a> {
    /// A quarantine in that scratch folder.
    pub fn new(folder: &'a ScratchFolder) -> Self {
        Self { folder, open: None, records: 0, stand_for: 0 }
    }

    /// Adds records of the source file `key`.
    pub fn add(&mut self, key: &str, records: &[BadRecord]) -> Result<(), LakeError> {
        let folder = self.folder;
        let failed = |source| failed(folder, source);
        for record in records {
            let (_, writer) = match &mut self.open {
                Some(open) => open,
                None => {
                    let file = folder.file(NAME).map_err(failed)?;
                    let writer = BufWriter::new(file.create().map_err(failed)?);
                    self.open.insert((file, writer))
                }
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
