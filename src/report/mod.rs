//! What happened, as data first, then as text for a person: the run's report, its closing table, progress while it works.

mod exit_code;
mod history;
mod notice;
mod plan;
mod progress;
mod run_report;
mod shown;
mod summary;
mod undone;
mod verified;

pub use exit_code::ExitCode;
pub use history::{History, Mark, ToldAttempt, history_table};
pub use notice::{Event, Notice};
pub use plan::{Asked, Effect, Plan, PlannedCleanUp, PlannedDay, Why, plan_table};
pub use progress::{Bars, CollectionProgress, NoProgress, Progress};
pub use run_report::{DayReport, Failure, Notified, Outcome, RunReport};
pub use shown::{is_harmful, shortened, shown, shown_in_a_line};
pub use summary::{closing_table, table};
pub use undone::{Undoing, Undone, undone_table};
pub use verified::{Check, Verified, verified_table};
