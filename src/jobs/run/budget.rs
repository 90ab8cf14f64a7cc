//! Memory budget of a run.

use bytesize::ByteSize;

use crate::source::ReadSizes;

const MIB: u64 = 1 << 20;

/// Limits of what is held in memory at once. Everything that grows with an input is cut to pieces of these sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Number of collections in parallel.
    pub collections: usize,
    /// Bytes of text in one batch.
    pub block_bytes: usize,
    /// Most bytes of one record.
    pub record_bytes: usize,
    /// Bytes of a row group while it is built.
    pub row_group_bytes: usize,
    /// Bytes of a Parquet file.
    pub file_bytes: usize,
}

/// Bytes that a run needs whatever it reads: its code, and parts on their way to and from a store.
const ALWAYS: u64 = 64 * MIB;

/// Least memory limit: less can't hold what a run always needs.
pub const LEAST_MEMORY: ByteSize = ByteSize::mib(128);

impl Budget {
    /// Returns the limits of what is held of a source file at once.
    pub(crate) fn read_sizes(&self) -> ReadSizes {
        ReadSizes { block_bytes: self.block_bytes, record_bytes: self.record_bytes }
    }

    /// Returns the budget that `memory` allows on a machine of `cores` cores.
    pub(crate) fn new(memory: ByteSize, cores: usize) -> Self {
        let share =
            |of: u64, parts: u64, least: u64, most: u64| usize::try_from((of / parts).clamp(least, most)).unwrap_or(usize::MAX);
        let collections = share(memory.0, 384 * MIB, 1, cores.clamp(1, 4) as u64);
        let each = memory.0 / collections as u64;
        Self {
            collections,
            // Some eight batches are on their way at once, each with its columns about three times its text.
            block_bytes: share(each, 128, 64 << 10, 4 * MIB),
            record_bytes: share(each, 16, MIB, 64 * MIB),
            // Of which one is sent while the next is made, beside what a run always needs.
            row_group_bytes: share(each.saturating_sub(ALWAYS), 4, MIB, 128 * MIB),
            file_bytes: 256 << 20,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_gives_full_row_groups_side_by_side() {
        let budget = Budget::new(ByteSize::gib(1), 2);
        assert_eq!(
            budget,
            Budget {
                collections: 2,
                block_bytes: 4 << 20,
                record_bytes: 32 << 20,
                row_group_bytes: 112 << 20,
                file_bytes: 256 << 20
            }
        );
        let small = Budget::new(LEAST_MEMORY, 8);
        assert_eq!((small.collections, small.row_group_bytes), (1, 16 << 20));
    }
}
