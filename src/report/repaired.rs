//! What became of mending what others changed.

use comfy_table::Cell;
use serde::Serialize;

use crate::identity::ProcessingDate;

use super::summary::{number, one_line, table};

/// The outcome for one thing that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The table was made anew or altered by this statement.
    Table(String),
    /// Readers are sent again to what was published.
    Registered {
        /// Where that is.
        location: String,
        /// How many rows it has.
        rows: u64,
    },
    /// The change stays, and counts as wanted.
    Accepted(String),
    /// It is as it was found, for this reason.
    Left(String),
}

/// One date of a table, or the table itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// The table.
    pub table: String,
    /// The day; none for what concerns the table itself.
    pub date: Option<ProcessingDate>,
    /// The outcome.
    pub outcome: Repair,
}

/// The outcomes as a person reads them; `rerun` are the commands that do anew from the source what is left.
pub fn repaired_table(repaired: &[Repaired], rerun: &[String]) -> String {
    if repaired.is_empty() {
        return "readers see what was published; nothing to repair".to_owned();
    }
    let mut rows = table(&["table", "date", "rows", "result"]);
    for one in repaired {
        let (count, what) = match &one.outcome {
            Repair::Table(statement) => (number("-"), one_line(statement)),
            Repair::Registered { rows, location } => (number(rows), format!("registered again: {location}")),
            Repair::Accepted(what) => (number("-"), format!("accepted: {what}")),
            Repair::Left(reason) => (number("-"), format!("left: {reason}")),
        };
        let date = one.date.map_or_else(|| "-".to_owned(), |date| date.to_string());
        rows.add_row([Cell::new(&one.table), Cell::new(date), count, Cell::new(what)]);
    }
    rerun.iter().fold(rows.to_string(), |text, command| text + &format!("\nto do anew from the source what is left: {command}"))
}
