//! Columns of a day's files and their effect on the table, found before a row of them is written.

use std::io::Read;
use std::sync::Arc;

use crate::catchup::SourceFile;
use crate::report::CollectionProgress;
use crate::schema::{ColumnName, Evolution, EvolutionPolicy, Incoming, NewColumn, Shape, TableSchema, TypeChange, TypeGuess};
use crate::source::{Expected, Format, Header, Question, Sample, SourceError, SourceKey, Survey, decrypt};

use crate::store::Ahead;

use super::context::Context;
use super::module::Collection;
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
    pub(super) fn evolve(&self, table: Option<&TableSchema>, sample: Sample) -> Result<(Vec<Header>, Evolution), JobError> {
        let (declared, policy) = (&self.collection.declared, self.context.module.evolution);
        // A camel-case acronym keeps the table's spelling.
        let known = table.unwrap_or(declared);
        let ask = |column: &ColumnName| self.ask(known, column);
        let mut survey = Survey::new(&ask);
        let reading = self.context.reading();
        let ahead = self.ahead();
        let headers = self.keys.iter().map(|key| {
            self.context.stop.check()?;
            let bytes = self.bytes(key, &ahead, None)?;
            Ok(reading.header(&key.object.key, bytes, known, sample, &mut survey)?)
        });
        let headers = headers.collect::<Result<Vec<Header>, JobError>>()?;
        let system: Vec<ColumnName> = self.context.system.iter().map(|column| column.name.clone()).collect();
        let min_known = self.context.module.source.min_known.0;
        Expected { min_known, declared, table, system: &system }.check(&headers, &self.context.format)?;
        if reading.needs_another_reading(&headers, &survey) {
            self.survey(&mut survey, &headers, known)?;
        }
        let incoming = self.incoming(&headers, known, &survey);
        if let Some(header) = headers.iter().find(|header| !header.is_whole).filter(|_| !self.is_foreseeable(known, &incoming)) {
            return Err(SourceError::SchemaDrift { key: header.key.clone() }.into());
        }
        let evolution = Evolution::compute(table, declared, &incoming, policy, &self.context.system)
            .map_err(|source| JobError::Refused { table: self.collection.table.to_string(), source })?;
        Ok((headers, evolution))
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
        match known.type_of(column) {
            Some(ty) if is_json && ty.is_nested() => Some(Question::Shape(Shape::default())),
            Some(ty) => {
                let widens = self.context.module.evolution.type_change != TypeChange::Keep;
                widens.then(|| Question::Text(TypeGuess::widening(ty)))
            }
            None if self.collection.declared.has(column) => None,
            None if is_json => Some(Question::Shape(Shape::default())),
            None => Some(Question::Text(TypeGuess::fresh())),
        }
    }

    /// Counts the records of all files, good ones and bad ones.
    pub(super) fn count(&self) -> Result<u64, JobError> {
        let (known, ask) = (&self.collection.declared, |_: &ColumnName| None);
        let mut survey = Survey::new(&ask);
        let mut count = 0;
        let (heads, bodies) = (self.ahead(), self.ahead());
        for key in self.keys {
            let reading = self.context.reading();
            let header = reading.header(&key.object.key, self.bytes(key, &heads, None)?, known, Sample::Head, &mut survey)?;
            let mut file = reading.records(&header, self.bytes(key, &bodies, None)?, known)?;
            while let Some(batch) = file.next_batch()? {
                self.context.stop.check()?;
                count += (batch.rows() + batch.bad.len()) as u64;
            }
        }
        Ok(count)
    }

    fn survey(&self, survey: &mut Survey<'_>, headers: &[Header], known: &TableSchema) -> Result<(), JobError> {
        let ahead = self.ahead();
        for (key, header) in self.keys.iter().zip(headers) {
            let mut file = self.context.reading().records(header, self.bytes(key, &ahead, None)?, known)?;
            while let Some(batch) = file.next_batch()? {
                self.context.stop.check()?;
                survey.see(&batch, &header.columns, self.context.format.values());
            }
        }
        Ok(())
    }

    /// Returns the columns of all files, in order, with what was found out about them.
    fn incoming(&self, headers: &[Header], known: &TableSchema, survey: &Survey<'_>) -> Vec<Incoming> {
        let naming = self.context.module.column_names;
        let mut incoming: Vec<Incoming> = Vec::new();
        for name in headers.iter().flat_map(|header| &header.columns) {
            if incoming.iter().any(|column| column.name == *name) {
                continue;
            }
            let answer = survey.answer(name);
            let grown = match (known.type_of(name), answer) {
                (Some(ty), Some(Question::Shape(shape))) => Some(shape.grown(ty, naming)),
                _ => None,
            };
            let examined = matches!(answer, Some(Question::Text(guess)) if guess.has_seen());
            let ty = if grown.is_some() { None } else { answer.and_then(|answer| answer.fresh(naming)) };
            incoming.push(Incoming { name: name.clone(), ty, examined, grown });
        }
        incoming
    }
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
