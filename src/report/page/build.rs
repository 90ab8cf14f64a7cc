//! What became of modules over a time, as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

use std::collections::BTreeMap;

use askama::Template;
use bytesize::ByteSize;
use indicatif::HumanCount;
use jiff::Timestamp;

use crate::identity::{CollectionName, ModuleName, ProcessingDate, RunId};

use super::super::Mark;
use super::chart::Chart;

use super::stages::StageTimes;

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
    /// The columns of its calendar.
    pub each: Each,
    /// Its dates that count, oldest first; the first of each month, where months are told.
    pub dates: Vec<ProcessingDate>,
    /// The last date of which nothing is open.
    pub last_done: Option<ProcessingDate>,
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

/// The time that is told in one piece: dates of a long time are too many for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// Each date.
    Day,
    /// All dates of a month.
    Month,
}

impl Each {
    fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    fn shown(self, date: &ProcessingDate) -> String {
        match self {
            Self::Day => date.to_string(),
            Self::Month => date.date().strftime("%Y-%m").to_string(),
        }
    }

    /// The number over a column.
    fn number(self, date: &ProcessingDate) -> i8 {
        match self {
            Self::Day => date.date().day(),
            Self::Month => date.date().month(),
        }
    }

    /// The text over several columns.
    fn group(self, date: ProcessingDate) -> String {
        date.date().strftime(if self == Self::Day { "%b %Y" } else { "%Y" }).to_string()
    }
}

/// A table over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePage {
    /// The collection.
    pub collection: CollectionName,
    /// Its dates that count.
    pub days: BTreeMap<ProcessingDate, TableDay>,
}

/// A date of a table, or a month.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDay {
    /// What became of it; of a month, of the worst of its dates.
    pub mark: Mark,
    /// How many dates each mark has.
    pub dates: BTreeMap<Mark, usize>,
    /// What readers see, by the ledger.
    pub published: Option<Published>,
}

/// What was published of a date.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    /// By which run, where it was one.
    pub run: Option<RunId>,
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
    /// Months or years, each with how many of the calendar's columns are its own.
    fn groups(&self) -> Vec<(String, usize)> {
        let mut months: Vec<(String, usize)> = Vec::new();
        for date in &self.dates {
            let month = self.each.group(*date);
            match months.last_mut() {
                Some((last, days)) if *last == month => *days += 1,
                _ => months.push((month, 1)),
            }
        }
        months
    }

    fn count(&self, of: impl Fn(Mark) -> bool) -> usize {
        let marks = self.tables.iter().flat_map(|table| table.days.values().flat_map(|day| &day.dates));
        marks.filter(|(mark, _)| of(**mark)).map(|(_, dates)| dates).sum()
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
        self.last_done.map_or_else(|| "none yet".to_owned(), |date| date.to_string())
    }
}

impl TablePage {
    fn total(&self, of: impl Fn(&Published) -> u64) -> u64 {
        self.days.values().filter_map(|day| day.published.as_ref()).map(of).sum()
    }

    fn chart(&self, each: Each, unit: &str, of: impl Fn(&Published) -> u64) -> Chart {
        Chart::of(unit, self.days.iter().map(|(date, day)| (each.shown(date), day.published.as_ref().map(&of))))
    }

    fn charts(&self, each: &Each) -> Vec<(&'static str, Chart)> {
        let charts = [
            ("rows", self.chart(*each, "rows", |published| published.rows)),
            ("errors", self.chart(*each, "values that did not fit", |published| published.value_errors)),
            ("quarantined", self.chart(*each, "records set aside", |published| published.quarantined)),
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
        let marks: Vec<String> = match self.dates.values().sum::<usize>() {
            1 => vec![self.mark.word().to_owned()],
            _ => self.dates.iter().map(|(mark, dates)| format!("{dates} {}", mark.word())).collect(),
        };
        match &self.published {
            Some(published) => format!("{}: {} rows", marks.join(", "), HumanCount(published.rows)),
            None => marks.join(", "),
        }
    }
}
