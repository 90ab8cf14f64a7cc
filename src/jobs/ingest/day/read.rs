//! Load of a day's files into Parquet files: headers, evolution, rows.

use std::sync::Arc;

use crate::engine::{self, EngineError, FilePlan, Load, Loaded, Sinks, Take};
use crate::jobs::run::JobError;
use crate::lake::{QuarantineFile, StagedFiles};
use crate::report::CollectionProgress;
use crate::schema::{ColumnType, Evolution};
use crate::source::{ColumnPlan, Format, HashField, Header, RowHash};
use crate::store::Ahead;

use super::attempt::Day;

impl Day<'_> {
    /// Writes the rows of all files, by the chosen engine.
    pub(super) fn load(
        &self,
        staged: &StagedFiles<'_>,
        quarantine: &mut QuarantineFile<'_>,
        headers: &[Header],
        evolution: &Evolution,
    ) -> Result<Loaded, JobError> {
        let context = self.run.context;
        let files = self.keys.iter().zip(headers).map(|(key, header)| FilePlan {
            key,
            header,
            columns: column_plan(header, evolution),
            hash: self.row_hash(header, evolution),
        });
        let progress = self.progress();
        let day = self.files();
        let ahead = day.ahead();
        let load = Load {
            source: &context.source,
            reading: context.reading(self.collection),
            is_encrypted: context.key_service.is_some(),
            stop: context.stop,
            files: files.collect(),
            table: staged.schema(),
            rules: context.format.values(),
            folder: staged.folder(),
            settings: staged.settings(),
            row_day: staged.row_day(),
            pii: self.sink().pii,
            staging: self.staging(),
            read: &|file, take| self.read(file, &ahead, &progress, take),
            open: &|key| Ok(day.bytes(key, &ahead, None)?),
        };
        let engine = engine::choose(&context.engine, self.bytes());
        Ok(engine.load(&load, &mut Sinks { quarantine, progress: &*progress })?)
    }

    /// Reads one file to its end. It must still be the file that was listed; one that came in a single response is.
    fn read(
        &self,
        plan: &FilePlan<'_>,
        ahead: &Ahead<'_>,
        progress: &Arc<dyn CollectionProgress>,
        take: &mut Take<'_>,
    ) -> Result<(), EngineError> {
        let FilePlan { key, header, .. } = plan;
        let mut file =
            self.run.context.reading(self.collection).records(header, self.files().bytes(key, ahead, Some(progress))?)?;
        while let Some(batch) = file.next_batch()? {
            self.run.context.stop.check()?;
            if !take(batch) {
                return Ok(());
            }
        }
        let source = &self.run.context.source;
        if source.comes_whole(&key.object) { Ok(()) } else { Ok(source.must_still_be(&key.object)?) }
    }

    fn row_hash(&self, header: &Header, evolution: &Evolution) -> Option<RowHash> {
        let version = self.run.context.module.row_hash?;
        let fields = header.names.iter().zip(&header.columns).enumerate().map(|(place, (name, column))| {
            let is_array = matches!(evolution.after.type_of(column), Some(ColumnType::Array(_)));
            HashField { place, name: name.clone(), is_array }
        });
        Some(RowHash::new(version, fields.collect(), matches!(self.run.context.format, Format::Json(_))))
    }
}

/// Returns the columns that the fields of a file become.
pub(in crate::jobs::ingest) fn column_plan(header: &Header, evolution: &Evolution) -> Vec<ColumnPlan> {
    let names = Arc::new(evolution.source_names.clone().unwrap_or_default());
    let columns = header.columns.iter().enumerate().filter_map(|(index, name)| {
        let ty = evolution.after.type_of(name)?.clone();
        let in_file = header.types.get(index).and_then(Option::as_ref);
        let keeps_digits = in_file.is_some_and(|in_file| *in_file != ty && *in_file != ColumnType::String);
        let (name, source_names) = (name.clone(), Arc::clone(&names));
        Some(ColumnPlan { index, name, ty, may_grow: !header.is_whole, keeps_digits, source_names })
    });
    columns.collect()
}
