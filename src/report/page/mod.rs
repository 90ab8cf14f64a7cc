//! What became of modules over a time, as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

mod chart;
mod stages;

use std::collections::BTreeMap;

use askama::Template;
use bytesize::ByteSize;
use indicatif::HumanCount;
use jiff::Timestamp;

use crate::identity::{CollectionName, ModuleName, ProcessingDate, RunId};

use super::Mark;
use chart::Chart;

pub use stages::{StageTimes, stage_times};

/// Several modules over a time.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "page.html")]
pub struct Page {
    /// The profile.
    pub profile: String,
    /// When it was made.
    pub made: Timestamp,
    /// The program's version.
    pub version: &'static str,
    /// The modules, in the order in which they were asked for.
    pub modules: Vec<ModulePage>,
}

/// A module over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct ModulePage {
    /// The module.
    pub module: ModuleName,
    /// Its dates that count, oldest first.
    pub dates: Vec<ProcessingDate>,
    /// Its tables.
    pub tables: Vec<TablePage>,
    /// What was done to the tables' columns, newest first.
    pub changes: Vec<ToldChange>,
    /// How long stages took, the one that took longest in all first.
    pub stages: Vec<StageTimes>,
    /// The last attempts that failed, newest first.
    pub failures: Vec<ToldFailure>,
    /// The commands that do what is not done.
    pub rerun: Vec<String>,
    /// Where reports of runs are looked for.
    pub reports_folder: String,
    /// How many there are of these dates.
    pub reports: usize,
    /// How many files there can't be read.
    pub unreadable: usize,
}

/// A table over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePage {
    /// The collection.
    pub collection: CollectionName,
    /// Its dates that count.
    pub days: BTreeMap<ProcessingDate, TableDay>,
}

/// A date of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDay {
    /// What became of it.
    pub mark: Mark,
    /// What readers see, by the ledger.
    pub published: Option<Published>,
}

/// What was published of a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    /// By which run.
    pub run: RunId,
    /// Rows.
    pub rows: u64,
    /// Records that were set aside.
    pub quarantined: u64,
    /// Values that did not fit.
    pub value_errors: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// How long the attempt took.
    pub seconds: Option<i64>,
}

/// What was done to a table's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldChange {
    /// With which date's files.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// By which run.
    pub run: RunId,
    /// The statement.
    pub statement: String,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldFailure {
    /// The date.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// When it began.
    pub began: Timestamp,
    /// What went wrong.
    pub error: String,
    /// What to try.
    pub hint: Option<String>,
    /// What became of the date since.
    pub mark: Mark,
    /// The command that does it again; none where it is done since, or lost.
    pub rerun: Option<String>,
}

/// The page as HTML.
///
/// # Errors
/// None is known: the template's own.
pub fn page_html(page: &Page) -> Result<String, askama::Error> {
    page.render()
}

/// What the template asks for.
impl ModulePage {
    /// Months, each with how many of its dates count.
    fn months(&self) -> Vec<(String, usize)> {
        let mut months: Vec<(String, usize)> = Vec::new();
        for date in &self.dates {
            let month = date.date().strftime("%b %Y").to_string();
            match months.last_mut() {
                Some((last, days)) if *last == month => *days += 1,
                _ => months.push((month, 1)),
            }
        }
        months
    }

    fn marks(&self) -> impl Iterator<Item = Mark> {
        self.tables.iter().flat_map(|table| table.days.values().map(|day| day.mark))
    }

    fn count(&self, of: impl Fn(Mark) -> bool) -> usize {
        self.marks().filter(|mark| of(*mark)).count()
    }

    fn done(&self) -> usize {
        self.count(|mark| matches!(mark, Mark::Done | Mark::Skipped))
    }

    fn lost(&self) -> usize {
        self.count(|mark| mark == Mark::Lost)
    }

    fn open(&self) -> usize {
        self.count(Mark::is_open)
    }

    fn total(&self, of: impl Fn(&Published) -> u64) -> u64 {
        self.tables.iter().map(|table| table.total(&of)).sum()
    }

    fn rows(&self) -> HumanCount {
        HumanCount(self.total(|published| published.rows))
    }

    fn value_errors(&self) -> HumanCount {
        HumanCount(self.total(|published| published.value_errors))
    }

    fn quarantined(&self) -> HumanCount {
        HumanCount(self.total(|published| published.quarantined))
    }

    fn bytes(&self) -> ByteSize {
        ByteSize(self.total(|published| published.bytes))
    }

    fn last_done(&self) -> String {
        let is_done = |date: &&ProcessingDate| {
            let mut days = self.tables.iter().filter_map(|table| table.days.get(*date)).peekable();
            days.peek().is_some() && days.all(|day| !day.mark.is_open())
        };
        self.dates.iter().rfind(is_done).map_or_else(|| "none yet".to_owned(), ToString::to_string)
    }
}

impl TablePage {
    fn total(&self, of: impl Fn(&Published) -> u64) -> u64 {
        self.days.values().filter_map(|day| day.published.as_ref()).map(of).sum()
    }

    fn chart(&self, unit: &str, of: impl Fn(&Published) -> u64) -> Chart {
        Chart::of(unit, self.days.iter().map(|(date, day)| (*date, day.published.as_ref().map(&of))))
    }

    fn charts(&self) -> Vec<(&'static str, Chart)> {
        let charts = [
            ("rows", self.chart("rows", |published| published.rows)),
            ("errors", self.chart("values that did not fit", |published| published.value_errors)),
            ("quarantined", self.chart("records set aside", |published| published.quarantined)),
        ];
        charts.into_iter().filter(|(kind, chart)| *kind == "rows" || chart.most > 0).collect()
    }
}

impl Mark {
    /// As the page's style calls it.
    fn class(self) -> String {
        self.word().replace(' ', "-")
    }

    /// For who does not see its colour.
    fn sign(self) -> &'static str {
        match self {
            Self::Done => "",
            Self::Skipped => "·",
            Self::Failed => "×",
            Self::Missing => "?",
            Self::Unfinished => "…",
            Self::CleanedUp => "↻",
            Self::Lost => "–",
        }
    }
}

impl TableDay {
    /// What a pointer over the date says.
    fn told(&self) -> String {
        match &self.published {
            Some(published) => format!("{}: {} rows", self.mark.word(), HumanCount(published.rows)),
            None => self.mark.word().to_owned(),
        }
    }
}
