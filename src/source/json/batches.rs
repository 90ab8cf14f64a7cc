//! An open file as a stream of batches.

use std::io::Read;

use super::super::parser::ReadSizes;
use super::super::parser::json::{JsonError, JsonReader, Names};
use super::super::{Header, RawBatch, SourceError};
use super::format::JsonFormat;
use super::rows::Rows;
use super::stopped::stopped;
use super::twice::any_twice;

/// An open file.
pub(in super::super) struct JsonBatches {
    key: String,
    sizes: ReadSizes,
    names: Names,
    /// True if the whole file was read for its names.
    knows_all: bool,
    reader: JsonReader<Box<dyn Read + Send>>,
}

impl JsonBatches {
    /// Reads an open text; `header` is the result of a first reading.
    pub(in super::super) fn open(header: &Header, text: Box<dyn Read + Send>, format: &JsonFormat, sizes: ReadSizes) -> Self {
        let reader = JsonReader::new(text, format.layout.clone(), format.reshape.clone(), sizes);
        let mut names = Names::of(header.names.clone());
        header.aliases.iter().for_each(|(name, place)| names.alias(name, *place));
        Self { key: header.key.clone(), sizes, names, knows_all: header.is_whole, reader }
    }

    /// Returns the next records; `None` at the end of the file.
    pub(in super::super) fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
        let names = &self.names;
        let mut rows = Rows::new(names.len(), self.sizes.block_bytes);
        let mut has_new = false;
        let block = self.reader.next_block(&mut |text, members, _| {
            let start = rows.begin();
            let mut new = Vec::new();
            for (i, member) in members.iter().enumerate() {
                match names.find(text, member.name, i) {
                    Some(place) if !rows.put(start, place, member) => return Err(rows.forget()),
                    Some(_) => {}
                    None => new.push(member.name),
                }
            }
            // The first reading sets such a record aside, before it takes down any of its names.
            if any_twice(text, &new) {
                return Err(rows.forget());
            }
            has_new |= !new.is_empty();
            Ok(rows.end())
        });
        let block = block.map_err(|error| self.stopped(error))?;
        if has_new {
            let key = self.key.clone();
            return Err(if self.knows_all { SourceError::Changed { key } } else { SourceError::SchemaDrift { key } });
        }
        Ok(block.map(|block| rows.batch(block.text, block.bad)))
    }

    fn stopped(&self, error: JsonError) -> SourceError {
        stopped(&self.key, self.sizes, self.reader.bytes_read(), error)
    }
}
