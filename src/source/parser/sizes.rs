//! Limits on a file's text in memory.

/// Limits on the text of a file held in memory at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSizes {
    /// Bytes of text in one batch.
    pub block_bytes: usize,
    /// Maximum bytes of one record. A longer line is no record; a quote that is not closed within the limit is a mistake
    /// of its line.
    pub record_bytes: usize,
}
