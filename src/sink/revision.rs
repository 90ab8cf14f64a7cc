//! Committed states of a slice, to which readers can be sent back.

use std::iter::Sum;
use std::ops::Add;

use crate::catchup::Counts;

/// Size of a slice's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Number of files; 0 in a sink without files.
    pub files: u64,
    /// Total bytes of the files.
    pub bytes: u64,
    /// Number of rows.
    pub rows: u64,
}

impl Extent {
    /// Returns the extent of the rows that an attempt wrote, by its counts; none if it wrote nothing.
    pub fn written(counts: &Counts) -> Option<Self> {
        (counts.files > 0).then_some(Self { files: counts.files, bytes: counts.bytes, rows: counts.rows_written })
    }
}

impl Add for Extent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { files: self.files + other.files, bytes: self.bytes + other.bytes, rows: self.rows + other.rows }
    }
}

impl Sum for Extent {
    fn sum<I: Iterator<Item = Self>>(extents: I) -> Self {
        extents.fold(Self::default(), Add::add)
    }
}

/// A committed state of a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Address of the rows: a folder, or a snapshot's id.
    pub location: String,
    /// Its extent when it was committed. None if another tool wrote it.
    pub extent: Option<Extent>,
    /// Fingerprint of the table's columns when it was committed; none if not known.
    pub schema_fingerprint: Option<String>,
}

/// Outcome of a revert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reverted {
    /// Readers see these rows.
    Done(Extent),
    /// Nothing was changed: the revision is no longer whole. Only this is left of it.
    Refused(Extent),
}
