//! What became of undoing a run.

use comfy_table::Cell;
use serde::Serialize;

use crate::identity::{CollectionName, ProcessingDate};

use super::summary::{number, table};

/// What became of one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Undoing {
    /// Readers see again what they saw before.
    SentBack {
        /// Where that is.
        location: String,
        /// How many rows it has.
        rows: u64,
    },
    /// Readers see nothing of it, as before; the next run does it anew.
    Withdrawn,
    /// Readers see what they saw, for this reason.
    Kept(String),
}

/// One date of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undone {
    /// The day.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// What became of it.
    pub outcome: Undoing,
}

/// What became of the dates, as a person reads it.
pub fn undone_table(undone: &[Undone]) -> String {
    let mut rows = table(&["date", "collection", "rows", "result"]);
    for one in undone {
        let (count, what) = match &one.outcome {
            Undoing::SentBack { rows, location } => (number(rows), location.clone()),
            Undoing::Withdrawn => (number("-"), "unpublished; the next run loads it".to_owned()),
            Undoing::Kept(reason) => (number("-"), format!("unchanged: {reason}")),
        };
        rows.add_row([Cell::new(one.date), Cell::new(&one.collection), count, Cell::new(what)]);
    }
    rows.to_string()
}
