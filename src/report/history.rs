//! What became of a module's dates: as data, and as a calendar for a person.

use std::collections::BTreeMap;

use comfy_table::Cell;
use jiff::Timestamp;
use serde::Serialize;

use crate::catchup::{Attempt, Counts, Status};
use crate::identity::{CollectionName, ModuleName, ProcessingDate};

use super::late::{self, LateFiles};
use super::summary::{number, table};

/// What became of a date of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It is published.
    Done,
    /// There was no file, and that is no failure.
    Skipped,
    /// The source has deleted its file before it was read.
    Lost,
    /// The last attempt failed.
    Failed,
    /// The last attempt is at work, or died.
    Unfinished,
    /// A clean-up wants it built anew, and it is not yet.
    CleanedUp,
    /// It counts, and no run knows of it.
    Missing,
}

impl Mark {
    /// All of them, the best first.
    pub const ALL: [Self; 7] =
        [Self::Done, Self::Skipped, Self::Failed, Self::Missing, Self::Unfinished, Self::CleanedUp, Self::Lost];

    /// What a status of the ledger means; none where a date counts and there is none.
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

    /// Whether it is still to be done.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Skipped | Self::Lost)
    }

    /// As people read it.
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

/// An attempt, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldAttempt {
    /// The day.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// By which run.
    pub run_id: String,
    /// Counted from 1; 0 is a clean-up's mark.
    pub attempt: u32,
    /// How far it came.
    pub status: Status,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What it counted.
    pub counts: Counts,
    /// Where it wrote.
    pub location: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

impl ToldAttempt {
    /// An attempt at that date.
    pub fn of(date: ProcessingDate, attempt: Attempt) -> Self {
        let Attempt { unit, run_id, attempt, status, started, ended, counts, location, error, .. } = attempt;
        Self { date, collection: unit.node, run_id: run_id.to_string(), attempt, status, started, ended, counts, location, error }
    }
}

/// The dates of a module, each with what became of its collections.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct History {
    /// The module.
    pub module: ModuleName,
    /// The profile.
    pub profile: String,
    /// Its collections, in the order of its file.
    pub collections: Vec<CollectionName>,
    /// Oldest first. A collection for which a date does not count has no mark there.
    pub days: BTreeMap<ProcessingDate, BTreeMap<CollectionName, Mark>>,
    /// The last attempts at what is not as it should be, or all at the one date that was asked for.
    pub attempts: Vec<ToldAttempt>,
    /// The commands that do what is not done.
    pub rerun: Vec<String>,
    /// Dates that are done and for which the source has files that were not read; none where the source could not be asked.
    pub late: Option<Vec<LateFiles>>,
    /// The commands that do them again.
    pub rerun_late: Vec<String>,
}

/// The history as a person reads it: a calendar, attempts, what to type next.
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
