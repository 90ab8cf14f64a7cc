//! Files of dates that are done: a date may get more of them, or others, after it was done.

use std::collections::BTreeSet;

use crate::catchup::{Attempt, DayHistory, Ledger, SourceFile, Status};
use crate::config::{LateFiles as Policy, Module};
use crate::identity::{CollectionName, ProcessingDate};
use crate::report::LateFiles;
use crate::source::{DayKeys, SourceKey};

use super::JobError;
use super::incoming::source_file;
use super::ingest::IngestRequest;
use super::rerun::{self, Again};

/// The dates that are done, of which a run would read a file that no attempt has read. A file that somebody undid is none.
pub(super) fn of(
    ledger: &dyn Ledger,
    module: &Module,
    keys: &DayKeys,
    mut days: impl FnMut(&CollectionName) -> DayHistory,
) -> Result<Vec<LateFiles>, JobError> {
    let mut late = Vec::new();
    if module.catchup.late == Policy::Ignore {
        return Ok(late);
    }
    // Sorted by collection, then by date.
    let listed: Vec<_> = keys.iter().collect();
    for of_collection in listed.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
        let collection = &of_collection[0].0.0;
        let days = days(collection);
        let done: Vec<_> = of_collection.iter().filter(|((_, date), _)| days.get(date) == Some(&Status::Completed)).collect();
        let (Some(((_, first), _)), Some(((_, last), _))) = (done.first(), done.last()) else { continue };
        let attempts = ledger.attempts_between(&module.module, collection, *first, *last)?;
        for ((_, date), keys) in done {
            let files = not_read(module, keys, &attempts, *date);
            if !files.is_empty() {
                late.push(LateFiles { date: *date, collection: collection.clone(), files });
            }
        }
    }
    Ok(late)
}

/// Those that the date would be done with now, and was not.
fn not_read(module: &Module, keys: &[SourceKey], attempts: &[Attempt], date: ProcessingDate) -> Vec<String> {
    let of_date = attempts.iter().filter(|attempt| attempt.date == date);
    let read: BTreeSet<_> = of_date.flat_map(|attempt| &attempt.sources).map(identity).collect();
    let now = module.source.pick.choose(keys.to_vec());
    now.iter().map(source_file).filter(|file| !read.contains(&identity(file))).map(|file| file.key).collect()
}

fn identity(file: &SourceFile) -> (&str, u64, Option<&str>) {
    (&file.key, file.size, file.etag.as_deref())
}

/// Those of the request's collections and dates that a run does again, and those that it tells.
pub(super) fn divided(module: &Module, request: &IngestRequest, mut late: Vec<LateFiles>) -> (Vec<LateFiles>, Vec<LateFiles>) {
    let is_asked = |one: &LateFiles| {
        let of_collection = request.collections.is_empty() || request.collections.contains(&one.collection);
        of_collection && request.shard.is_none_or(|shard| shard.has(one.date)) && !request.e2e_test
    };
    late.retain(is_asked);
    match module.catchup.late {
        Policy::Rerun => (late, Vec::new()),
        Policy::Report | Policy::Ignore => (Vec::new(), late),
    }
}

/// The commands that do such dates again. `base` is the command without dates.
pub(super) fn commands(base: &[String], late: &[LateFiles], all_collections: usize) -> Vec<String> {
    let mut again = Again::new();
    for one in late {
        again.entry(one.date).or_default().insert(one.collection.clone());
    }
    rerun::commands(base, again, all_collections)
}
