//! From a day's files to Parquet files: headers, evolution, rows.

use std::io::Read;
use std::sync::Arc;

use crate::jobs::JobError;
use crate::jobs::pipeline::{self, Counted, DayPlan, FileCounts, FilePlan, Take};
use crate::lake::{QuarantineFile, TableWriter, WrittenFile};
use crate::report::CollectionProgress;
use crate::schema::{
    ColumnName, ColumnType, Evolution, EvolutionPolicy, Incoming, NewColumn, Shape, TableSchema, TypeChange, TypeGuess,
};
use crate::source::{ColumnPlan, Format, HashField, Header, Look, Question, RowHash, SourceError, SourceKey, Survey, decrypt};
use crate::store::StoreError;

use super::Day;

impl Day<'_> {
    fn bytes(&self, key: &SourceKey, progress: Option<&Arc<dyn CollectionProgress>>) -> Result<Box<dyn Read + Send>, JobError> {
        let (mut bytes, metadata) = self.run.source.open_described(&key.object)?;
        if let Some(progress) = progress {
            bytes = Box::new(Counted { inner: bytes, progress: Arc::clone(progress) });
        }
        match &self.run.key_service {
            None => Ok(bytes),
            Some(service) => Ok(decrypt(&key.object.key, bytes, &metadata, service)?),
        }
    }

    /// What each file has, and what all of them do to the table. Columns whose type must be found out cost a first reading of the
    /// files.
    ///
    /// # Errors
    /// [`SourceError::Unforeseen`] where the beginnings of the files are not enough to say it.
    pub(super) fn evolve(&self, table: Option<&TableSchema>, look: Look) -> Result<(Vec<Header>, Evolution), JobError> {
        let (declared, policy) = (&self.collection.declared, self.run.module.evolution);
        // A camel-case acronym keeps the table's spelling.
        let known = table.unwrap_or(declared);
        let ask = |column: &ColumnName| self.ask(known, column);
        let mut survey = Survey::new(&ask);
        let reading = self.run.reading();
        let headers = self.keys.iter().map(|key| {
            self.run.services.environment.stop.check()?;
            let bytes = self.bytes(key, None)?;
            Ok(reading.header(&key.object.key, bytes, known, look, &mut survey)?)
        });
        let headers = headers.collect::<Result<Vec<Header>, JobError>>()?;
        if reading.needs_another_reading(&headers, &survey) {
            self.survey(&mut survey, &headers, known)?;
        }
        let incoming = self.incoming(&headers, known, &survey);
        if let Some(header) = headers.iter().find(|header| !header.is_whole).filter(|_| !self.is_foreseeable(known, &incoming)) {
            return Err(SourceError::Unforeseen { key: header.key.clone() }.into());
        }
        let evolution = Evolution::compute(table, declared, &incoming, policy, &self.run.own)
            .map_err(|source| JobError::Refused { table: self.collection.table.to_string(), source })?;
        Ok((headers, evolution))
    }

    /// Whether more of the same would change nothing: every column has a type that stands, and no struct has grown. Where what is
    /// new is to be ignored, all that is must be told.
    fn is_foreseeable(&self, known: &TableSchema, incoming: &[Incoming]) -> bool {
        let EvolutionPolicy { new_column, type_change, .. } = self.run.module.evolution;
        let stands = |column: &Incoming| match known.type_of(&column.name) {
            Some(ty) => column.grown.as_ref().is_none_or(|grown| grown == ty),
            None => self.collection.declared.has(&column.name),
        };
        new_column != NewColumn::Ignore && type_change == TypeChange::Keep && incoming.iter().all(stands)
    }

    /// What is to be found out about a column.
    fn ask(&self, known: &TableSchema, column: &ColumnName) -> Option<Question> {
        let is_json = matches!(self.run.format, Format::Json(_));
        match known.type_of(column) {
            Some(ty) if is_json && ty.is_nested() => Some(Question::Shape(Shape::default())),
            Some(ty) => {
                let widens = self.run.module.evolution.type_change != TypeChange::Keep;
                widens.then(|| Question::Text(TypeGuess::widening(ty)))
            }
            None if self.collection.declared.has(column) => None,
            None if is_json => Some(Question::Shape(Shape::default())),
            None => Some(Question::Text(TypeGuess::fresh())),
        }
    }

    fn survey(&self, survey: &mut Survey<'_>, headers: &[Header], known: &TableSchema) -> Result<(), JobError> {
        for (key, header) in self.keys.iter().zip(headers) {
            let mut file = self.run.reading().records(header, self.bytes(key, None)?, known)?;
            while let Some(batch) = file.next_batch()? {
                self.run.services.environment.stop.check()?;
                survey.see(&batch, &header.columns, self.run.format.values());
            }
        }
        Ok(())
    }

    /// The columns of all files, in order, with what was found out about them.
    fn incoming(&self, headers: &[Header], known: &TableSchema, survey: &Survey<'_>) -> Vec<Incoming> {
        let naming = self.run.module.column_names;
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

    /// Reads the files into the writer's.
    pub(super) fn read_into(
        &self,
        mut writer: TableWriter<'_>,
        quarantine: &mut QuarantineFile<'_>,
        headers: &[Header],
        evolution: &Evolution,
    ) -> Result<(Vec<WrittenFile>, FileCounts), JobError> {
        let files = self.keys.iter().zip(headers).map(|(key, header)| FilePlan {
            key,
            header,
            columns: column_plan(header, evolution),
            hash: self.row_hash(header, evolution),
        });
        let plan = DayPlan { files: files.collect(), table: &evolution.after, rules: self.run.format.values() };
        let progress = self.progress();
        let read = |file: &FilePlan<'_>, take: &mut Take<'_>| self.read(file, &evolution.after, &progress, take);
        let found = pipeline::run(&plan, &read, &mut writer, quarantine, &*progress)?;
        Ok((writer.finish()?, found))
    }

    /// One file to its end, which must be what was listed until then.
    fn read(
        &self,
        plan: &FilePlan<'_>,
        table: &TableSchema,
        progress: &Arc<dyn CollectionProgress>,
        take: &mut Take<'_>,
    ) -> Result<(), JobError> {
        let FilePlan { key, header, .. } = plan;
        let mut file = self.run.reading().records(header, self.bytes(key, Some(progress))?, table)?;
        while let Some(batch) = file.next_batch()? {
            self.run.services.environment.stop.check()?;
            if !take(batch) {
                return Ok(());
            }
        }
        match key.object.is(&self.run.source.head(&header.key)?) {
            true => Ok(()),
            false => Err(StoreError::Changed { store: self.run.source.shown(), key: header.key.clone() }.into()),
        }
    }

    fn row_hash(&self, header: &Header, evolution: &Evolution) -> Option<RowHash> {
        let version = self.run.module.row_hash?;
        let fields = header.names.iter().zip(&header.columns).enumerate().map(|(place, (name, column))| {
            let is_array = matches!(evolution.after.type_of(column), Some(ColumnType::Array(_)));
            HashField { place, name: name.clone(), is_array }
        });
        Some(RowHash::new(version, fields.collect(), matches!(self.run.format, Format::Json(_))))
    }
}

fn column_plan(header: &Header, evolution: &Evolution) -> Vec<ColumnPlan> {
    let columns = header.columns.iter().enumerate().filter_map(|(index, name)| {
        let ty = evolution.after.type_of(name)?.clone();
        Some(ColumnPlan { index, name: name.clone(), ty, may_grow: !header.is_whole })
    });
    columns.collect()
}
