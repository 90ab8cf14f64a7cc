//! Results of undoing a run.

use comfy_table::Cell;
use serde::Serialize;

use crate::identity::{CollectionName, ProcessingDate};

use super::summary::{number, table};

/// The result for one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Undoing {
    /// Readers see the data from before the run again.
    SentBack {
        /// Location of that data.
        location: String,
        /// Number of its rows.
        rows: u64,
    },
    /// The date is unpublished, as before the run; the next run loads it again.
    #[serde(rename = "withdrawn")]
    Unpublished,
    /// The published data stays unchanged, for this reason.
    Kept(String),
}

/// The result for one date of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// Processing date.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Result.
    pub outcome: Undoing,
}

/// Formats the results for a person.
pub fn undone_table(undone: &[Undone]) -> String {
    let mut rows = table(&["date", "collection", "rows", "result"]);
    for one in undone {
        let (count, what) = match &one.outcome {
            Undoing::SentBack { rows, location } => (number(rows), location.clone()),
            Undoing::Unpublished => (number("-"), "unpublished; the next run loads it".to_owned()),
            Undoing::Kept(reason) => (number("-"), format!("unchanged: {reason}")),
        };
        rows.add_row([Cell::new(one.date), Cell::new(&one.collection), count, Cell::new(what)]);
    }
    rows.to_string()
}
