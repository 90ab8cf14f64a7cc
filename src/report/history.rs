//! History of a module's dates: as data, and as a calendar for a person.

use std::collections::BTreeMap;

use comfy_table::Cell;
use jiff::Timestamp;
use serde::Serialize;

use crate::catchup::{Attempt, Counts, Status};
use crate::identity::{CollectionName, ModuleName, ProcessingDate};

use super::late::{self, LateFiles};
use super::summary::{number, table};

/// The state of a date of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It is published.
    Done,
    /// There was no file, and the module allows that.
    Skipped,
    /// The source deleted its file before it was read.
    Lost,
    /// The last attempt failed.
    Failed,
    /// The last attempt is running, or died.
    Unfinished,
    /// It is marked for rebuild, and not rebuilt yet.
    CleanedUp,
    /// It counts, and no run has tried it.
    Missing,
}

impl Mark {
    /// All marks, the best first.
    pub const ALL: [Self; 7] =
        [Self::Done, Self::Skipped, Self::Failed, Self::Missing, Self::Unfinished, Self::CleanedUp, Self::Lost];

    /// Returns the mark of a status of the ledger; `None` is a date that counts and has no status.
    pub fn of(status: Option<Status>) -> Self {
        match status {
            Some(Status::Completed) => Self::Done,
            Some(Status::Skipped) => Self::Skipped,
            Some(Status::Lost) => Self::Lost,
            Some(Status::Failed) => Self::Failed,
            Some(Status::InProgress) => Self::Unfinished,
            Some(Status::CleanedUp) => Self::CleanedUp,
            None => Self::Missing,
        }
    }

    /// Returns true if the date is still to be done.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Skipped | Self::Lost)
    }

    /// Returns the word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Lost => "lost",
            Self::Failed => "failed",
            Self::Unfinished => "unfinished",
            Self::CleanedUp => "cleaned up",
            Self::Missing => "missing",
        }
    }
}

/// An attempt, as the history lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldAttempt {
    /// Processing date.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Run that made the attempt.
    pub run_id: String,
    /// Number of the attempt, from 1; 0 is the mark of a clean-up.
    pub attempt: u32,
    /// Status.
    pub status: Status,
    /// Start time.
    pub started: Timestamp,
    /// End time; null if it is running or died.
    pub ended: Option<Timestamp>,
    /// Counts of rows, files and bytes.
    pub counts: Counts,
    /// Location of its files.
    pub location: Option<String>,
    /// Error message, if it failed.
    pub error: Option<String>,
}

impl ToldAttempt {
    /// Converts an attempt at that date.
    pub fn of(date: ProcessingDate, attempt: Attempt) -> Self {
        let Attempt { unit, run_id, attempt, status, started, ended, counts, location, error, .. } = attempt;
        Self { date, collection: unit.node, run_id: run_id.to_string(), attempt, status, started, ended, counts, location, error }
    }
}

/// The dates of a module, each with the marks of its collections.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// The module.
    pub module: ModuleName,
    /// The profile.
    pub profile: String,
    /// Its collections, in the order of its file.
    pub collections: Vec<CollectionName>,
    /// Marks by date, oldest first. A collection for which a date does not count has no mark there.
    pub days: BTreeMap<ProcessingDate, BTreeMap<CollectionName, Mark>>,
    /// The last attempts at dates that need attention, or all attempts at the one requested date.
    pub attempts: Vec<ToldAttempt>,
    /// Commands that load the open dates.
    pub rerun: Vec<String>,
    /// Dates that are done and for which the source has unread files; null if the source could not be listed.
    pub late: Option<Vec<LateFiles>>,
    /// Commands that load the dates with late files again.
    pub rerun_late: Vec<String>,
}

/// Formats the history for a person: a calendar, attempts, the next commands.
pub fn history_table(history: &History) -> String {
    if history.days.is_empty() {
        return format!("{}: no date counts yet", history.module);
    }
    let mut calendar = table(&["date"]);
    calendar.set_header(["date"].into_iter().chain(history.collections.iter().map(CollectionName::as_str)));
    for (date, marks) in &history.days {
        let word = |name| marks.get(name).map_or("", |mark: &Mark| mark.word());
        calendar.add_row([Cell::new(date)].into_iter().chain(history.collections.iter().map(|name| Cell::new(word(name)))));
    }
    let mut text = calendar.to_string();
    if !history.attempts.is_empty() {
        text += &format!("\n{}", attempts(&history.attempts));
    }
    for attempt in &history.attempts {
        if let Some(error) = &attempt.error {
            text += &format!("\n{} {}: {error}", attempt.date, attempt.collection);
        }
    }
    for command in &history.rerun {
        text += &format!("\nload unfinished dates: {command}");
    }
    match &history.late {
        Some(late) => late::lines(late, &history.rerun_late).iter().for_each(|line| text += &format!("\n{line}")),
        None => text += "\ncould not check the source for late files",
    }
    text
}

fn attempts(attempts: &[ToldAttempt]) -> comfy_table::Table {
    let mut rows = table(&["date", "collection", "attempt", "status", "began", "seconds", "rows", "quarantined", "run"]);
    for one in attempts {
        let seconds = one.ended.map(|ended| ended.duration_since(one.started).as_secs().to_string());
        rows.add_row([
            Cell::new(one.date),
            Cell::new(&one.collection),
            number(one.attempt),
            Cell::new(one.status),
            Cell::new(one.started.strftime("%Y-%m-%d %H:%M:%S")),
            number(seconds.unwrap_or_default()),
            number(one.counts.rows_written),
            number(one.counts.rows_quarantined),
            Cell::new(&one.run_id),
        ]);
    }
    rows
}
