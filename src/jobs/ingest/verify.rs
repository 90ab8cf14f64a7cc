//! Verification that a published date still is what its attempt said: by the metastore, the files, and the source, if that still
//! has its files.

use crate::catchup::{Attempt, Seen, SourceFile, Status};
use crate::identity::{CollectionName, ProcessingDate, RunId};
use crate::jobs::run::{JobError, RunOptions, Scope, Services};
use crate::lake::{PublishedDate, RowsOfFiles};
use crate::report::{Check, Verified};
use crate::source::DayKeys;

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
        let layout = self.collection.layouts.of(true);
        let handle = context.handle(self.collection, layout);
        let metastore = metastore(attempt, handle.published(&layout.value(self.date))?.as_ref());
        let files = match attempt.location.as_deref().and_then(|location| self.context.published.key_at(location)) {
            Some(folder) => files(attempt, handle.rows_of_date(&folder)?),
            None => Check::Unknown("the ledger does not say where they are".to_owned()),
        };
        let source = self.source(attempt, keys)?;
        Ok(Verified { date: self.date, collection: name.clone(), rows: attempt.counts.rows_written, metastore, files, source })
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

fn files(attempt: &Attempt, found: RowsOfFiles) -> Check {
    if !found.damaged.is_empty() {
        return Check::Differs(found.damaged.join("; "));
    }
    let (counts, found) = (&attempt.counts, found.extent);
    Check::of([
        ("files", counts.files, found.files),
        ("bytes", counts.bytes, found.bytes),
        ("rows", counts.rows_written, found.rows),
    ])
}

fn metastore(attempt: &Attempt, published: Option<&PublishedDate>) -> Check {
    let Some(published) = published else { return Check::Differs("it has no such partition".to_owned()) };
    let elsewhere = published.locations().iter().find(|location| attempt.location.as_ref() != Some(*location));
    if let Some(location) = elsewhere {
        return Check::Differs(format!("it sends readers to `{location}`, which another wrote"));
    }
    if !published.is_whole() {
        return Check::Differs("some of its partitions are missing".to_owned());
    }
    match published.rows() {
        Some(rows) => Check::of([("rows", attempt.counts.rows_written, rows)]),
        None => Check::Unknown("it does not say how many rows there are".to_owned()),
    }
}

fn unknown(date: ProcessingDate, collection: CollectionName) -> Verified {
    let unknown = Check::Unknown("the ledger has no completed attempt".to_owned());
    Verified { date, collection, rows: 0, metastore: unknown.clone(), files: unknown.clone(), source: unknown }
}
