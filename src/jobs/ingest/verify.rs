//! Verification that a published date still is what its attempt said: by the metastore, the files, and the source, if that still
//! has its files.

use crate::catchup::{Attempt, Seen, SourceFile, Status};
use crate::identity::{CollectionName, ProcessingDate, RunId};
use crate::jobs::run::{JobError, RunOptions, Scope, Services};
use crate::lake::RowsOfFiles;
use crate::metastore::Partition;
use crate::report::{Check, Verified};
use crate::source::DayKeys;
use crate::store::normal_location;

use super::context::Context;
use super::duplicates::distinct;
use super::incoming::{DayFiles, source_file};
use super::module::{Collection, collections};
use super::slices::{in_slices, source_keys};

/// Verifies the dates that the ledger has as completed, from the scope's first to its last.
///
/// # Errors
/// The ledger, the metastore or a store fails. Differences are in the result.
pub fn verify(services: &Services, scope: &Scope, options: &RunOptions) -> Result<Vec<Verified>, JobError> {
    let now = services.environment.clock.now();
    let module = services.environment.module(&scope.job, scope.load)?;
    let collections = collections(&module, &scope.collections)?;
    let context = Context::new(services, &module, options, now, RunId::new(now))?;
    let scope = &in_slices(&module, scope)?;
    let dates = scope.dates.start.map(|start| (start, scope.dates.end.unwrap_or(context.today)));
    let keys = source_keys(&module, &collections, &context.source, &services.environment.zone, dates)?;
    let history = services.ledger.days(&module.module)?;
    let end = scope.dates.end.unwrap_or(context.today);
    let mut verified = Vec::new();
    for collection in &collections {
        let days = history.get(&collection.name).into_iter().flatten();
        let asked = |date: &ProcessingDate| scope.dates.start.is_none_or(|start| start <= *date) && *date <= end;
        for (date, _) in days.filter(|(date, status)| **status == Status::Completed && asked(date)) {
            context.stop.check()?;
            verified.push(Past { context: &context, collection, date: *date }.verify(&keys)?);
        }
    }
    verified.sort_by(|a, b| (a.date, &a.collection).cmp(&(b.date, &b.collection)));
    Ok(verified)
}

/// A published date of a collection.
struct Past<'p> {
    context: &'p Context<'p>,
    collection: &'p Collection,
    date: ProcessingDate,
}

impl Past<'_> {
    fn verify(&self, keys: &DayKeys) -> Result<Verified, JobError> {
        let (name, context) = (&self.collection.name, self.context);
        let attempts = context.ledger.attempts(&context.unit(self.collection, self.date))?;
        let Some(attempt) = Seen::after(&attempts).rows() else {
            return Ok(unknown(self.date, name.clone()));
        };
        let partition =
            context.metastore.partition(&self.collection.table, &self.collection.layouts.of(true).value(self.date))?;
        let metastore = metastore(attempt, partition.as_ref());
        let files = match attempt.location.as_deref().and_then(|location| self.context.published.key_at(location)) {
            Some(folder) => self.files(attempt, &folder)?,
            None => Check::Unknown("the ledger does not say where they are".to_owned()),
        };
        let source = self.source(attempt, keys)?;
        Ok(Verified { date: self.date, collection: name.clone(), rows: attempt.counts.rows_written, metastore, files, source })
    }

    fn files(&self, attempt: &Attempt, folder: &str) -> Result<Check, JobError> {
        let found = RowsOfFiles::in_folder(&self.context.published, folder)?;
        if !found.damaged.is_empty() {
            return Ok(Check::Differs(found.damaged.join("; ")));
        }
        let counts = &attempt.counts;
        Ok(Check::of([
            ("files", counts.files, found.files),
            ("bytes", counts.bytes, found.bytes),
            ("rows", counts.rows_written, found.rows),
        ]))
    }

    /// Reads the source's files once more, if they are the same, and compares their rows.
    fn source(&self, attempt: &Attempt, keys: &DayKeys) -> Result<Check, JobError> {
        let keys = keys.get(&(self.collection.name.clone(), self.date)).cloned().unwrap_or_default();
        let keys = self.context.module.source.pick.choose(keys);
        let now: Vec<SourceFile> = keys.iter().map(source_file).collect();
        if now.is_empty() {
            return Ok(Check::Unknown("it no longer has the files".to_owned()));
        }
        if now != attempt.sources {
            return Ok(Check::Differs("it has other files than those that were read".to_owned()));
        }
        let (keys, _) = distinct(self.context, keys)?;
        let files = DayFiles { context: self.context, collection: self.collection, keys: &keys };
        Ok(Check::of([("rows", attempt.counts.rows_read, files.count()?)]))
    }
}

fn metastore(attempt: &Attempt, partition: Option<&Partition>) -> Check {
    let Some(partition) = partition else { return Check::Differs("it has no such partition".to_owned()) };
    let location = normal_location(&partition.location);
    if attempt.location.as_deref() != Some(location.as_str()) {
        return Check::Differs(format!("it sends readers to `{location}`, which another wrote"));
    }
    match partition.number("numRows") {
        Some(rows) => Check::of([("rows", attempt.counts.rows_written, rows)]),
        None => Check::Unknown("it does not say how many rows there are".to_owned()),
    }
}

fn unknown(date: ProcessingDate, collection: CollectionName) -> Verified {
    let unknown = Check::Unknown("the ledger has no completed attempt".to_owned());
    Verified { date, collection, rows: 0, metastore: unknown.clone(), files: unknown.clone(), source: unknown }
}
