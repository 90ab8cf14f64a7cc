//! Files that arrived after their date was done.

use serde::{Deserialize, Serialize};

use crate::identity::{CollectionName, ProcessingDate};

/// A date that is done, and for which the source has files that no attempt at it has read: they came late, are newer, or were
/// written again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateFiles {
    /// Processing date.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Keys of the files.
    pub files: Vec<String>,
}

/// Maximum number of dates in the lines; the report has all.
const TOLD: usize = 5;

/// Returns lines for a person: the dates with their files, and the commands that load them again.
pub(super) fn lines(late: &[LateFiles], rerun: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = late.iter().take(TOLD).map(line).collect();
    if late.len() > TOLD {
        lines.push(format!("and late files of {} more dates", late.len() - TOLD));
    }
    lines.extend(rerun.iter().map(|command| format!("reload dates with late files: {command}")));
    lines
}

fn line(late: &LateFiles) -> String {
    let LateFiles { date, collection, files } = late;
    let first = files.first().map(String::as_str).unwrap_or_default();
    match files.len() {
        1 => format!("{date} {collection}: file `{first}` arrived after the date was done"),
        count => format!("{date} {collection}: {count} files arrived after the date was done, such as `{first}`"),
    }
}
