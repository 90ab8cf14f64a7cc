//! Durations of the stages of runs.

use std::collections::BTreeMap;

use crate::report::{RunReport, Stage};

/// Statistics of one stage's durations over all its executions.
#[derive(Debug, Clone, PartialEq)]
pub struct StageTimes {
    /// Stage.
    pub stage: Stage,
    /// Number of executions.
    pub times: usize,
    /// Total, in seconds.
    pub total: f64,
    /// Median, in seconds; of an even number, the upper of the middle two.
    pub median: f64,
    /// Longest duration, in seconds.
    pub longest: f64,
    /// Place of the longest: a date and its collection, or a run for stages at its beginning or end.
    pub slowest: String,
    /// Share of the total of all stages, from 0 to 1.
    pub share: f64,
}

/// Returns the stages of runs, the largest total first.
pub fn stage_times(reports: &[RunReport]) -> Vec<StageTimes> {
    let mut seconds: BTreeMap<Stage, Vec<(f64, String)>> = BTreeMap::new();
    for report in reports {
        let of_run = format!("run {}", report.run_id);
        let of_days = report.days.iter().map(|day| (&day.stages, format!("{} {}", day.date, day.collection)));
        for (stages, what) in of_days.chain([(&report.stages, of_run)]) {
            for (stage, time) in stages {
                seconds.entry(*stage).or_default().push((*time, what.clone()));
            }
        }
    }
    let all: f64 = seconds.values().flatten().map(|(time, _)| time).sum();
    let mut times: Vec<_> = seconds.into_iter().filter_map(|(stage, times)| stage_time(stage, times, all)).collect();
    times.sort_by(|a, b| b.total.total_cmp(&a.total));
    times
}

fn stage_time(stage: Stage, mut times: Vec<(f64, String)>, all: f64) -> Option<StageTimes> {
    times.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let total: f64 = times.iter().map(|(time, _)| time).sum();
    let median = times.get(times.len() / 2)?.0;
    let count = times.len();
    let (longest, slowest) = times.pop()?;
    let share = if all > 0.0 { total / all } else { 0.0 };
    Some(StageTimes { stage, times: count, total, median, longest, slowest, share })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::DayReport;

    #[test]
    fn the_slowest_stage_comes_first_and_names_where_it_was_slow() {
        let day = |date: &str, write: f64| {
            let mut day = DayReport::begin(date.parse().unwrap(), "bids".parse().unwrap());
            day.stages = [(Stage::Look, 0.5), (Stage::Write, write)].into();
            day
        };
        let run = crate::identity::RunId::new(jiff::Timestamp::UNIX_EPOCH);
        let report = RunReport {
            run_id: run,
            module: "vacancy".parse().unwrap(),
            profile: "production".into(),
            started: jiff::Timestamp::UNIX_EPOCH,
            ended: jiff::Timestamp::UNIX_EPOCH,
            days: vec![day("2024-05-01", 3.0), day("2024-05-02", 1.0), day("2024-05-03", 2.0)],
            ended_by: None,
            rerun: vec![],
            undo: None,
            differences: vec![],
            repair: None,
            late: Vec::new(),
            rerun_late: Vec::new(),
            notified: vec![],
            stages: [(Stage::List, 0.5)].into(),
        };
        let times = stage_times(&[report]);
        let told: Vec<_> = times.iter().map(|time| (time.stage, time.times, time.median, time.longest, &*time.slowest)).collect();
        let of_run = format!("run {run}");
        let expected = [
            (Stage::Write, 3, 2.0, 3.0, "2024-05-01 bids"),
            (Stage::Look, 3, 0.5, 0.5, "2024-05-03 bids"),
            (Stage::List, 1, 0.5, 0.5, &*of_run),
        ];
        assert_eq!(told, expected);
        assert!((times.iter().map(|time| time.share).sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
