//! HTML page on the history of modules over a period. It is self-contained: no script, no font, no picture from anywhere.

#![allow(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]

use std::collections::BTreeMap;

use askama::Template;
use bytesize::ByteSize;
use indicatif::HumanCount;
use jiff::Timestamp;

use crate::identity::{CollectionName, ModuleName, ProcessingDate, RunId};

use super::super::Mark;
use super::chart::Chart;

use super::stages::StageTimes;

/// A page on several modules over a period.
#[derive(Debug, Clone, PartialEq, Template)]
#[template(path = "page.html")]
pub struct Page {
    /// The profile.
    pub profile: String,
    /// Creation time.
    pub made: Timestamp,
    /// The program's version.
    pub version: &'static str,
    /// The modules, in the order in which they were requested.
    pub modules: Vec<ModulePage>,
}

/// A module over a period.
#[derive(Debug, Clone, PartialEq)]
pub struct ModulePage {
    /// The module.
    pub module: ModuleName,
    /// Unit of the calendar's columns.
    pub each: Each,
    /// Its dates that count, oldest first; the first of each month if the columns are months.
    pub dates: Vec<ProcessingDate>,
    /// Last date without open collections.
    pub last_done: Option<ProcessingDate>,
    /// Its tables.
    pub tables: Vec<TablePage>,
    /// Changes to the tables' columns, newest first.
    pub changes: Vec<ToldChange>,
    /// Durations of stages, the largest total first.
    pub stages: Vec<StageTimes>,
    /// The last attempts that failed, newest first.
    pub failures: Vec<ToldFailure>,
    /// Commands that load the open dates.
    pub rerun: Vec<String>,
    /// Folder that is searched for reports of runs.
    pub reports_folder: String,
    /// Number of reports that cover these dates.
    pub reports: usize,
    /// Number of unreadable report files in that folder.
    pub unreadable: usize,
}

/// The unit of time of a calendar column: a long period has too many dates for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// A column per date.
    Day,
    /// A column per month.
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

    /// Returns the number over a column.
    fn number(self, date: &ProcessingDate) -> i8 {
        match self {
            Self::Day => date.date().day(),
            Self::Month => date.date().month(),
        }
    }

    /// Returns the text over several columns.
    fn group(self, date: ProcessingDate) -> String {
        date.date().strftime(if self == Self::Day { "%b %Y" } else { "%Y" }).to_string()
    }
}

/// A table over a period.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePage {
    /// The collection.
    pub collection: CollectionName,
    /// Its dates that count.
    pub days: BTreeMap<ProcessingDate, TableDay>,
}

/// A date or a month of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDay {
    /// Mark of the date; for a month, the worst mark of its dates.
    pub mark: Mark,
    /// Number of dates by mark.
    pub dates: BTreeMap<Mark, usize>,
    /// Published data that readers see, by the ledger.
    pub published: Option<Published>,
}

/// Figures of a date's published data; sums for a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    /// Run that published it; none for a month.
    pub run: Option<RunId>,
    /// Rows.
    pub rows: u64,
    /// Quarantined records.
    pub quarantined: u64,
    /// Invalid values (cast errors).
    pub value_errors: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Duration of the attempt, in seconds; none for a month.
    pub seconds: Option<i64>,
}

/// A change to a table's columns.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldChange {
    /// Date whose files brought the change.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Run that made the change.
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
    /// Start time.
    pub began: Timestamp,
    /// Error message; empty if the ledger has none.
    pub error: String,
    /// Hint for the operator.
    pub hint: Option<String>,
    /// Current mark of the date.
    pub mark: Mark,
    /// Command that loads the date again; none if it is done, skipped or lost by now.
    pub rerun: Option<String>,
}

/// Renders the page as HTML.
///
/// # Errors
/// Those of the template; none is known.
pub fn page_html(page: &Page) -> Result<String, askama::Error> {
    page.render()
}

/// Values for the template.
impl ModulePage {
    /// Returns months or years, each with its number of calendar columns.
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
            ("errors", self.chart(*each, "invalid values", |published| published.value_errors)),
            ("quarantined", self.chart(*each, "quarantined records", |published| published.quarantined)),
        ];
        charts.into_iter().filter(|(kind, chart)| *kind == "rows" || chart.most > 0).collect()
    }
}

impl Mark {
    /// Returns the CSS class.
    fn class(self) -> String {
        self.word().replace(' ', "-")
    }

    /// Returns the sign for people who do not see the colour.
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
    /// Returns the tooltip text.
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
