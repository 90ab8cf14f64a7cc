//! Places of values whose type the source tells beside them.

/// Starts of such values in a text, in order.
#[derive(Debug, Default)]
pub(in crate::source) struct Marks {
    pub(super) instants: Vec<usize>,
    pub(super) decimals: Vec<usize>,
}

impl Marks {
    /// Returns true if the value that starts there is an instant.
    pub(in crate::source) fn is_instant(&self, start: usize) -> bool {
        self.instants.binary_search(&start).is_ok()
    }

    /// Returns true if the value that starts there is a decimal.
    pub(super) fn is_decimal(&self, start: usize) -> bool {
        self.decimals.binary_search(&start).is_ok()
    }
}
