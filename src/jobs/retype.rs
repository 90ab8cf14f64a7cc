//! Another type for a column of a published table: old dates are rewritten, so that all of them have it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::catchup::{Attempt, Seen, Status, Unit};
use crate::identity::{LoadType, ProcessingDate};
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::{JobError, RunOptions, Services};
use crate::lake::{HiveSink, LakeError, OWNER, PublishedDate, StagedFiles, by_date};
use crate::metastore::{PartitionValue, Table};
use crate::schema::fit::{Formats, NumberFormat};
use crate::schema::{
    Column, ColumnName, ColumnType, DuplicateNames, Evolution, Naming, NamingRule, TableSchema, Widening, system_columns,
};
use crate::sink::{Commit, StagedRows, TableSink};
use crate::source::{
    BinaryText, ColumnPlan, Format, Nulls, Reading, Sample, Survey, TypedFormat, TypedKind, ValueRules, typed_batch,
};
use crate::store::ObjectInfo;

use super::ingest::context::Context;
use super::ingest::module::{Collection, collections};
use super::tables::named;

/// A request to change the type of a column.
#[derive(Debug, Clone)]
pub struct RetypeRequest {
    /// `database.table`, or the table alone.
    pub table: String,
    /// The column.
    pub column: String,
    /// Its new type.
    pub ty: ColumnType,
    /// Load type whose settings name the table.
    pub load: LoadType,
}

/// The change of a column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retyped {
    /// The table.
    pub table: String,
    /// Type before.
    pub from: ColumnType,
    /// Type now.
    pub to: ColumnType,
    /// Dates whose files were rewritten.
    pub rewritten: Vec<ProcessingDate>,
}

/// Changes the type of a column, and rewrites the dates whose files have another one. If all values fit a wider type that every
/// reader reads from the old files, only the table is changed. All dates are rewritten beside the old ones first; then the table
/// and its partitions change, in seconds. Interrupted, it goes on where it was.
///
/// # Errors
/// A value does not fit the type: nothing is changed. The table is no module's, or has no such column; the lease is held; a
/// service fails.
pub fn retype(services: &Services, request: &RetypeRequest) -> Result<Retyped, JobError> {
    let table = named(&*services.metastore, &request.table)?;
    let owner = table.parameters.get(OWNER).ok_or_else(|| {
        let message = format!("`{}` is the table of no module", table.name);
        refused(message, "run the module that is to publish to it first")
    })?;
    let module = services.environment.module(owner, request.load)?;
    let collection = collections(&module, &[])?.into_iter().find(|collection| collection.table == table.name);
    let collection = collection.ok_or_else(|| {
        let message = format!("the module `{owner}` has no collection of the table `{}`", table.name);
        refused(message, "name the load type with `--load-type`")
    })?;
    let (name, from) = column(&table, &request.column)?;
    refuse_names_as_data(&table, &name, &from, &request.ty)?;
    let lease = KeptLease::take(&services.ledger, &services.environment.clock, &module.module, None)?;
    let now = services.environment.clock.now();
    let context = Context::new(services, &module, &RunOptions::without_reading(), now, lease.run_id())?;
    let layout = context.layout(&collection)?;
    let sink = context.sink(&collection, layout, &lease);
    let after = retyped(&table.schema, &name, &request.ty);
    let reading = context.reading(&collection);
    refuse_texts_of_cells(&table, (&name, &from), &request.ty, reading.format.values().of(&name))?;
    let work = Retype {
        context: &context,
        collection: &collection,
        sink: &sink,
        after: &after,
        name: &name,
        from: &from,
        to: &request.ty,
    };
    let staged = if from.widens_to(&request.ty) { Vec::new() } else { work.stage_all()? };
    let mut evolution = Evolution { before: Some(table.schema.clone()), after: after.clone(), ..Evolution::default() };
    if from != request.ty {
        evolution.widened.push(Widening { name: name.clone(), from: from.clone(), to: request.ty.clone() });
    }
    let state = sink.state()?.map(|state| state.personal).unwrap_or_default();
    let changed = sink.evolve(&evolution, &state).inspect_err(|_| staged.iter().for_each(StagedRows::abort))?;
    let mut rewritten = Vec::new();
    for one in &staged {
        let location = sink.commit(&changed, one, &Commit::Replace)?.location;
        work.record(one, location, &lease)?;
        rewritten.extend(one.slice().date());
    }
    Ok(Retyped { table: table.name.to_string(), from, to: request.ty.clone(), rewritten })
}

/// Returns a column of the table that the source fills, and its type.
fn column(table: &Table, name: &str) -> Result<(ColumnName, ColumnType), JobError> {
    if system_columns(true).iter().any(|column| column.name.as_str() == name) {
        let message = format!("`{name}` of `{}` is a column that adg writes itself", table.name);
        return Err(refused(message, "its type stays as it is"));
    }
    let found = ColumnName::new(name).ok().and_then(|name| Some((name.clone(), table.schema.type_of(&name)?.clone())));
    found.ok_or_else(|| {
        let columns = table.schema.columns().iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join(", ");
        refused(format!("`{}` has no column `{name}`; it has {columns}", table.name), "name one of them")
    })
}

/// Refuses to make keys of maps, or texts, of the names of fields: those are the table's spellings, and not the source's.
fn refuse_names_as_data(table: &Table, name: &ColumnName, from: &ColumnType, to: &ColumnType) -> Result<(), JobError> {
    let Some(what) = from.names_as_data(to) else { return Ok(()) };
    let message = format!(
        "the {what} of `{name}` would have the table's names of the members (`user_name`) in place of the source's (`userName`)"
    );
    Err(refused(message, &declare(table, name, to)))
}

/// Refuses to read texts of a table some of which were cells of numbers or dates: those are not in the notation of the texts.
fn refuse_texts_of_cells(
    table: &Table,
    (name, from): (&ColumnName, &ColumnType),
    to: &ColumnType,
    rules: &ValueRules,
) -> Result<(), JobError> {
    let Formats { dates, timestamps, numbers, .. } = &rules.formats;
    let has_notation = !numbers.is_plain() || dates.are_not_iso() || timestamps.are_not_iso();
    if rules.of_typed.is_none() || !has_notation || !is_text(from) || is_text(to) {
        return Ok(());
    }
    let message = format!("texts of `{name}` may have been texts or numbers of a workbook, which are not written alike");
    Err(refused(message, &declare(table, name, to)))
}

fn is_text(ty: &ColumnType) -> bool {
    matches!(ty, ColumnType::String | ColumnType::Varchar(_) | ColumnType::Char(_))
}

/// Returns the hint to read a column from the source again.
fn declare(table: &Table, name: &ColumnName, to: &ColumnType) -> String {
    format!(
        "write `columns: {{ {name}: '{to}' }}` into the module file, drop the table `{}`, and run its dates again from the \
         source with --start-dt and --end-dt",
        table.name
    )
}

fn retyped(schema: &TableSchema, name: &ColumnName, ty: &ColumnType) -> TableSchema {
    let column = |column: &Column| {
        let ty = if column.name == *name { ty } else { &column.ty };
        Column::new(column.name.clone(), ty.clone())
    };
    TableSchema::new(schema.columns().iter().map(column).collect())
}

struct Retype<'r> {
    context: &'r Context<'r>,
    collection: &'r Collection,
    sink: &'r HiveSink<'r>,
    /// Columns as they are to be.
    after: &'r TableSchema,
    name: &'r ColumnName,
    from: &'r ColumnType,
    to: &'r ColumnType,
}

impl<'r> Retype<'r> {
    /// Writes the rows of all dates whose files have another type beside the old ones. No reader sees them yet.
    fn stage_all(&self) -> Result<Vec<StagedFiles<'r>>, JobError> {
        let mut staged: Vec<StagedFiles<'r>> = Vec::new();
        let partitions = self.context.metastore.partitions(&self.collection.table)?;
        for (value, published) in by_date(self.sink.at.layout.keys(), partitions) {
            match self.stage(&value, &published) {
                Ok(files) => staged.extend(files),
                Err(error) => {
                    staged.iter().for_each(StagedRows::abort);
                    return Err(error);
                }
            }
        }
        Ok(staged)
    }

    /// Writes the rows of one date; none if its files have the type already, or no such column.
    fn stage(&self, value: &PartitionValue, published: &PublishedDate) -> Result<Option<StagedFiles<'r>>, JobError> {
        self.context.stop.check()?;
        if !published.is_whole() {
            let message = format!("only a part of the partitions of `{value}` was published");
            return Err(refused(message, "run its date again first: `adg verify` tells it"));
        }
        let elsewhere = || {
            let message = format!("the partition `{value}` lies at {}, outside the store", published.location());
            refused(message, "`adg verify` tells who changed it")
        };
        let folder = self.context.published.key_at(published.location()).ok_or_else(elsewhere)?;
        let in_files = self.sink.at.columns_of_date(&folder)?;
        let in_files = in_files.as_ref().and_then(|columns| columns.type_of(self.name));
        if in_files.is_none_or(|ty| ty == self.to) {
            return Ok(None);
        }
        let date = self.sink.at.layout.keys().date(value).ok_or_else(|| {
            refused(format!("the partition `{value}` is no date"), "unpublish it, or change it by another tool")
        })?;
        let mut staged = self.sink.begin(&date.into(), self.after)?;
        let written = self.rewrite(&folder, date, &mut staged);
        written.inspect_err(|_| staged.abort())?;
        Ok(Some(staged))
    }

    fn rewrite(&self, folder: &str, date: ProcessingDate, staged: &mut StagedFiles<'_>) -> Result<(), JobError> {
        let is_data = |object: &ObjectInfo| {
            object.key.rsplit('/').next().is_some_and(|name| name.ends_with(".parquet") && !name.starts_with(['_', '.']))
        };
        for object in self.context.published.list(folder)?.into_iter().filter(is_data) {
            self.rewrite_file(&object, date, staged)?;
        }
        staged.finish()?;
        Ok(())
    }

    fn rewrite_file(&self, object: &ObjectInfo, date: ProcessingDate, staged: &mut StagedFiles<'_>) -> Result<(), JobError> {
        // Columns keep the names that they have.
        let columns = self.after.columns().iter().map(|column| (column.name.to_string(), column.name.clone()));
        let renames: BTreeMap<String, ColumnName> = columns.collect();
        let naming = self.context.module.column_names;
        let format =
            Format::Typed(TypedFormat { kind: TypedKind::Parquet, binary: BinaryText::Text, values: self.values(naming) });
        let reading = Reading {
            format: &format,
            sizes: self.context.budget.read_sizes(),
            naming: Naming { rule: NamingRule::Unicode, renames: &renames, duplicates: DuplicateNames::Refuse },
            reserved: &[],
            declared: &[],
            from_file: &[],
        };
        let (ask, store) = (|_: &ColumnName| None, &self.context.published);
        let mut survey = Survey::new(&ask);
        let bytes = store.open_object(object)?;
        let header = reading.header(&object.key, bytes, self.after, None, (Sample::Full, &mut survey))?;
        let plan = header.columns.iter().enumerate().filter_map(|(index, name)| {
            let ty = self.after.type_of(name)?.clone();
            let keeps_digits = name == self.name;
            Some(ColumnPlan { index, name: name.clone(), ty, may_grow: false, keeps_digits, source_names: Arc::default() })
        });
        let plan: Vec<ColumnPlan> = plan.collect();
        let mut rows = reading.records(&header, store.open_object(object)?)?;
        while let Some(batch) = rows.next_batch()? {
            self.context.stop.check()?;
            let typed = typed_batch(&batch, &plan, format.values(), None).map_err(LakeError::from)?;
            if typed.rows_with_errors > 0 {
                return Err(self.misfit(&typed.batch, date));
            }
            staged.write(&columns_of(&typed.batch, plan.len())?)?;
        }
        Ok(())
    }

    /// Returns the rules for the table's values. A text has the notation of the source; all else is written by adg.
    fn values(&self, naming: NamingRule) -> ValueRules {
        let values = as_written(naming);
        if !is_text(self.from) {
            return values;
        }
        let formats = self.context.reading(self.collection).format.values().of(self.name).formats.clone();
        let columns = [(self.name.clone(), ValueRules { formats, ..values.clone() })].into();
        ValueRules { columns, ..values }
    }

    fn misfit(&self, batch: &RecordBatch, date: ProcessingDate) -> JobError {
        let rows = batch.columns().last().map_or(0, |errors| errors.len() - errors.null_count());
        let message =
            format!("{rows} values of `{}` of {date} do not fit {}, and maybe more; nothing was changed", self.name, self.to);
        let hint = match self.to {
            ColumnType::Float => {
                "choose a type that holds all their digits, of which a float has 9 at most: `adg query` shows them"
            }
            ColumnType::Double => {
                "choose a type that holds all their digits, of which a double has 17 at most: `adg query` shows them"
            }
            _ => "choose a type that holds them: `adg query` shows them",
        };
        refused(message, hint)
    }

    /// Records in the ledger where the rows of a date are now. They are those of the attempt before.
    fn record(&self, staged: &StagedFiles<'_>, location: String, lease: &KeptLease) -> Result<(), JobError> {
        let unit = Unit::new(self.context.module.module.clone(), self.collection.name.clone(), staged.slice().clone());
        let attempts = self.context.ledger.attempts(&unit)?;
        let number = u32::try_from(attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        let now = self.context.clock.now();
        let mut attempt = Attempt::begin(unit, lease.run_id(), number, Status::Completed, now);
        if let Seen::Rows(before) = Seen::after(&attempts) {
            attempt.counts = before.counts;
            attempt.sources.clone_from(&before.sources);
        }
        let extent = staged.extent();
        (attempt.counts.files, attempt.counts.bytes, attempt.counts.rows_written) = (extent.files, extent.bytes, extent.rows);
        attempt.schema_fingerprint = Some(self.after.fingerprint().to_string());
        attempt.location = Some(location);
        attempt.ended = Some(now);
        Ok(self.context.ledger.record(lease.lease(), &attempt)?)
    }
}

/// Returns the first columns of a batch.
fn columns_of(batch: &RecordBatch, count: usize) -> Result<RecordBatch, JobError> {
    let places: Vec<usize> = (0..count).collect();
    batch.project(&places).map_err(|error| JobError::Bug(error.to_string()))
}

/// Returns the rules for values that adg wrote: null is no text, and numbers have a point. Members of JSON in texts have the
/// source's names.
fn as_written(naming: NamingRule) -> ValueRules {
    let numbers = NumberFormat { decimal: Some('.'), ..NumberFormat::default() };
    ValueRules {
        nulls: Nulls::new(&[String::new()], true),
        formats: Formats { numbers, ..Formats::default() },
        nested_in_text: true,
        naming,
        ..ValueRules::default()
    }
}

fn refused(message: String, hint: &str) -> JobError {
    JobError::Usage { message, hint: Some(hint.to_owned()) }
}
