//! Slices and units: the parts of a job's work, as the ledger names them.

use std::fmt;
use std::str::FromStr;

use crate::identity::{JobName, NodeName, ProcessingDate};

/// The part of a node that one attempt processes.
///
/// Its text is the ledger's key. Dates keep the text that they had before there were other slices, so that keys of old ledgers
/// stay valid. The text of a date sorts as the date; those of all other slices sort after every date or name two bounds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slice {
    /// A day: `2024-05-01`.
    Date(ProcessingDate),
    /// A half-open range of dates or of a cursor's values: `[2024-05-01,2024-06-01)`.
    Range {
        /// The first value.
        from: String,
        /// The first value that is not part of it.
        to: String,
    },
    /// A state of the source, by its id: `snapshot:8744736658442914487`.
    Snapshot(String),
    /// Everything that the source has: `whole`.
    Whole,
}

/// An error for a text that is not the key of a slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no slice: write a date, `[from,to)`, `snapshot:ID` or `whole`")]
pub struct SliceError(String);

impl Slice {
    /// Returns the date, if the slice is one.
    pub fn date(&self) -> Option<ProcessingDate> {
        match self {
            Self::Date(date) => Some(*date),
            _ => None,
        }
    }
}

impl From<ProcessingDate> for Slice {
    fn from(date: ProcessingDate) -> Self {
        Self::Date(date)
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => date.fmt(f),
            Self::Range { from, to } => write!(f, "[{from},{to})"),
            Self::Snapshot(id) => write!(f, "snapshot:{id}"),
            Self::Whole => f.write_str("whole"),
        }
    }
}

impl FromStr for Slice {
    type Err = SliceError;

    fn from_str(text: &str) -> Result<Self, SliceError> {
        if text == "whole" {
            return Ok(Self::Whole);
        }
        if let Some(id) = text.strip_prefix("snapshot:") {
            return Ok(Self::Snapshot(id.to_owned()));
        }
        let range = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(')')).and_then(|rest| rest.split_once(','));
        if let Some((from, to)) = range {
            return Ok(Self::Range { from: from.to_owned(), to: to.to_owned() });
        }
        text.parse().map(Self::Date).map_err(|_| SliceError(text.to_owned()))
    }
}

/// The key of the ledger: a slice of a node of a job. The node of a module is a collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    /// The job.
    pub job: JobName,
    /// One of its tables, sinks or datasets.
    pub node: NodeName,
    /// The part of the node.
    pub slice: Slice,
}

impl Unit {
    /// Returns the unit of a slice of a job's node.
    pub fn new(job: JobName, node: NodeName, slice: impl Into<Slice>) -> Self {
        Self { job, node, slice: slice.into() }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.job, self.node, self.slice)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slices_are_written_as_ledgers_keep_them() {
        let date: ProcessingDate = "2024-05-01".parse().unwrap();
        let range = Slice::Range { from: "2024-05-01T00:00:00Z".into(), to: String::new() };
        let written = [Slice::from(date), range, Slice::Snapshot("8744".into()), Slice::Whole].map(|slice| slice.to_string());
        assert_eq!(written, ["2024-05-01", "[2024-05-01T00:00:00Z,)", "snapshot:8744", "whole"]);
        assert!(written.iter().skip(1).all(|text| text.as_str() > "9999-12-31"), "no other slice lies between two dates");
        for wrong in ["", "yesterday", "2024-5-1", "[a)", "Whole"] {
            assert_eq!(wrong.parse::<Slice>(), Err(SliceError(wrong.into())));
        }
    }

    proptest! {
        #[test]
        fn a_written_slice_is_read_back(from in "[^,]{0,9}", to in ".{0,9}", id in ".{0,9}", days in 0u32..100_000) {
            let date = "1970-01-01".parse::<ProcessingDate>().unwrap().plus_days(days);
            for slice in [Slice::Date(date), Slice::Range { from, to }, Slice::Snapshot(id), Slice::Whole] {
                prop_assert_eq!(slice.to_string().parse::<Slice>(), Ok(slice));
            }
        }
    }
}
