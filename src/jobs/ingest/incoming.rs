//! Columns of a day's files and their effect on the table, found before a row of them is written.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

use crate::catchup::SourceFile;
use crate::lake::SOURCE_NAMES;
use crate::metastore::Table;
use crate::report::CollectionProgress;
use crate::schema::{
    ColumnName, ColumnType, Evolution, EvolutionPolicy, Flat, Incoming, NameError, NewColumn, Shape, SourceNames, TableSchema,
    TypeChange, TypeGuess,
};
use crate::source::{Expected, Format, Header, Question, Sample, SourceError, SourceKey, Survey, decrypt};

use crate::store::Ahead;

use super::context::Context;
use super::documents::has_documents;
use super::module::{Collection, setting_of};
use crate::jobs::run::JobError;

/// The files of one collection of one date.
#[derive(Clone, Copy)]
pub(super) struct DayFiles<'d> {
    pub(super) context: &'d Context<'d>,
    pub(super) collection: &'d Collection,
    pub(super) keys: &'d [SourceKey],
}

impl DayFiles<'_> {
    /// Opens all files ahead, to be read one after the other.
    pub(super) fn ahead(&self) -> Ahead<'_> {
        self.context.source.ahead(self.keys.iter().map(|key| key.object.clone()))
    }

    /// Opens one file for reading, decrypted if the files are encrypted.
    pub(super) fn bytes(
        &self,
        key: &SourceKey,
        ahead: &Ahead<'_>,
        progress: Option<&Arc<dyn CollectionProgress>>,
    ) -> Result<Box<dyn Read + Send>, SourceError> {
        let (mut bytes, metadata) = ahead.open(&key.object)?;
        if let Some(progress) = progress {
            bytes = Box::new(Counted { inner: bytes, progress: Arc::clone(progress) });
        }
        match &self.context.key_service {
            None => Ok(bytes),
            Some(service) => decrypt(&key.object.key, bytes, &metadata, service),
        }
    }

    /// Returns the header of each file, and the evolution of the table by all of them. Columns whose type must be found out cost
    /// a first reading of the files.
    ///
    /// # Errors
    /// [`SourceError::SchemaDrift`] if the heads of the files are not enough to tell.
    pub(super) fn evolve(&self, registered: Option<&Table>, sample: Sample) -> Result<(Vec<Header>, Evolution), JobError> {
        let table = registered.map(|table| &table.schema);
        let (declared, policy) = (&self.collection.declared, self.context.module.evolution);
        // A camel-case acronym keeps the table's spelling.
        let known = table.unwrap_or(declared);
        let ask = |column: &ColumnName| self.ask(known, column);
        let mut survey = Survey::new(&ask);
        let reading = self.context.reading(self.collection);
        let ahead = self.ahead();
        let mut headers: Vec<Header> = Vec::with_capacity(self.keys.len());
        for key in self.keys {
            self.context.stop.check()?;
            let bytes = self.bytes(key, &ahead, None)?;
            let first = headers.iter().find(|header| !header.is_blank);
            headers.push(match reading.header(&key.object.key, bytes, known, first, (sample, &mut survey)) {
                // A part without rows; a date of such parts only is no date without rows.
                Err(SourceError::Empty { key }) if self.may_be_blank() => Header::blank(&key),
                header => header.map_err(|error| self.explained(error))?,
            });
        }
        if let Some(header) = headers.first().filter(|_| headers.iter().all(|header| header.is_blank)) {
            return Err(SourceError::Empty { key: header.key.clone() }.into());
        }
        // Columns that each file fills tell nothing of it.
        let from_file = self.context.from_file.iter().map(|column| &column.column);
        let system: Vec<ColumnName> = self.context.system.iter().map(|column| &column.name).chain(from_file).cloned().collect();
        let min_known = self.context.module.source.min_known.0;
        Expected { min_known, declared, table, system: &system }.check(&headers, &self.context.format)?;
        if reading.needs_another_reading(&headers, &survey) {
            self.survey(&mut survey, &headers)?;
        }
        let mut names = self.source_names(registered, &headers)?;
        let incoming = self.incoming(&headers, known, &survey, &names);
        if let Some(header) = headers.iter().find(|header| !header.is_whole).filter(|_| !self.is_foreseeable(known, &incoming)) {
            return Err(SourceError::SchemaDrift { key: header.key.clone() }.into());
        }
        let evolution = Evolution::compute(table, declared, &incoming, policy, &self.context.system)
            .map_err(|source| JobError::Refused { table: self.collection.table.to_string(), source })?;
        self.tell_names(&evolution, &survey, &mut names);
        let flat = self.flat(&evolution, &survey);
        Ok((headers, Evolution { source_names: Some(names), flat, ..evolution }))
    }

    /// Adds the setting of the column that a header may not have.
    fn explained(&self, mut error: SourceError) -> SourceError {
        if let SourceError::Header { source: NameError::Reserved { column, setting: setting @ None, .. }, .. } = &mut error {
            *setting = setting_of(self.context.module, column).map(str::to_owned);
        }
        error
    }

    /// Returns true if a file without a byte is a part without rows beside others. Where files are encrypted, or their records
    /// stand at a path in a document, it is one that was cut.
    fn may_be_blank(&self) -> bool {
        let format = self.context.reading(self.collection).format;
        let has_path = matches!(format, Format::Json(json) if json.layout.records.is_some());
        self.keys.len() > 1 && self.context.key_service.is_none() && !has_path
    }

    /// Returns the names in the source that fill the table's columns, with those of these files.
    fn source_names(&self, registered: Option<&Table>, headers: &[Header]) -> Result<SourceNames, JobError> {
        let mut names = match registered {
            None => SourceNames::default(),
            Some(table) => {
                let remembered = table.parameters.get(SOURCE_NAMES).and_then(|text| SourceNames::remembered(text));
                remembered.unwrap_or_else(|| SourceNames::learning(Some(&table.schema)))
            }
        };
        names.forget(self.context.system.iter().map(|column| &column.name));
        if registered.is_none() {
            names.set_unseen(self.collection.declared.columns().iter().map(|column| &column.name));
        }
        let mut new: HashSet<&ColumnName> = HashSet::new();
        let naming = self.context.reading(self.collection).naming;
        let has = |column: &ColumnName| match registered {
            Some(table) => table.schema.has(column),
            None => self.collection.declared.has(column),
        };
        for header in headers {
            for (name, column) in header.names.iter().zip(&header.columns) {
                let is_new = !has(column) && !new.contains(column);
                let taken = names.take(naming, column, name, is_new);
                taken.map_err(|source| SourceError::Header { key: header.key.clone(), source })?;
                if is_new {
                    new.insert(column);
                }
            }
        }
        Ok(names)
    }

    /// Takes down which members fill the fields of the columns as they are to be.
    fn tell_names(&self, evolution: &Evolution, survey: &Survey<'_>, names: &mut SourceNames) {
        let naming = self.context.module.column_names;
        for column in evolution.after.columns() {
            if let Some(Question::Shape(shape) | Question::ShapeInTexts(shape)) = survey.answer(&column.name) {
                shape.tell_names(&column.ty, naming, names, column.name.as_str());
            }
        }
    }

    /// Returns the columns and fields of objects that are text, or lack members.
    fn flat(&self, evolution: &Evolution, survey: &Survey<'_>) -> Vec<Flat> {
        let mut found = Vec::new();
        for column in evolution.after.columns() {
            if let Some(Question::Shape(shape) | Question::ShapeInTexts(shape)) = survey.answer(&column.name) {
                shape.flat(&column.ty, self.context.module.column_names, column.name.as_str(), &mut found);
            }
        }
        found
    }

    /// Returns true if the rest of the files would change nothing: every column has a type that stands, and no struct has grown.
    /// False if types may change, or if new columns are ignored: all ignored columns must be reported.
    fn is_foreseeable(&self, known: &TableSchema, incoming: &[Incoming]) -> bool {
        let EvolutionPolicy { new_column, type_change, .. } = self.context.module.evolution;
        let stands = |column: &Incoming| match known.type_of(&column.name) {
            Some(ty) => column.grown.as_ref().is_none_or(|grown| grown == ty),
            None => self.collection.declared.has(&column.name),
        };
        new_column != NewColumn::Ignore && type_change == TypeChange::Keep && incoming.iter().all(stands)
    }

    /// Returns the question to answer about a column by reading its values; none if there is nothing to find out.
    fn ask(&self, known: &TableSchema, column: &ColumnName) -> Option<Question> {
        let is_json = matches!(self.context.format, Format::Json(_));
        let tells_types = matches!(&self.context.format, Format::Typed(format) if format.kind.tells_types());
        if tells_types || self.type_from_file(column).is_some() {
            return None;
        }
        match known.type_of(column) {
            Some(ty) if is_json && ty.is_nested() => Some(Question::ShapeInTexts(Shape::default())),
            Some(ty) => {
                let widens = self.context.module.evolution.type_change != TypeChange::Keep;
                widens.then(|| Question::Text(TypeGuess::widening(ty)))
            }
            None if self.collection.declared.has(column) => None,
            None if is_json && self.has_documents(known, column) => Some(Question::ShapeInTexts(Shape::default())),
            None if is_json => Some(Question::Shape(Shape::default())),
            None => Some(Question::Text(TypeGuess::fresh())),
        }
    }

    /// Returns true if the texts of a column are JSON documents.
    fn has_documents(&self, known: &TableSchema, column: &ColumnName) -> bool {
        let naming = self.context.reading(self.collection).naming;
        self.context.module.source.json.as_ref().is_some_and(|json| has_documents(json, naming, known, column))
    }

    /// Returns the type of a column that the files themselves fill; `None` for the others.
    fn type_from_file(&self, column: &ColumnName) -> Option<ColumnType> {
        let found = self.context.from_file.iter().find(|file| file.column == *column);
        found.map(|file| file.value.column_type())
    }

    /// Counts the records of all files, good ones and bad ones.
    pub(super) fn count(&self) -> Result<u64, JobError> {
        let (known, ask) = (&self.collection.declared, |_: &ColumnName| None);
        let mut survey = Survey::new(&ask);
        let mut count = 0;
        let mut first: Option<Header> = None;
        let reading = self.context.reading(self.collection);
        let (heads, bodies) = (self.ahead(), self.ahead());
        for key in self.keys {
            let sample = (Sample::Head, &mut survey);
            let bytes = self.bytes(key, &heads, None)?;
            let header = match reading.header(&key.object.key, bytes, known, first.as_ref(), sample) {
                Err(SourceError::Empty { .. }) if self.may_be_blank() => continue,
                header => header?,
            };
            let mut file = reading.records(&header, self.bytes(key, &bodies, None)?)?;
            first.get_or_insert(header);
            while let Some(batch) = file.next_batch()? {
                self.context.stop.check()?;
                count += (batch.rows() + batch.bad.len()) as u64;
            }
        }
        Ok(count)
    }

    fn survey(&self, survey: &mut Survey<'_>, headers: &[Header]) -> Result<(), JobError> {
        let ahead = self.ahead();
        for (key, header) in self.keys.iter().zip(headers) {
            let mut file = self.context.reading(self.collection).records(header, self.bytes(key, &ahead, None)?)?;
            while let Some(batch) = file.next_batch()? {
                self.context.stop.check()?;
                survey.see(&batch, &header.columns, self.context.format.values());
            }
        }
        Ok(())
    }

    /// Returns the columns of all files, in order, with what was found out about them.
    fn incoming(&self, headers: &[Header], known: &TableSchema, survey: &Survey<'_>, names: &SourceNames) -> Vec<Incoming> {
        let naming = self.context.module.column_names;
        let mut incoming: Vec<Incoming> = Vec::new();
        for name in headers.iter().flat_map(|header| &header.columns) {
            if incoming.iter().any(|column| column.name == *name) {
                continue;
            }
            let answer = survey.answer(name);
            let grown = match (known.type_of(name), answer) {
                (Some(ty), Some(Question::Shape(shape) | Question::ShapeInTexts(shape))) => {
                    Some(shape.grown(ty, naming, names, name.as_str()))
                }
                _ => None,
            };
            let examined = matches!(answer, Some(Question::Text(guess)) if guess.has_seen());
            let ty = if grown.is_some() { None } else { answer.and_then(|answer| answer.fresh(naming)) };
            let told = told_type(headers, name);
            let examined = examined || told.is_some();
            let ty = self.type_from_file(name).or(told).or(ty);
            let is_ambiguous = matches!(answer, Some(Question::Text(guess)) if guess.is_ambiguous());
            incoming.push(Incoming { name: name.clone(), ty, examined, grown, is_ambiguous });
        }
        incoming
    }
}

/// Returns the type that the files tell of a column: the widest of them, or text if they have no common one.
fn told_type(headers: &[Header], column: &ColumnName) -> Option<ColumnType> {
    let told = headers.iter().filter_map(|header| {
        let place = header.columns.iter().position(|name| name == column)?;
        header.types.get(place)?.clone()
    });
    told.reduce(|one, other| match () {
        () if one == other || other.widens_to(&one) => one,
        () if one.widens_to(&other) => other,
        () => ColumnType::String,
    })
}

/// Returns a file in the form of the ledger and of a plan.
pub(super) fn source_file(key: &SourceKey) -> SourceFile {
    SourceFile { key: key.object.key.clone(), size: key.object.size, etag: key.object.etag.clone() }
}

/// A reader that reports its progress.
struct Counted {
    inner: Box<dyn Read + Send>,
    progress: Arc<dyn CollectionProgress>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.bytes(count as u64);
        Ok(count)
    }
}
