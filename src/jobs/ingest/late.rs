//! Late files: a date may get more files, or others, after it was completed.

use std::collections::BTreeSet;

use crate::catchup::{Attempt, DayHistory, Ledger, LedgerError, SourceFile, Status};
use crate::config::{LateFiles as Policy, Module};
use crate::identity::{Causes, CollectionName, ProcessingDate};
use crate::jobs::run::NextCommands;
use crate::jobs::run::rerun::{self, Again};
use crate::report::LateFiles;
use crate::source::{DayKeys, SourceKey};

use super::dates::DATES;
use super::incoming::source_file;
use super::request::IngestRequest;

/// Returns the completed dates of which a run would read a file that no attempt has read. A file that somebody undid is none. A
/// collection of which the ledger can't say it is logged: that keeps no date from being loaded.
pub(super) fn of(
    ledger: &dyn Ledger,
    module: &Module,
    keys: &DayKeys,
    mut days: impl FnMut(&CollectionName) -> DayHistory,
) -> Vec<LateFiles> {
    // Loads that share a record read other files, and what one did, the other need not.
    if module.catchup.late == Policy::Ignore || module.has_loads_of_one_record() {
        return Vec::new();
    }
    // Sorted by collection, then by date.
    let listed: Vec<Listed<'_>> = keys.iter().map(|((collection, date), keys)| (collection, *date, keys)).collect();
    let mut late = Vec::new();
    for of_collection in listed.chunk_by(|(one, ..), (other, ..)| one == other) {
        let collection = of_collection[0].0;
        match of_one(ledger, module, of_collection, &days(collection)) {
            Ok(found) => late.extend(found),
            Err(error) => tracing::warn!(
                event = "late_files_unknown", %collection, error = %Causes(&error),
                "could not check for late files"
            ),
        }
    }
    late
}

/// Files of a date, as they were listed.
type Listed<'k> = (&'k CollectionName, ProcessingDate, &'k Vec<SourceKey>);

fn of_one(ledger: &dyn Ledger, module: &Module, listed: &[Listed<'_>], days: &DayHistory) -> Result<Vec<LateFiles>, LedgerError> {
    let done: Vec<_> = listed.iter().filter(|(_, date, _)| days.get(date) == Some(&Status::Completed)).collect();
    let (Some((collection, first, _)), Some((_, last, _))) = (done.first(), done.last()) else { return Ok(Vec::new()) };
    let attempts = ledger.attempts_between(&module.module, collection, *first, *last)?;
    let late = done.into_iter().map(|(collection, date, keys)| LateFiles {
        date: *date,
        collection: (*collection).clone(),
        files: not_read(module, keys, &attempts, *date),
    });
    Ok(late.filter(|late| !late.files.is_empty()).collect())
}

/// Returns the files that the date would be loaded from now, and was not.
fn not_read(module: &Module, keys: &[SourceKey], attempts: &[Attempt], date: ProcessingDate) -> Vec<String> {
    // They are sorted by date.
    let first = attempts.partition_point(|attempt| attempt.date() < Some(date));
    let of_date = attempts[first..].iter().take_while(|attempt| attempt.date() == Some(date));
    let of_date = of_date.filter(|attempt| attempt.status == Status::Completed);
    let read: BTreeSet<_> = of_date.flat_map(|attempt| &attempt.sources).map(identity).collect();
    let now = module.source.pick.choose(keys.to_vec());
    now.iter().map(source_file).filter(|file| !read.contains(&identity(file))).map(|file| file.key).collect()
}

fn identity(file: &SourceFile) -> (&str, u64, Option<&str>) {
    (&file.key, file.size, file.etag.as_deref())
}

/// Divides late files of the request's collections and shard into those whose dates a run loads again, and those that it only
/// reports.
pub(super) fn divided(module: &Module, request: &IngestRequest, mut late: Vec<LateFiles>) -> (Vec<LateFiles>, Vec<LateFiles>) {
    let is_asked = |one: &LateFiles| {
        let of_collection = request.scope.has(&one.collection);
        of_collection && request.scope.shard.is_none_or(|shard| shard.has(one.date)) && !request.options.e2e_test
    };
    late.retain(is_asked);
    match module.catchup.late {
        Policy::Rerun => (late, Vec::new()),
        Policy::Report | Policy::Ignore => (Vec::new(), late),
    }
}

/// Logs the late files with the commands that load them.
pub(super) fn log(late: &[LateFiles], rerun: &[String]) {
    if let Some(LateFiles { date, collection, .. }) = late.first() {
        let (date, rerun) = (date.to_string(), rerun.join("; "));
        tracing::warn!(
            target: DATES, event = "late_files_found", formerly = "files_came_late", dates = late.len(), date, %collection, rerun,
            "files arrived after their dates were done"
        );
    }
}

/// Returns the commands that rerun such dates.
pub(super) fn commands(next: &dyn NextCommands, late: &[LateFiles], all_collections: usize) -> Vec<String> {
    let mut again = Again::new();
    for one in late {
        again.entry(one.date).or_default().insert(one.collection.clone());
    }
    rerun::commands(next, again, all_collections)
}
