//! What a run would do: as data, and as text.

use bytesize::ByteSize;
use comfy_table::Cell;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catchup::{Shard, SourceFile};
use crate::identity::{CollectionName, LoadType, ModuleName, ProcessingDate};

use super::difference::{self, Difference};
use super::late::{self, LateFiles};
use super::summary::{number, one_line, table};

/// Why a date is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// By name, done or not.
    AskedFor,
    /// No run knows of it.
    NeverTried,
    /// The last attempt failed.
    FailedBefore,
    /// The last attempt never said how it ended.
    DiedBefore,
    /// It was skipped or lost without files, and now has some.
    FilesCame,
    /// It is to be built anew.
    CleanedUp,
}

/// What becomes of a date's partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// There is none yet.
    Added,
    /// Readers are sent elsewhere than to this location.
    Replaced(String),
    /// It counts as done without one.
    Skipped,
    /// None, as it fails for this reason.
    Fails(String),
}

/// One date of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDay {
    /// The day.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Why it is to be done.
    pub why: Why,
    /// What would be read, in order.
    pub files: Vec<SourceFile>,
    /// What becomes of its partition.
    pub effect: Effect,
    /// What would be done to the table, as statements.
    pub schema_changes: Vec<String>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// What may be regretted.
    pub risks: Vec<String>,
}

/// What a clean-up builds anew of a table, or takes from readers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCleanUp {
    /// The table.
    pub table: String,
    /// Its partitions.
    pub partitions: Vec<String>,
    /// Their rows, as far as the metastore says.
    pub rows: u64,
    /// Their bytes, as far as the metastore says.
    pub bytes: u64,
    /// Those among them that the run does not build anew from the source, and takes from readers.
    pub lost: Vec<String>,
}

/// What was asked for, so that the same can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which of the module's loads.
    pub load: LoadType,
    /// The first date by name.
    pub start: Option<ProcessingDate>,
    /// The last date by name.
    pub end: Option<ProcessingDate>,
    /// Only these of the dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Only these collections; all where it is empty.
    pub collections: Vec<CollectionName>,
    /// Whether what was published is built anew.
    pub clean_up: bool,
    /// Whether that may lose what the source can't rebuild.
    pub force_clean_up: bool,
    /// Whether dates are done whose files are not all there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// Whether the test folder is read.
    pub e2e_test: bool,
}

/// What a run of a module would do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of this shape: 1.
    pub version: u32,
    /// The module.
    pub module: ModuleName,
    /// The profile.
    pub profile: String,
    /// When it was made.
    pub made: Timestamp,
    /// What was asked for.
    pub asked: Asked,
    /// What goes first.
    pub clean_up: Vec<PlannedCleanUp>,
    /// What is done then, in order.
    pub days: Vec<PlannedDay>,
    /// Tables that others changed since they were published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_by_others: Vec<Difference>,
    /// Dates that are done, are not done again, and have files that were not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateFiles>,
    /// The commands that do them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rerun_late: Vec<String>,
    /// The command that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
}

impl Plan {
    /// How `now` differs from this plan, in words; empty where a run would do the same.
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

/// The plan as a person reads it.
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
