//! Changes that other tools made to published data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::identity::{CollectionName, ProcessingDate};

/// A range of consecutive dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateRange {
    /// First date.
    pub first: ProcessingDate,
    /// Last date, inclusive.
    pub last: ProcessingDate,
}

impl DateRange {
    /// Returns the ranges of sorted, distinct dates.
    pub fn of(dates: impl IntoIterator<Item = ProcessingDate>) -> Vec<Self> {
        let mut ranges: Vec<Self> = Vec::new();
        for date in dates {
            match ranges.last_mut() {
                Some(range) if range.last.next() == date => range.last = date,
                _ => ranges.push(Self { first: date, last: date }),
            }
        }
        ranges
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{} to {}", self.first, self.last) }
    }
}

/// The differences between a table that readers see and the one that adg published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The collection.
    pub collection: CollectionName,
    /// Its table.
    pub table: String,
    /// Done dates without a partition in the metastore.
    pub forgotten: Vec<DateRange>,
    /// Done dates whose partition in the metastore has another location.
    pub elsewhere: Vec<DateRange>,
    /// Columns that differ between the files and the table, each described in words.
    pub columns: Vec<String>,
    /// Reason why nothing can be published to the table, and the remedy.
    pub refused: Option<String>,
}

/// Maximum number of ranges in a line; the report has all.
const TOLD: usize = 5;
/// Maximum number of tables in the lines; the report has all.
const TABLES: usize = 20;

impl Difference {
    /// Returns true if the table is unchanged.
    pub fn is_empty(&self) -> bool {
        self.forgotten.is_empty() && self.elsewhere.is_empty() && self.columns.is_empty() && self.refused.is_none()
    }

    /// Returns true if `adg repair` can repair the table.
    pub fn can_be_mended(&self) -> bool {
        self.refused.is_none()
    }

    /// Returns the differences as sentences without a full stop.
    pub fn sentences(&self) -> Vec<String> {
        let mut told = Vec::new();
        if !self.forgotten.is_empty() {
            told.push(format!("partitions of done dates are missing in the metastore: {}", named(&self.forgotten)));
        }
        if !self.elsewhere.is_empty() {
            told.push(format!("partition locations differ from the published ones: {}", named(&self.elsewhere)));
        }
        told.extend(self.columns.iter().map(|column| format!("its columns were changed: {column}")));
        told.extend(self.refused.clone());
        told
    }
}

fn named(ranges: &[DateRange]) -> String {
    let told = ranges.iter().take(TOLD).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match ranges.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told} and {more} more ranges of dates"),
    }
}

/// Returns lines for a person: each table with its differences, and the command that repairs them.
pub(super) fn lines(differences: &[Difference], repair: Option<&str>) -> Vec<String> {
    let told = differences.iter().take(TABLES);
    let told = told.flat_map(|one| one.sentences().into_iter().map(move |what| format!("{}: {what}", one.table)));
    let more = differences.len().saturating_sub(TABLES);
    let more = (more > 0).then(|| format!("and {more} more tables, which the report has"));
    told.chain(more).chain(repair.map(|command| format!("repair changed tables: {command}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_one_after_another_are_one_range() {
        let dates = ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-03"].map(|date| date.parse().unwrap());
        let ranges = DateRange::of(dates);
        assert_eq!(named(&ranges), "2024-02-28 to 2024-03-01, 2024-03-03");
        let many: Vec<ProcessingDate> = (1..=7).map(|i| format!("2024-0{i}-01").parse().unwrap()).collect();
        assert!(named(&DateRange::of(many)).ends_with("2024-05-01 and 2 more ranges of dates"));
    }
}
