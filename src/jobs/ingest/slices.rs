//! Slices of a module: which of its files belong to each, and which of them are requested.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::catchup::Requested;
use crate::config::{DateFrom, Module};
use crate::identity::{CollectionName, ProcessingDate};
use crate::jobs::run::{JobError, Scope};
use crate::source::{DayKeys, KeyPattern, Slicing, with_date};
use crate::store::Store;

use super::module::{Collection, file_name};

/// Returns the scope with the first and the last slice of the dates that are requested: `2024-05-01` is 24 hours where slices are
/// hours.
///
/// # Errors
/// An hour is requested of a module whose slices are days.
pub(crate) fn in_slices(module: &Module, scope: &Scope) -> Result<Scope, JobError> {
    let (length, Requested { start, end }) = (module.source.slice, scope.dates);
    let dates = Requested { start: start.map(|date| date.first_slice(length)), end: end.map(|date| date.last_slice(length)) };
    for (asked, date) in [(start, dates.start), (end, dates.end)] {
        if let Some(hour) = asked.filter(|asked| asked.hour().is_some() && date.is_none_or(|date| date.hour().is_none())) {
            let message = format!("{hour} is an hour, and the module `{}` has days", module.module);
            return Err(JobError::Usage { message, hint: Some(format!("write {}", hour.whole_day())) });
        }
    }
    Ok(Scope { dates, ..scope.clone() })
}

/// Lists the source's files of the dates, or of all dates if they are not known, and sorts them by collection and date. All of
/// the module's collections take part, so that a file of one is never taken for another's.
pub(crate) fn source_keys(
    module: &Module,
    collections: &[Collection],
    source: &Store,
    zone: &TimeZone,
    dates: Option<(ProcessingDate, ProcessingDate)>,
) -> Result<DayKeys, JobError> {
    let with_files = module.collections.iter().filter(|(_, settings)| settings.child_of.is_none());
    let names: Vec<_> = with_files.map(|(name, settings)| (name.clone(), file_name(name, settings).to_owned())).collect();
    let slicing = Slicing {
        length: module.source.slice,
        by_time_in: (module.source.date_from == DateFrom::Modified).then(|| zone.clone()),
    };
    let pattern = KeyPattern::new(&module.source.files, &names, slicing)?;
    let undated = RefCell::new(BTreeSet::new());
    let is_source_file = |key: &str| {
        let is_one = pattern.matches(key);
        if !is_one && pattern.is_undated(key) {
            undated.borrow_mut().insert(key.to_owned());
        }
        is_one
    };
    let mut keys = pattern.assign(source.find(&pattern.scope(dates), &is_source_file)?);
    tell_undated(module, &undated.into_inner());
    leave_out_marks(module, &names, &mut keys);
    share_files(collections, &mut keys);
    keys.retain(|(name, _), _| collections.iter().any(|collection| collection.name == *name));
    Ok(keys)
}

/// Returns the first and last date whose files a run may read, as far as they are known before its history is; none if the first
/// is not.
pub(crate) fn dates_to_list(
    module: &Module,
    requested: Requested,
    first: Option<ProcessingDate>,
    today: ProcessingDate,
) -> Option<(ProcessingDate, ProcessingDate)> {
    let first = requested.start.or(first).or(module.catchup.start).map(|date| date.first_slice(module.source.slice))?;
    Some((first, requested.end.unwrap_or(today)))
}

/// Leaves out markers and control files that `source.files` matches too: they have no records.
fn leave_out_marks(module: &Module, names: &[(CollectionName, String)], keys: &mut DayKeys) {
    let marks = [module.source.complete.marker.as_ref(), module.source.control.as_ref().map(|control| &control.files)];
    let marks: Vec<&String> = marks.into_iter().flatten().collect();
    if marks.is_empty() {
        return;
    }
    for ((name, date), files) in keys.iter_mut() {
        let file_name = names.iter().find(|(known, _)| known == name).map_or("", |(_, file_name)| file_name);
        let is_mark = |key: &str| marks.iter().any(|mark| with_date(mark, *date).replace("{collection}", file_name) == key);
        files.retain(|file| !is_mark(&file.object.key));
    }
    keys.retain(|_, files| !files.is_empty());
}

/// Tells of files that no date will ever read: their senders believe that they are delivered.
fn tell_undated(module: &Module, undated: &BTreeSet<String>) {
    let Some(first) = undated.first() else { return };
    tracing::warn!(
        event = "files_without_date", module = %module.module, files = undated.len(), key = first, pattern = module.source.files,
        "files have the form of `source.files`, and their names give no one date: they are not read"
    );
}

/// Gives the files of each collection to the tables of its arrays too.
fn share_files(collections: &[Collection], keys: &mut DayKeys) {
    let mut shared = BTreeMap::new();
    for child in collections.iter().filter(|collection| collection.is_child()) {
        let of_root = keys.iter().filter(|((name, _), _)| *name == child.root);
        shared.extend(of_root.map(|((_, date), files)| ((child.name.clone(), *date), files.clone())));
    }
    keys.extend(shared);
}
