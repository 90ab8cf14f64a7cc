//! A JSON file as a stream of batches.

use std::io::Read;

use super::parser::ReadSizes;
use super::parser::json::scan::{self, Kind, Value};
use super::parser::json::{DocumentFlaw, JsonError, JsonReader, Layout, Names, Reshape};
use super::{Encoding, Header, RawBatch, SourceError, ValueRules};

pub(super) use look::look;
use rows::Rows;

mod look;
mod rows;

/// A duplicate name in one record: readers differ in which of its values they keep.
const TWICE: &str = "a name stands twice";

/// JSON format of a module's files.
#[derive(Debug, Clone)]
pub struct JsonFormat {
    /// Paths of the records and of the list of fields.
    pub layout: Layout,
    /// Form of the records in what stands at that path.
    pub reshape: Reshape,
    /// Encoding of the text.
    pub encoding: Encoding,
    /// Rules of the values.
    pub values: ValueRules,
}

/// An open file.
pub(super) struct JsonBatches {
    key: String,
    sizes: ReadSizes,
    names: Names,
    /// True if the whole file was read for its names.
    knows_all: bool,
    reader: JsonReader<Box<dyn Read + Send>>,
}

impl JsonBatches {
    /// Reads an open text; `header` is the result of a first reading.
    pub(super) fn open(header: &Header, text: Box<dyn Read + Send>, format: &JsonFormat, sizes: ReadSizes) -> Self {
        let reader = JsonReader::new(text, format.layout.clone(), format.reshape.clone(), sizes);
        let mut names = Names::of(header.names.clone());
        header.aliases.iter().for_each(|(name, place)| names.alias(name, *place));
        Self { key: header.key.clone(), sizes, names, knows_all: header.is_whole, reader }
    }

    /// Returns the next records; `None` at the end of the file.
    pub(super) fn next_batch(&mut self) -> Result<Option<RawBatch>, SourceError> {
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

fn stopped(key: &str, sizes: ReadSizes, bytes: u64, error: JsonError) -> SourceError {
    let key = key.to_owned();
    match error {
        JsonError::Io(source) => SourceError::Read { key, bytes, source },
        JsonError::Document { flaw: DocumentFlaw::Empty, .. } => SourceError::Empty { key },
        JsonError::Document { flaw, offset } => SourceError::Document { key, flaw, offset },
        JsonError::TooLong { offset } => SourceError::ItemTooLong { key, offset, limit: sizes.record_bytes },
    }
}

/// Returns true if two of the names are equal after unescaping.
fn any_twice(text: &[u8], names: &[Value]) -> bool {
    let mut names: Vec<String> = names.iter().map(|name| meaning(text, *name)).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// Returns a name without its escapes.
fn meaning(text: &[u8], name: Value) -> String {
    scan::meaning(name.text(text), name.kind == Kind::Text { escaped: true })
}
