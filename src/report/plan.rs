//! Plan of a run: as data, and as text.

use bytesize::ByteSize;
use comfy_table::Cell;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catchup::{Shard, SourceFile};
use crate::identity::{CollectionName, LoadType, ModuleName, ProcessingDate};

use super::difference::{self, Difference};
use super::late::{self, LateFiles};
use super::summary::{number, one_line, table};

/// The reason why a date is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was requested by date, done or not.
    AskedFor,
    /// No run has tried it.
    NeverTried,
    /// The last attempt failed.
    FailedBefore,
    /// The last attempt did not record its end.
    DiedBefore,
    /// It was skipped or lost without files, and now has some.
    FilesCame,
    /// It is to be rebuilt.
    CleanedUp,
    /// Another table of the same records is to be loaded.
    SameRecords,
}

/// The effect on a date's partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The partition is added; there is none yet.
    Added,
    /// The partition at this location is replaced: readers are sent to another one.
    Replaced(String),
    /// No partition is written; the date is skipped.
    Skipped,
    /// None, as the date fails for this reason.
    Fails(String),
}

/// The plan of one date of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDay {
    /// Processing date.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Reason to do it.
    pub why: Why,
    /// Files to read, in order.
    pub files: Vec<SourceFile>,
    /// Effect on its partition.
    pub effect: Effect,
    /// Changes to the table, as statements.
    pub schema_changes: Vec<String>,
    /// Notes for a person.
    pub notes: Vec<String>,
    /// Risks, such as files that are much smaller than the published ones.
    pub risks: Vec<String>,
}

/// The plan of a clean-up of one table: partitions to rebuild or to unpublish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCleanUp {
    /// The table.
    pub table: String,
    /// Its published partitions.
    pub partitions: Vec<String>,
    /// Number of their rows, as far as the metastore has it.
    pub rows: u64,
    /// Size in bytes, as far as the metastore has it.
    pub bytes: u64,
    /// Partitions among them that the run can't rebuild from the source, and unpublishes.
    pub lost: Vec<String>,
}

/// The request of a plan, so that a run can do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Load type.
    pub load: LoadType,
    /// First requested date; null if none was given.
    pub start: Option<ProcessingDate>,
    /// Last requested date; null if none was given.
    pub end: Option<ProcessingDate>,
    /// Shard of the dates; null for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Requested collections; empty for all.
    pub collections: Vec<CollectionName>,
    /// True if published dates are rebuilt.
    pub clean_up: bool,
    /// True if the clean-up may unpublish dates that the source can't rebuild.
    pub force_clean_up: bool,
    /// True if incomplete dates are loaded with their present files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// True if the test folder is read.
    pub e2e_test: bool,
}

/// The plan of a run of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the plan's format: 1.
    pub version: u32,
    /// The module.
    pub module: ModuleName,
    /// The profile.
    pub profile: String,
    /// Creation time.
    pub made: Timestamp,
    /// Request.
    pub asked: Asked,
    /// Clean-up of tables, which is done first.
    pub clean_up: Vec<PlannedCleanUp>,
    /// Dates to load after that, in order.
    pub days: Vec<PlannedDay>,
    /// Tables that other tools changed after their publishing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_by_others: Vec<Difference>,
    /// Dates that are done, are not done again, and have unread files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateFiles>,
    /// Commands that load the dates with late files again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rerun_late: Vec<String>,
    /// Command that repairs the changed tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

impl Plan {
    /// Returns the differences between `now` and this plan, in words; empty if a run would do the same.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.clean_up != now.clean_up {
            found.push("what clean-up would build anew and take".to_owned());
        }
        let place = |day: &PlannedDay| format!("{} {}", day.date, day.collection);
        let in_plan = |plan: &Self, day: &PlannedDay| {
            plan.days.iter().find(|other| other.date == day.date && other.collection == day.collection).cloned()
        };
        for day in &self.days {
            match in_plan(now, day) {
                None => found.push(format!("{} is not to be done any more", place(day))),
                Some(other) if other.files != day.files => found.push(format!("{} has other files", place(day))),
                Some(other) if other.effect != day.effect => found.push(format!("{} has another partition now", place(day))),
                Some(other) if other.schema_changes != day.schema_changes => {
                    found.push(format!("{} would change its table otherwise", place(day)));
                }
                Some(_) => {}
            }
        }
        found.extend(
            now.days.iter().filter(|day| in_plan(self, day).is_none()).map(|day| format!("{} is to be done too", place(day))),
        );
        found
    }
}

/// Formats the plan for a person.
pub fn plan_table(plan: &Plan) -> String {
    let mut text = String::new();
    for cleaned in &plan.clean_up {
        let PlannedCleanUp { table, partitions, rows, bytes, lost } = cleaned;
        let (rebuilt, bytes) = (partitions.len() - lost.len(), ByteSize(*bytes));
        text += &format!("clean-up of {table} ({rows} rows, {bytes}): rebuilds {rebuilt} of {} partitions\n", partitions.len());
        if !lost.is_empty() {
            let refused = if plan.asked.force_clean_up { "" } else { "; refused without --force-clean-up" };
            text += &format!("risk: {table} loses dates that the source can't rebuild: {}{refused}\n", lost.join(", "));
        }
    }
    let others = difference::lines(&plan.changed_by_others, plan.repair.as_deref());
    let others = [others, late::lines(&plan.late, &plan.rerun_late)].concat();
    if plan.days.is_empty() {
        text += &format!("{}: nothing is to be done", plan.module);
        return others.iter().fold(text, |text, line| text + "\n" + line);
    }
    let mut rows = table(&["date", "collection", "why", "files", "bytes", "partition"]);
    for day in &plan.days {
        rows.add_row([
            Cell::new(day.date),
            Cell::new(&day.collection),
            Cell::new(why(day.why)),
            number(day.files.len()),
            number(ByteSize(day.files.iter().map(|file| file.size).sum())),
            Cell::new(effect(&day.effect)),
        ]);
    }
    text += &rows.to_string();
    for day in &plan.days {
        let mut say = |what: &str, told: &str| text.push_str(&format!("\n{} {}: {what}{told}", day.date, day.collection));
        if let Effect::Fails(reason) = &day.effect {
            say("fails: ", reason);
        }
        day.schema_changes.iter().for_each(|change| say("", &one_line(change)));
        day.notes.iter().for_each(|note| say("note: ", note));
        day.risks.iter().for_each(|risk| say("risk: ", risk));
    }
    others.iter().fold(text, |text, line| text + "\n" + line)
}

fn why(why: Why) -> &'static str {
    match why {
        Why::AskedFor => "requested",
        Why::NeverTried => "never tried",
        Why::FailedBefore => "failed before",
        Why::DiedBefore => "interrupted",
        Why::FilesCame => "late files",
        Why::CleanedUp => "clean-up",
        Why::SameRecords => "with the tables of its records",
    }
}

fn effect(effect: &Effect) -> &'static str {
    match effect {
        Effect::Added => "added",
        Effect::Replaced(_) => "replaced",
        Effect::Skipped => "skipped",
        Effect::Fails(_) => "fails",
    }
}
