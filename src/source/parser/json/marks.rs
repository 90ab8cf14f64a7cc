//! Places of values whose type the source tells beside them.

use std::ops::Range;

/// Starts of such values in a text, in order.
#[derive(Debug, Clone, Default)]
pub(in crate::source) struct Marks {
    pub(super) instants: Vec<usize>,
    pub(super) decimals: Vec<usize>,
    /// Texts that are no documents, where documents are to be.
    pub(super) strays: Vec<usize>,
}

impl Marks {
    /// Returns true if no value is marked.
    pub(super) fn is_empty(&self) -> bool {
        self.instants.is_empty() && self.decimals.is_empty() && self.strays.is_empty()
    }

    /// Returns true if the value that starts there is an instant.
    pub(in crate::source) fn is_instant(&self, start: usize) -> bool {
        self.instants.binary_search(&start).is_ok()
    }

    /// Returns true if the value that starts there is a decimal.
    pub(super) fn is_decimal(&self, start: usize) -> bool {
        self.decimals.binary_search(&start).is_ok()
    }

    /// Returns true if the text that starts there is no document where one is to be.
    pub(in crate::source) fn is_stray(&self, start: usize) -> bool {
        self.strays.binary_search(&start).is_ok()
    }

    /// Adds the marks of a part of this text to those of a text that has the part at `to`, behind all other marks.
    pub(super) fn copy(&self, part: Range<usize>, to: usize, target: &mut Self) {
        let lists =
            [(&self.instants, &mut target.instants), (&self.decimals, &mut target.decimals), (&self.strays, &mut target.strays)];
        for (from, target) in lists {
            let (first, last) = (from.partition_point(|at| *at < part.start), from.partition_point(|at| *at < part.end));
            target.extend(from[first..last].iter().map(|at| at - part.start + to));
        }
    }

    /// Removes the marks from `at` on.
    pub(super) fn forget(&mut self, at: usize) {
        for marks in [&mut self.instants, &mut self.decimals, &mut self.strays] {
            marks.truncate(marks.partition_point(|mark| *mark < at));
        }
    }
}
