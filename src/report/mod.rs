//! Reports on runs, first as data, then as text for a person: the run's report, its closing table, its progress.

mod difference;
mod exit_code;
mod history;
mod late;
mod notice;
mod page;
mod plan;
mod progress;
mod repaired;
mod run_report;
mod shown;
mod stage;
mod summary;
mod undone;
mod verified;

pub use difference::{DateRange, Difference};
pub use exit_code::ExitCode;
pub use history::{History, Mark, ToldAttempt, history_table};
pub use late::LateFiles;
pub use notice::{Event, Notice};
pub use page::{
    Each, ModulePage, Page, Published, StageTimes, TableDay, TablePage, ToldChange, ToldFailure, page_html, stage_times,
};
pub use plan::{Asked, Effect, Plan, PlannedCleanUp, PlannedDay, Why, plan_table};
pub use progress::{Bars, CollectionProgress, NoProgress, Progress};
pub use repaired::{Repair, Repaired, repaired_table};
pub use run_report::{DayReport, Failure, Notified, Outcome, RunReport};
pub use shown::{is_harmful, shortened, shown, shown_in_a_line};
pub use stage::{Stage, Stages};
pub use summary::{closing_table, table};
pub use undone::{Undoing, Undone, undone_table};
pub use verified::{Check, Verified, verified_table};
