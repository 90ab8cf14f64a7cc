//! Results of repairing the changes of other tools.

use comfy_table::Cell;
use serde::Serialize;

use crate::identity::ProcessingDate;

use super::summary::{number, one_line, table};

/// The outcome for one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The table was created again or altered by this statement.
    Table(String),
    /// Readers are sent to the published files again.
    Registered {
        /// Location of the files.
        location: String,
        /// Number of their rows.
        rows: u64,
    },
    /// The change was accepted and stays.
    Accepted(String),
    /// The change was not repaired, for this reason.
    Left(String),
}

/// The result for one date of a table, or for the table itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// The table.
    pub table: String,
    /// Processing date; null for the table itself.
    pub date: Option<ProcessingDate>,
    /// The outcome.
    pub outcome: Repair,
}

/// Formats the outcomes for a person; `rerun` are the commands that load the unrepaired dates again from the source.
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
