//! Notifications about a run, for people who did not watch it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DayReport, Outcome, RunReport, difference, late};

/// An event of a run that a channel can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// All due dates are done.
    Completed,
    /// Some dates failed and others were done, or another tool changed published data.
    Partial,
    /// The run failed and no date was done.
    Failed,
    /// No date was due, or there were no files and the module allows that.
    NothingToDo,
    /// The source deleted a date's file before it was read.
    Lost,
    /// The source has files that arrived after their dates were done.
    Late,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 6] = [Self::Completed, Self::Partial, Self::Failed, Self::NothingToDo, Self::Lost, Self::Late];

    /// Returns the name that the settings use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::NothingToDo => "nothing_to_do",
            Self::Lost => "lost",
            Self::Late => "late",
        }
    }

    /// Returns `Error` if somebody must act, else `Information`: the words of the alarms that adg replaces.
    pub fn severity(self) -> &'static str {
        match self {
            Self::Completed | Self::NothingToDo | Self::Late => "Information",
            Self::Partial | Self::Failed | Self::Lost => "Error",
        }
    }
}

/// A message about one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Id of the run: two messages with the same id are duplicates.
    pub id: String,
    /// Outcome of the run.
    pub event: Event,
    /// All events of the run: its outcome, [`Event::Lost`] if a date was lost, and [`Event::Late`] if files came late.
    pub events: BTreeSet<Event>,
    /// The module.
    pub module: String,
    /// The profile.
    pub profile: String,
    /// Title, one line.
    pub title: String,
    /// Text of several lines: counts, the first failures, the next commands.
    pub text: String,
    /// Commands that rerun failed dates; empty if there are none.
    pub rerun: Vec<String>,
    /// The whole notice as JSON, with the run's report.
    pub body: Value,
}

/// Maximum number of failures in the text; the report has all.
const TOLD: usize = 5;

impl Notice {
    /// Creates the notice of a run.
    pub fn of(report: &RunReport) -> Self {
        let event = event(report);
        let lost = report.days.iter().any(|day| day.outcome == Outcome::Lost);
        let late = (!report.late.is_empty()).then_some(Event::Late);
        let events = [Some(event), lost.then_some(Event::Lost), late].into_iter().flatten().collect();
        let title = format!("adg {} ({}): {}", report.module, report.profile, headline(event, report));
        let text = lines(report).join("\n");
        let body = json!({
            "id": report.run_id, "event": event, "severity": event.severity(), "title": title, "text": text, "run": report,
        });
        Self {
            id: report.run_id.to_string(),
            event,
            events,
            module: report.module.to_string(),
            profile: report.profile.clone(),
            title,
            text,
            rerun: report.rerun.clone(),
            body,
        }
    }
}

fn event(report: &RunReport) -> Event {
    let any = |outcome| report.days.iter().any(|day| day.outcome == outcome);
    match (any(Outcome::Completed), any(Outcome::Failed) || report.ended_by.is_some()) {
        (true, true) => Event::Partial,
        (false, true) => Event::Failed,
        _ if !report.differences.is_empty() => Event::Partial,
        _ if any(Outcome::Lost) => Event::Lost,
        (true, false) => Event::Completed,
        (false, false) => Event::NothingToDo,
    }
}

fn headline(event: Event, report: &RunReport) -> &'static str {
    match event {
        Event::Completed | Event::NothingToDo if !report.late.is_empty() => "files arrived after their dates were done",
        Event::Completed => "completed",
        Event::Partial if report.ended_by.is_some() => "ended early",
        Event::Partial if report.days.iter().any(|day| day.outcome == Outcome::Failed) => "some dates failed",
        Event::Partial => "others changed what was published",
        Event::Failed => "failed",
        Event::NothingToDo => "nothing to do",
        Event::Lost => "dates are lost at the source",
        Event::Late => "files arrived after their dates were done",
    }
}

fn lines(report: &RunReport) -> Vec<String> {
    let count = |outcome| report.days.iter().filter(|day| day.outcome == outcome).count();
    let total = |of: fn(&DayReport) -> u64| report.days.iter().map(of).sum::<u64>();
    let dates = [
        (count(Outcome::Completed), "done"),
        (count(Outcome::Failed), "failed"),
        (count(Outcome::Lost), "lost"),
        (count(Outcome::Skipped), "skipped"),
    ];
    let dates: Vec<String> =
        dates.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let mut lines = Vec::new();
    if !dates.is_empty() {
        let (rows, quarantined) = (total(|day| day.counts.rows_written), total(|day| day.counts.rows_quarantined));
        let (invalid, dates) = (total(|day| day.counts.value_errors), dates.join(", "));
        lines.push(format!("dates: {dates}; {rows} rows written, {quarantined} quarantined, {invalid} invalid values"));
    }
    let failures: Vec<_> = report.days.iter().filter_map(|day| Some((day, day.failure.as_ref()?))).collect();
    lines
        .extend(failures.iter().take(TOLD).map(|(day, failure)| format!("{} {}: {}", day.date, day.collection, failure.message)));
    if failures.len() > TOLD {
        lines.push(format!("and {} more, which the report has", failures.len() - TOLD));
    }
    if let Some(ended) = &report.ended_by {
        lines.push(format!("the run ended early: {}", ended.message));
        lines.extend(ended.hint.iter().map(|hint| format!("hint: {hint}")));
    }
    lines.extend(report.rerun.iter().map(|command| format!("rerun failed dates: {command}")));
    lines.extend(difference::lines(&report.differences, report.repair.as_deref()));
    lines.extend(late::lines(&report.late, &report.rerun_late));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::ErrorKind;
    use crate::identity::RunId;
    use crate::report::Failure;

    fn report(outcomes: &[Outcome]) -> RunReport {
        let days = outcomes.iter().enumerate().map(|(i, outcome)| DayReport {
            outcome: *outcome,
            counts: crate::catchup::Counts { rows_written: 10, ..Default::default() },
            failure: matches!(outcome, Outcome::Failed | Outcome::Lost).then(|| Failure {
                exit_code: ErrorKind::Source,
                message: "no file".into(),
                hint: None,
            }),
            seconds: 1.0,
            ..DayReport::begin(format!("2024-05-{:02}", i + 1).parse().unwrap(), "bids".parse().unwrap())
        });
        RunReport {
            run_id: RunId::new(jiff::Timestamp::UNIX_EPOCH),
            module: "vacancy".parse().unwrap(),
            profile: "production".into(),
            started: jiff::Timestamp::UNIX_EPOCH,
            ended: jiff::Timestamp::UNIX_EPOCH,
            days: days.collect(),
            ended_by: None,
            rerun: vec![],
            undo: None,
            differences: vec![],
            repair: None,
            late: Vec::new(),
            rerun_late: Vec::new(),
            notified: vec![],
            stages: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn how_a_run_ended() {
        use Outcome::{Completed, Failed, Lost, Skipped};
        for (outcomes, event, all) in [
            (&[Completed, Skipped][..], Event::Completed, 1),
            (&[Completed, Failed], Event::Partial, 1),
            (&[Failed, Lost], Event::Failed, 2),
            (&[Completed, Lost], Event::Lost, 1),
            (&[Completed, Failed, Lost], Event::Partial, 2),
            (&[Skipped], Event::NothingToDo, 1),
            (&[], Event::NothingToDo, 1),
        ] {
            let notice = Notice::of(&report(outcomes));
            assert_eq!((notice.event, notice.events.len()), (event, all), "{outcomes:?}");
            assert_eq!(notice.events.contains(&Event::Lost), outcomes.contains(&Lost));
        }
        let late = vec![crate::report::LateFiles {
            date: "2024-05-01".parse().unwrap(),
            collection: "bids".parse().unwrap(),
            files: vec!["a.csv".into()],
        }];
        let notice = Notice::of(&RunReport { late, ..report(&[]) });
        assert_eq!((notice.event, notice.events), (Event::NothingToDo, [Event::NothingToDo, Event::Late].into()));
        assert!(notice.title.ends_with("files arrived after their dates were done"), "{}", notice.title);
        let ended = Failure { exit_code: ErrorKind::Held, message: "held".into(), hint: Some("wait".into()) };
        let notice = Notice::of(&RunReport { ended_by: Some(ended), ..report(&[]) });
        assert_eq!((notice.event, notice.text.as_str()), (Event::Failed, "the run ended early: held\nhint: wait"));
    }

    #[test]
    fn counts_the_first_failures_and_what_to_type_next() {
        let report = RunReport { rerun: vec!["adg --module vacancy".into()], ..report(&[Outcome::Failed; 7]) };
        let notice = Notice::of(&report);
        assert_eq!(notice.title, "adg vacancy (production): failed");
        let lines: Vec<_> = notice.text.lines().collect();
        assert_eq!(lines[0], "dates: 7 failed; 70 rows written, 0 quarantined, 0 invalid values");
        assert_eq!(lines[1], "2024-05-01 bids: no file");
        assert_eq!(lines[6..], ["and 2 more, which the report has", "rerun failed dates: adg --module vacancy"]);
        assert_eq!(notice.body["run"]["days"].as_array().map(Vec::len), Some(7));
    }
}
