//! Repair of what others changed: registers again what the ledger and the files know, or accepts the change as wanted.

use std::sync::Arc;

use jiff::Timestamp;

use crate::catchup::{Attempt, DayHistory, Seen, Status};
use crate::identity::ProcessingDate;
use crate::jobs::run::lease::KeptLease;
use crate::jobs::run::rerun::{self, Again};
use crate::jobs::run::{JobError, NextCommands, RunOptions, Scope, Services};
use crate::lake::{COLUMNS, HiveSink, TableLayout};
use crate::metastore::{Parameters, create_table_ddl};
use crate::report::{Repair, Repaired};
use crate::schema::{Column, ColumnName, ERROR_DESC, Evolution, TableSchema};
use crate::sink::{Extent, Reverted, Revision, TableSink};

use super::context::Context;
use super::differences::{Look, explained, of_table};
use super::module::{Collection, collections};
use super::slices::in_slices;
use super::summary::KeptSummary;

/// A request to repair tables.
pub struct RepairRequest {
    /// The module, its collections and dates.
    pub scope: Scope,
    /// Accept the changes as wanted instead.
    pub accept: bool,
    /// Prints the commands that rerun dates.
    pub commands: Arc<dyn NextCommands>,
}

/// Repairs what others changed in the tables of a module, for dates that the ledger has as completed. Returns the outcome, and
/// the commands that load the rest again from the source. Idempotent: a second repair changes nothing.
///
/// # Errors
/// The lease is held; the ledger or the store can't be opened. Parts of a table that can't be repaired are in the result.
pub fn repair(services: &Services, request: &RepairRequest) -> Result<(Vec<Repaired>, Vec<String>), JobError> {
    let RepairRequest { scope, accept, commands } = request;
    let now = services.environment.clock.now();
    let module = services.environment.module(&scope.job, scope.load)?;
    let collections = collections(&module, &scope.collections)?;
    let scope = &in_slices(&module, scope)?;
    let lease = KeptLease::take(&services.ledger, &services.environment.clock, &module.module, None)?;
    let summary = KeptSummary::take_over(&*services.ledger, &lease, &module)?;
    let context = Context::new(services, &module, &RunOptions::without_reading(), now, lease.run_id())?;
    let mut history = services.ledger.days(&module.module)?;
    let (mut repaired, mut again) = (Vec::new(), Again::new());
    for collection in &collections {
        let mut completed = history.remove(&collection.name).unwrap_or_default();
        completed.retain(|_, status| *status == Status::Completed);
        let all = completed.clone();
        completed.retain(|date, _| scope.dates.include(*date));
        let layout = layout(&context, collection, &all)?;
        let table = Broken { context: &context, collection, lease: &lease, layout, all: &all };
        // What keeps one table from being mended is said of it, and keeps no other.
        let mended = table.repair(&completed, *accept).or_else(|error| {
            if error.ends_the_run() { Err(error) } else { Ok(vec![table.of_table(Repair::Left(explained(&error)))]) }
        })?;
        for one in mended {
            if let (Some(date), Repair::Left(_)) = (one.date, &one.outcome) {
                again.entry(date).or_default().insert(collection.name.clone());
            }
            repaired.push(one);
        }
    }
    summary.settle();
    Ok((repaired, rerun::commands(&**commands, again, module.collections.len())))
}

/// Returns the folder of the table; if the table is gone, the folder of the newest published date.
fn layout<'c>(context: &Context<'_>, collection: &'c Collection, completed: &DayHistory) -> Result<&'c TableLayout, JobError> {
    let known = context.layout(collection)?;
    let Some(newest) = completed.keys().next_back() else { return Ok(known) };
    if context.handle(collection, known).metastore.table(&collection.table)?.is_some() {
        return Ok(known);
    }
    let attempts = context.ledger.attempts(&context.unit(collection, *newest))?;
    let location = Seen::after(&attempts).rows().and_then(|attempt| attempt.location.clone()).unwrap_or_default();
    let has_it = |layout: &&TableLayout| location.starts_with(&format!("{}/", context.published.location(layout.table())));
    Ok(collection.layouts.all().find(has_it).unwrap_or(known))
}

/// A collection's table as others left it.
struct Broken<'r> {
    context: &'r Context<'r>,
    collection: &'r Collection,
    lease: &'r KeptLease,
    layout: &'r TableLayout,
    /// All completed dates.
    all: &'r DayHistory,
}

impl Broken<'_> {
    fn repair(&self, completed: &DayHistory, accept: bool) -> Result<Vec<Repaired>, JobError> {
        let ledger = self.context.ledger;
        let found = of_table(&self.sink().at, ledger, &self.collection.name, completed, Look::All)?;
        let Some(found) = found else { return Ok(Vec::new()) };
        if let Some(reason) = found.told.refused {
            return Ok(vec![self.of_table(Repair::Left(reason))]);
        }
        let mut repaired = Vec::new();
        if self.sink().at.registered()?.is_none() && !accept {
            repaired.push(self.table()?);
        }
        let can_register = !repaired.iter().any(|one| matches!(one.outcome, Repair::Left(_)));
        for date in found.forgotten.iter().chain(&found.elsewhere) {
            self.context.stop.check()?;
            let outcome = match accept {
                true => self.accept(*date)?,
                false if can_register => self.register(*date)?,
                false => Repair::Left("there is no table".to_owned()),
            };
            repaired.push(self.of_date(*date, outcome));
        }
        // At last: a date that was registered again may be the one by which it is seen.
        repaired.extend(self.columns(accept)?);
        Ok(repaired)
    }

    /// Creates the table again, with the columns of all that was published: those of the latest run first, since their types are
    /// the latest.
    fn table(&self) -> Result<Repaired, JobError> {
        let published = self.all.keys().filter_map(|date| self.published(*date).transpose());
        let mut published = published.collect::<Result<Vec<Attempt>, JobError>>()?;
        published.sort_by_key(|attempt| std::cmp::Reverse(attempt.run_id));
        let mut schema = TableSchema::default();
        let mut seen = Vec::new();
        for attempt in published {
            if seen.contains(&attempt.schema_fingerprint) {
                continue;
            }
            let folder = attempt.location.as_deref().and_then(|location| self.context.published.key_at(location));
            let Some(folder) = folder else { continue };
            if let Some(columns) = self.sink().at.columns_of_date(&folder)? {
                columns.columns().iter().for_each(|column| schema.push(self.as_declared(column)));
                seen.push(attempt.schema_fingerprint);
            }
        }
        if schema.is_empty() {
            return Ok(self.of_table(Repair::Left("none of its files is left to say its columns".to_owned())));
        }
        let mut personal = self.collection.personal.clone();
        personal.retain(|column| schema.has(column));
        personal.extend(ColumnName::new(ERROR_DESC).ok().filter(|_| !personal.is_empty()));
        let sink = self.sink();
        let mut statement = create_table_ddl(&sink.at.wanted(&schema, &personal));
        if personal.is_empty() && (self.context.module.target.pii || self.collection.layouts.is_for_personal_only(self.layout)) {
            statement += "; which of its columns are personal data is told again with its next files";
        }
        sink.evolve(&Evolution { after: schema, ..Evolution::default() }, &personal)?;
        Ok(self.of_table(Repair::Table(statement)))
    }

    /// Returns the column with its declared type if that is a text of a bounded length: files do not tell such texts apart from
    /// others.
    fn as_declared(&self, column: &Column) -> Column {
        use crate::schema::ColumnType::{Char, String, Varchar};
        match (self.collection.declared.type_of(&column.name), &column.ty) {
            (Some(declared @ (Varchar(_) | Char(_))), String) => Column::new(column.name.clone(), declared.clone()),
            _ => column.clone(),
        }
    }

    /// Gives the table back the columns that its files have; if `accept`, keeps its columns and records them as known to adg.
    fn columns(&self, accept: bool) -> Result<Option<Repaired>, JobError> {
        let metastore = self.context.metastore;
        let Some(table) = &self.sink().at.registered()? else { return Ok(None) };
        let changed = self.sink().at.changed_columns(table, &metastore.partitions(&table.name)?)?;
        if changed.is_empty() {
            return Ok(None);
        }
        let mut after = table.schema.clone();
        if !accept {
            let back = |column: &Column| changed.iter().map(|one| &one.in_files).find(|other| other.name == column.name);
            let columns = after.columns().iter().map(|column| back(column).unwrap_or(column).clone());
            let gone = changed.iter().filter(|one| one.in_table.is_none()).map(|one| self.as_declared(&one.in_files));
            after = TableSchema::new(columns.chain(gone).collect());
        }
        let known = Parameters::from([(COLUMNS.to_owned(), after.fingerprint().to_string())]);
        metastore.alter_table(&table.name, &table.schema, &after, &known)?;
        let told = changed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Ok(Some(self.of_table(if accept {
            Repair::Accepted(told)
        } else {
            Repair::Table(format!("columns as the files have them again: {told}"))
        })))
    }

    /// Sends readers to the published location again.
    fn register(&self, date: ProcessingDate) -> Result<Repair, JobError> {
        let Some(Attempt { counts, schema_fingerprint, location: Some(location), .. }) = self.published(date)? else {
            return Ok(Repair::Left("the ledger does not say where its files are".to_owned()));
        };
        let revision = Revision { location, extent: Extent::written(&counts), schema_fingerprint };
        let sent = self.sink().revert(&date.into(), Some(&revision))?;
        let location = revision.location;
        Ok(match sent {
            Reverted::Done(found) => Repair::Registered { location, rows: found.rows },
            Reverted::Refused(_) => Repair::Left(format!("its files are no longer all at `{location}`")),
        })
    }

    /// Records in the ledger what readers see now: nothing, which no run repairs by itself, or what another tool put there.
    fn accept(&self, date: ProcessingDate) -> Result<Repair, JobError> {
        let now = self.now();
        let attempts = self.context.ledger.attempts(&self.context.unit(self.collection, date))?;
        let number = u32::try_from(attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        let current = match self.sink().at.registered()? {
            Some(_) => self.sink().at.current(&self.sink().at.layout.value(date))?,
            None => None,
        };
        let status = if current.is_some() { Status::Completed } else { Status::Lost };
        let mut attempt = Attempt::begin(self.context.unit(self.collection, date), self.lease.run_id(), number, status, now);
        attempt.ended = Some(now);
        if let Some(folder) = current.as_deref().and_then(|location| self.context.published.key_at(location)) {
            let found = self.sink().at.rows_of_date(&folder)?.extent;
            (attempt.counts.files, attempt.counts.bytes, attempt.counts.rows_written) = (found.files, found.bytes, found.rows);
        }
        attempt.location.clone_from(&current);
        self.context.ledger.record(self.lease.lease(), &attempt)?;
        Ok(Repair::Accepted(match current {
            Some(location) => format!("readers see {location}"),
            None => "readers see nothing of it; its files are left where they are".to_owned(),
        }))
    }

    /// Returns the attempt whose rows readers are to see.
    fn published(&self, date: ProcessingDate) -> Result<Option<Attempt>, JobError> {
        let attempts = self.context.ledger.attempts(&self.context.unit(self.collection, date))?;
        Ok(Seen::after(&attempts).rows().cloned())
    }

    fn of_date(&self, date: ProcessingDate, outcome: Repair) -> Repaired {
        Repaired { date: Some(date), ..self.of_table(outcome) }
    }

    fn of_table(&self, outcome: Repair) -> Repaired {
        Repaired { table: self.collection.table.to_string(), date: None, outcome }
    }

    fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    fn sink(&self) -> HiveSink<'_> {
        self.context.sink(self.collection, self.layout, self.lease)
    }
}
