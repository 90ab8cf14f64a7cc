//! Verification of published data against the ledger.

use comfy_table::Cell;
use serde::Serialize;

use crate::identity::{CollectionName, ProcessingDate};

use super::summary::{number, table};

/// The result of one comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It is as recorded.
    Same,
    /// It differs, as described.
    Differs(String),
    /// It could not be compared, for this reason.
    Unknown(String),
}

impl Check {
    /// Compares numbers: the name of each, the recorded value and the found value.
    pub fn of<const N: usize>(numbers: [(&str, u64, u64); N]) -> Self {
        let differs = numbers.iter().filter(|(_, said, found)| said != found);
        let differs: Vec<String> = differs.map(|(what, said, found)| format!("{found} {what}, not {said}")).collect();
        if differs.is_empty() { Self::Same } else { Self::Differs(differs.join(", ")) }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs(_) => "differs",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// The verification of one date of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Processing date.
    pub date: ProcessingDate,
    /// The collection.
    pub collection: CollectionName,
    /// Number of rows by the ledger.
    pub rows: u64,
    /// Check of the metastore: the partition's location and number of rows are those of the ledger.
    pub metastore: Check,
    /// Check of the published files: their number, bytes and rows are those of the ledger.
    pub files: Check,
    /// Check of the source: it has the same files, which have the same number of records when read again.
    pub source: Check,
}

impl Verified {
    fn checks(&self) -> [(&'static str, &Check); 3] {
        [("metastore", &self.metastore), ("files", &self.files), ("source", &self.source)]
    }

    /// Returns true if any check found a difference.
    pub fn differs(&self) -> bool {
        self.checks().iter().any(|(_, check)| matches!(check, Check::Differs(_)))
    }
}

/// Formats the verifications for a person.
pub fn verified_table(verified: &[Verified]) -> String {
    if verified.is_empty() {
        return "no date is done that could be compared".to_owned();
    }
    let mut rows = table(&["date", "collection", "rows", "metastore", "files", "source"]);
    for one in verified {
        let words = one.checks().map(|(_, check)| Cell::new(check.word()));
        rows.add_row([Cell::new(one.date), Cell::new(&one.collection), number(one.rows)].into_iter().chain(words));
    }
    let mut text = rows.to_string();
    for one in verified {
        for (place, check) in one.checks() {
            if let Check::Differs(what) | Check::Unknown(what) = check {
                text += &format!("\n{} {}: {place}: {what}", one.date, one.collection);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_in_numbers() {
        assert_eq!(Check::of([("rows", 3, 3), ("bytes", 4, 4)]), Check::Same);
        assert_eq!(
            Check::of([("rows", 3, 2), ("bytes", 4, 4), ("files", 1, 0)]),
            Check::Differs("2 rows, not 3, 0 files, not 1".into())
        );
    }
}
