//! The first reading of a file: names of its records, and types by the look of their values.

use std::io::Read;

use crate::schema::{ColumnName, DuplicateNames, MOST_COLUMNS, Naming, TableSchema, headers_to_columns};

use super::super::parser::ReadSizes;
use super::super::parser::json::scan::{Member, Value};
use super::super::parser::json::{JsonReader, Marks, Names, Room};
use super::super::{Header, MarkedFields, Question, Sample, SourceError, Survey, ValueRules};
use super::format::JsonFormat;
use super::stopped::stopped;
use super::twice::{TWICE, any_twice};

/// Maximum bytes of a block if only the beginning of a file is read.
const BEGINNING_BYTES: usize = 1 << 20;

/// Reads a file, or its beginning, for the names of its records, the answers to `survey` about their values, and the file's own
/// list of fields.
pub(in super::super) fn look(
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
    let mut known = Known::new(naming, existing);
    let is_whole = loop {
        let block = reader.next_block(&mut |text, members, marks| known.see(survey, text, members, marks, &format.values));
        match block {
            Ok(Some(_)) if sample == Sample::Head => break false,
            // Told below; there is no need to find them all.
            Ok(Some(_)) if known.names.len() > MOST_COLUMNS => break true,
            Ok(Some(_)) => {}
            Ok(None) => break true,
            Err(error) => return Err(stopped(key, sizes, reader.bytes_read(), error)),
        }
    };
    if !is_whole && format.layout.kept.is_some() && reader.kept().is_none() {
        return Err(SourceError::SchemaDrift { key: key.to_owned() });
    }
    let marked = marked(key, format, reader.kept(), naming, existing)?;
    let names = known.names.into_names();
    let columns = headers_to_columns(naming, &names, existing, reserved)
        .map_err(|source| SourceError::Header { key: key.to_owned(), source })?;
    columns.iter().zip(known.questions).for_each(|(column, question)| survey.put(column, question));
    let aliases = known.aliases;
    Ok(Header { names, columns, aliases, marked, is_whole, is_blank: false, ..Header::blank(key) })
}

/// The names that were met so far. Each has a place, counted from 0 in the order of their first use.
struct Known<'a> {
    naming: Naming<'a>,
    existing: &'a TableSchema,
    names: Names,
    /// Further spellings of a column, and its place.
    aliases: Vec<(String, usize)>,
    /// For each place, its column.
    columns: Vec<Option<ColumnName>>,
    /// For each place, the question about its values, if there is one.
    questions: Vec<Option<Question>>,
    /// For each place, the last record that has it, counted from 1.
    last: Vec<usize>,
    record: usize,
    /// Places of the members of the record; kept for its memory.
    places: Vec<Option<usize>>,
}

impl<'a> Known<'a> {
    fn new(naming: Naming<'a>, existing: &'a TableSchema) -> Self {
        Self {
            naming,
            existing,
            names: Names::default(),
            aliases: Vec::new(),
            columns: Vec::new(),
            questions: Vec::new(),
            last: Vec::new(),
            record: 0,
            places: Vec::new(),
        }
    }

    /// Takes a record down. A record with a duplicate name is set aside, before it takes down any of its names.
    fn see(
        &mut self,
        survey: &mut Survey<'_>,
        text: &[u8],
        members: &[Member],
        marks: &Marks,
        values: &ValueRules,
    ) -> Result<Room, &'static str> {
        self.record += 1;
        self.places.clear();
        for (i, member) in members.iter().enumerate() {
            let place = self.names.find(text, member.name, i);
            if place.is_some_and(|place| self.stands_twice(place)) {
                return Err(TWICE);
            }
            self.places.push(place);
        }
        let new = members.iter().zip(&self.places).filter(|(_, place)| place.is_none()).map(|(member, _)| member.name);
        if any_twice(text, &new.collect::<Vec<_>>()) {
            return Err(TWICE);
        }
        let mut is_twice = false;
        let places = std::mem::take(&mut self.places);
        for (member, place) in members.iter().zip(&places) {
            let place = match place {
                Some(place) => *place,
                None => self.add(survey, text, member.name, &mut is_twice),
            };
            if let Some(question) = &mut self.questions[place] {
                question.see_json(text, member.value, marks, values);
            }
        }
        self.places = places;
        if is_twice { Err(TWICE) } else { Ok(Room::Left) }
    }

    /// Returns true if the record has that place already; it has it from now on.
    fn stands_twice(&mut self, place: usize) -> bool {
        std::mem::replace(&mut self.last[place], self.record) == self.record
    }

    /// Takes a new name down; returns its place.
    fn add(&mut self, survey: &mut Survey<'_>, text: &[u8], name: Value, is_twice: &mut bool) -> usize {
        if let Some((name, place)) = self.merged(text, name) {
            self.names.alias(&name, place);
            self.aliases.push((name, place));
            *is_twice |= self.stands_twice(place);
            return place;
        }
        let column = self.naming.column(self.names.add(text, name), self.existing);
        self.questions.push(column.as_ref().and_then(|column| survey.take(column)));
        self.columns.push(column);
        self.last.push(self.record);
        self.last.len() - 1
    }

    /// Returns a name and the place of its column, if another name fills that already, and names may be merged.
    fn merged(&self, text: &[u8], name: Value) -> Option<(String, usize)> {
        if self.naming.duplicates != DuplicateNames::Merge {
            return None;
        }
        let name = name.meaning(text);
        let column = self.naming.column(&name, self.existing)?;
        let place = self.columns.iter().position(|known| known.as_ref() == Some(&column))?;
        Some((name, place))
    }
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
