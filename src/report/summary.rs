//! Closing table of a run.

use bytesize::ByteSize;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::{Notified, Outcome, RunReport, difference, late};

/// Creates an empty table in the style of all tables.
pub fn table(headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled).set_header(headers);
    table
}

pub(super) fn number(value: impl ToString) -> Cell {
    Cell::new(value.to_string()).set_alignment(CellAlignment::Right)
}

/// Formats a statement on one line; the report keeps its original lines.
pub(super) fn one_line(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Formats the run for a person: a row for each date and collection, then the failures and the next commands.
pub fn closing_table(report: &RunReport) -> String {
    let others = difference::lines(&report.differences, report.repair.as_deref());
    let others = [others, late::lines(&report.late, &report.rerun_late)].concat();
    if report.days.is_empty() && report.ended_by.is_none() {
        let nothing = format!("{}: nothing to do", report.module);
        return [vec![nothing], others].concat().join("\n");
    }
    let mut rows =
        table(&["date", "collection", "outcome", "rows", "quarantined", "invalid values", "schema changes", "bytes", "seconds"]);
    for day in &report.days {
        rows.add_row([
            Cell::new(day.date),
            Cell::new(&day.collection),
            Cell::new(outcome(day.outcome)),
            number(day.counts.rows_written),
            number(day.counts.rows_quarantined),
            number(day.counts.value_errors),
            number(day.schema_changes.len()),
            number(ByteSize(day.counts.bytes)),
            number(format!("{:.2}", day.seconds)),
        ]);
    }
    let mut text = rows.to_string();
    for day in &report.days {
        let place = format!("{} {}", day.date, day.collection);
        for change in &day.schema_changes {
            text.push_str(&format!("\n{place}: {}", one_line(change)));
        }
        for note in &day.notes {
            text.push_str(&format!("\n{place}: note: {note}"));
        }
        if let Some(failure) = &day.failure {
            text.push_str(&format!("\n{place}: {}: {}", outcome(day.outcome), failure.message));
            if let Some(hint) = &failure.hint {
                text.push_str(&format!("\n  hint: {hint}"));
            }
        }
    }
    if let Some(failure) = &report.ended_by {
        text.push_str(&format!("\nthe run ended early: {}", failure.message));
        if let Some(hint) = &failure.hint {
            text.push_str(&format!("\n  hint: {hint}"));
        }
    }
    for Notified { channel, error } in &report.notified {
        if let Some(error) = error {
            text.push_str(&format!("\nnot told to {channel}: {error}"));
        }
    }
    for command in &report.rerun {
        text.push_str(&format!("\nrerun failed dates: {command}"));
    }
    for line in others {
        text.push_str(&format!("\n{line}"));
    }
    if let Some(command) = &report.undo {
        text.push_str(&format!("\nundo this run: {command}"));
    }
    text
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "completed",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
        Outcome::Lost => "lost",
    }
}
