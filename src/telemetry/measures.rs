//! Measures of a run: one list for all exporters.

#![allow(clippy::cast_precision_loss, reason = "measures are doubles, in OTLP and in Prometheus")]

use std::collections::BTreeMap;

use crate::catchup::Counts;
use crate::identity::CollectionName;
use crate::report::{ExitCode, Outcome, RunReport, Stage};

/// A measured number.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// Name, in words joined by dots.
    pub name: &'static str,
    /// Unit in UCUM notation: `s`, `By`, `{row}`.
    pub unit: &'static str,
    /// Description, in a sentence. It never changes: files of several versions lie side by side, and must have the same text.
    pub help: &'static str,
    /// Names and values of the labels.
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: f64,
}

impl Measure {
    /// Returns the name in Prometheus: the unit is a part of it.
    pub fn prometheus_name(&self) -> String {
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        format!("adg_{}{unit}", self.name.replace('.', "_"))
    }
}

/// Returns the measures of a run.
pub fn measures(report: &RunReport) -> Vec<Measure> {
    let module = ("module", report.module.to_string());
    let measure = |name, unit, help, more: Vec<(&'static str, String)>, value| Measure {
        name,
        unit,
        help,
        labels: [vec![module.clone()], more].concat(),
        value,
    };
    let ended = seconds(report.ended);
    let is_done = report.exit_code() == ExitCode::Done;
    let mut all = vec![
        measure("last_completion_timestamp", "s", "When the last run ended.", vec![], ended),
        measure("last_run.success", "", "Whether all that the last run was to do is done.", vec![], f64::from(u8::from(is_done))),
        measure("last_run.duration", "s", "How long the last run took.", vec![], ended - seconds(report.started)),
    ];
    if is_done {
        all.push(measure(LAST_SUCCESS, "s", "When a run last ended with all done.", vec![], ended));
    }
    for (outcome, dates) in outcomes(report) {
        let help = "Dates of collections that the last run tried, by how they ended.";
        all.push(measure("last_run.dates", "{date}", help, vec![("outcome", outcome.to_owned())], dates as f64));
    }
    for (stage, time) in stages(report) {
        let help = "How long each stage of the last run took, all dates together.";
        all.push(measure("last_run.stage.duration", "s", help, vec![("stage", stage.name().to_owned())], time));
    }
    for (collection, counts) in counts(report) {
        let of =
            |name, unit, help, value: u64| measure(name, unit, help, vec![("collection", collection.to_string())], value as f64);
        all.extend([
            of("last_run.rows_read", "{row}", "Records that the last run read.", counts.rows_read),
            of("last_run.rows_written", "{row}", "Rows that the last run published.", counts.rows_written),
            of("last_run.rows_quarantined", "{row}", "Records that the last run set aside.", counts.rows_quarantined),
            of("last_run.value_errors", "{value}", "Values that did not fit their column in the last run.", counts.value_errors),
            of("last_run.written", "By", "Bytes of the files that the last run published.", counts.bytes),
        ]);
    }
    all
}

/// Name of the measure whose value from an earlier run is kept if a run fails.
pub(super) const LAST_SUCCESS: &str = "last_success_timestamp";

fn seconds(time: jiff::Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}

fn outcomes(report: &RunReport) -> [(&'static str, usize); 4] {
    let count = |outcome| report.days.iter().filter(|day| day.outcome == outcome).count();
    [
        ("completed", count(Outcome::Completed)),
        ("failed", count(Outcome::Failed)),
        ("lost", count(Outcome::Lost)),
        ("skipped", count(Outcome::Skipped)),
    ]
}

fn stages(report: &RunReport) -> BTreeMap<Stage, f64> {
    let mut all = BTreeMap::new();
    for (stage, time) in report.days.iter().map(|day| &day.stages).chain([&report.stages]).flatten() {
        *all.entry(*stage).or_default() += time;
    }
    all
}

fn counts(report: &RunReport) -> BTreeMap<&CollectionName, Counts> {
    let mut all: BTreeMap<_, Counts> = BTreeMap::new();
    for day in &report.days {
        let sum = all.entry(&day.collection).or_default();
        sum.rows_read += day.counts.rows_read;
        sum.rows_written += day.counts.rows_written;
        sum.rows_quarantined += day.counts.rows_quarantined;
        sum.value_errors += day.counts.value_errors;
        sum.bytes += day.counts.bytes;
    }
    all
}
