//! A JSON file as a stream of batches.

use std::io::Read;

use arrow_buffer::Buffer;

use crate::schema::{ColumnName, DuplicateNames, MOST_COLUMNS, Naming, TableSchema, headers_to_columns};

use super::parser::json::scan::{self, Kind, Member, Value};
use super::parser::json::{DocumentFlaw, JsonError, JsonReader, Layout, Names, Reshape, Room};
use super::parser::{ReadSizes, Span};
use super::{Encoding, Header, MarkedFields, RawBatch, Sample, SourceError, Survey, ValueRules};

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

/// The fields of a batch under construction.
struct Rows {
    width: usize,
    most_spans: usize,
    spans: Vec<Span>,
    /// For each field, the last row that has it, counted from 1.
    last: Vec<usize>,
    count: usize,
}

impl Rows {
    fn new(width: usize, block_bytes: usize) -> Self {
        // Records of few bytes and a thousand names must not make a batch of gigabytes.
        Self { width, most_spans: (block_bytes / 4).max(width), spans: Vec::new(), last: vec![0; width], count: 0 }
    }

    /// Begins a row of nulls; returns its start.
    fn begin(&mut self) -> usize {
        let start = self.spans.len();
        self.spans.resize(start + self.width, Span::plain(0, 0));
        start
    }

    /// Sets a field. Returns false if the field was set already.
    fn put(&mut self, start: usize, place: usize, member: &Member) -> bool {
        if self.last[place] == self.count + 1 {
            return false;
        }
        self.last[place] = self.count + 1;
        self.spans[start + place] = match member.value.kind {
            Kind::Null => Span::plain(0, 0),
            Kind::Text { escaped } => Span::quoted(member.value.start, member.value.end, escaped),
            _ => Span::plain(member.value.start, member.value.end),
        };
        true
    }

    /// Discards the row that was begun.
    fn forget(&mut self) -> &'static str {
        self.spans.truncate(self.count * self.width);
        self.last.fill(0);
        TWICE
    }

    fn end(&mut self) -> Room {
        self.count += 1;
        if self.spans.len() >= self.most_spans { Room::Full } else { Room::Left }
    }

    fn batch(mut self, mut text: Vec<u8>, bad: Vec<super::BadRecord>) -> RawBatch {
        for span in &mut self.spans {
            span.unescape(&mut text, |text, _| scan::unescape(text));
        }
        RawBatch { text: Buffer::from_vec(text), spans: self.spans, width: self.width, rows: self.count, bad }
    }
}

/// Maximum bytes of a block if only the beginning of a file is read.
const BEGINNING_BYTES: usize = 1 << 20;

/// Reads a file, or its beginning, for the names of its records, the answers to `survey` about their values, and the file's own
/// list of fields.
pub(super) fn look(
    key: &str,
    text: Box<dyn Read + Send>,
    format: &JsonFormat,
    sizes: ReadSizes,
    rule: (Naming<'_>, &TableSchema, &[ColumnName]),
    sample: Sample,
    survey: &mut Survey<'_>,
) -> Result<Header, SourceError> {
    let sizes = match sample {
        Sample::Head => ReadSizes { block_bytes: sizes.block_bytes.min(BEGINNING_BYTES), ..sizes },
        Sample::Full => sizes,
    };
    let mut reader = JsonReader::new(text, format.layout.clone(), format.reshape.clone(), sizes);
    let (naming, existing, reserved) = rule;
    let mut names = Names::default();
    let mut guesses = Vec::new();
    let (mut columns, mut aliases): (Vec<Option<ColumnName>>, Vec<(String, usize)>) = (Vec::new(), Vec::new());
    let mut seen: Vec<usize> = Vec::new();
    let mut places = Vec::new();
    let mut row = 0;
    let is_whole = loop {
        let block = reader.next_block(&mut |text, members, marks| {
            row += 1;
            places.clear();
            for (i, member) in members.iter().enumerate() {
                let place = names.find(text, member.name, i);
                if place.is_some_and(|place| std::mem::replace(&mut seen[place], row) == row) {
                    return Err(TWICE);
                }
                places.push(place);
            }
            let new = members.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(member, _)| member.name);
            if any_twice(text, &new.collect::<Vec<_>>()) {
                return Err(TWICE);
            }
            let mut is_twice = false;
            for (member, place) in members.iter().zip(places.drain(..)) {
                let place = place.unwrap_or_else(|| {
                    if let Some((name, place)) = merged(naming, existing, text, member.name, &columns) {
                        names.alias(&name, place);
                        aliases.push((name, place));
                        is_twice |= std::mem::replace(&mut seen[place], row) == row;
                        return place;
                    }
                    let column = naming.column(names.add(text, member.name), existing);
                    guesses.push(column.as_ref().and_then(|column| survey.take(column)));
                    columns.push(column);
                    seen.push(row);
                    seen.len() - 1
                });
                if let Some(guess) = &mut guesses[place] {
                    guess.see_json(text, member.value, marks, &format.values);
                }
            }
            if is_twice {
                return Err(TWICE);
            }
            Ok(Room::Left)
        });
        match block {
            Ok(Some(_)) if sample == Sample::Head => break false,
            // Told below; there is no need to find them all.
            Ok(Some(_)) if names.len() > MOST_COLUMNS => break true,
            Ok(Some(_)) => {}
            Ok(None) => break true,
            Err(error) => return Err(stopped(key, sizes, reader.bytes_read(), error)),
        }
    };
    if !is_whole && format.layout.kept.is_some() && reader.kept().is_none() {
        return Err(SourceError::SchemaDrift { key: key.to_owned() });
    }
    let marked = marked(key, format, reader.kept(), naming, existing)?;
    let names = names.into_names();
    let columns = headers_to_columns(naming, &names, existing, reserved)
        .map_err(|source| SourceError::Header { key: key.to_owned(), source })?;
    columns.iter().zip(guesses).for_each(|(column, guess)| survey.put(column, guess));
    Ok(Header { key: key.to_owned(), names, columns, types: Vec::new(), aliases, line: None, marked, is_whole, is_blank: false })
}

/// Returns a name and the place of its column, if another name fills that already, and names may be merged.
fn merged(
    naming: Naming<'_>,
    existing: &TableSchema,
    text: &[u8],
    name: Value,
    columns: &[Option<ColumnName>],
) -> Option<(String, usize)> {
    if naming.duplicates != DuplicateNames::Merge {
        return None;
    }
    let name = scan::meaning(name.text(text), name.kind == Kind::Text { escaped: true });
    let column = naming.column(&name, existing)?;
    let place = columns.iter().position(|known| known.as_ref() == Some(&column))?;
    Some((name, place))
}

/// Returns true if two of the names are equal after unescaping.
fn any_twice(text: &[u8], names: &[Value]) -> bool {
    let meaning = |name: &Value| scan::meaning(name.text(text), name.kind == Kind::Text { escaped: true });
    let mut names: Vec<String> = names.iter().map(meaning).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

fn marked(
    key: &str,
    format: &JsonFormat,
    kept: Option<&[u8]>,
    naming: Naming<'_>,
    existing: &TableSchema,
) -> Result<Option<MarkedFields>, SourceError> {
    let Some(path) = &format.layout.kept else { return Ok(None) };
    let wrong = || SourceError::NoFields { key: key.to_owned(), path: path.join(".") };
    let marked = MarkedFields::read(kept.ok_or_else(wrong)?, |name| naming.column(name, existing));
    marked.map(Some).ok_or_else(wrong)
}
