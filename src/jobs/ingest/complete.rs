//! Completeness of a date's files.

use jiff::{SignedDuration, Timestamp};

use crate::config::{CompleteSettings, MissingFile};
use crate::identity::ProcessingDate;
use crate::source::{SourceKey, with_date};
use crate::store::StoreError;

use super::context::Context;
use super::control;
use super::duplicates::distinct;
use super::module::Collection;
use crate::jobs::run::JobError;

/// Returns the reason for which a date is skipped for now, as its files are not complete; none if it is to be loaded, as any is
/// if `takes_incomplete`.
///
/// # Errors
/// The files are not complete, and the collection says that a date without a file fails.
pub(super) fn must_be(
    context: &Context<'_>,
    collection: &Collection,
    date: ProcessingDate,
    listed: &[SourceKey],
    takes_incomplete: bool,
) -> Result<Option<String>, JobError> {
    if takes_incomplete {
        return Ok(None);
    }
    let Some(reason) = waits_for(context, collection, date, listed)? else { return Ok(None) };
    match collection.missing {
        MissingFile::Skip => Ok(Some(format!("not complete yet: {reason}"))),
        MissingFile::Fail => Err(JobError::Incomplete { date, reason }),
    }
}

/// Returns the reason for which a date waits; none if its files are complete, by the module's `complete` settings.
fn waits_for(
    context: &Context<'_>,
    collection: &Collection,
    date: ProcessingDate,
    keys: &[SourceKey],
) -> Result<Option<String>, JobError> {
    let CompleteSettings { marker, min_age_minutes, min_files } = &context.module.source.complete;
    if let Some(wanted) = min_files {
        // A file that was sent twice is read once.
        let (different, _) = distinct(context, keys.to_vec())?;
        if different.len() < *wanted as usize {
            return Ok(Some(format!("it has {} of the {wanted} files of `min_files`", different.len())));
        }
    }
    if let Some(minutes) = min_age_minutes
        && let Some(newest) = keys.iter().map(|key| key.object.modified).max()
        && is_younger(newest, context.clock.now(), *minutes)
    {
        return Ok(Some(format!("its newest file is of {newest}, less than `min_age_minutes` ago, which are {minutes}")));
    }
    let marker = marker.as_ref().map(|marker| with_date(marker, date).replace("{collection}", &collection.file_name));
    let control = context.module.source.control.as_ref().filter(|control| control.wait);
    let control = control.map(|settings| control::key(settings, collection, date));
    for (what, key) in marker.map(|key| ("marker", key)).into_iter().chain(control.map(|key| ("control file", key))) {
        if !is_there(context, &key)? {
            return Ok(Some(format!("there is no {what} `{key}`")));
        }
    }
    Ok(None)
}

fn is_younger(newest: Timestamp, now: Timestamp, minutes: u32) -> bool {
    now.duration_since(newest) < SignedDuration::from_mins(minutes.into())
}

fn is_there(context: &Context<'_>, key: &str) -> Result<bool, JobError> {
    match context.source.head(key) {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
