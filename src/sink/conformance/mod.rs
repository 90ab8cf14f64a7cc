//! The guarantees of a sink as tests. Each sink runs them.

mod commits;
mod fences;
mod reverts;
mod tables;
mod values;

use jiff::SignedDuration;

use crate::catchup::{Lease, Slice};

use super::TableSink;

pub(crate) use values::merged;

/// One table, as the runs that write it and its readers reach it. It does not exist at first.
pub(crate) trait World {
    /// The sink of the table.
    type Sink<'w>: TableSink
    where
        Self: 'w;

    /// Acquires the lease of a new run, after the lease of the run before has expired.
    fn next_run(&self) -> Lease;

    /// Returns the table as a sink of the run that has, or had, the lease.
    fn sink<'w>(&'w self, lease: &'w Lease) -> Self::Sink<'w>;

    /// Returns a slice by its number, from 1; `None` if the table has fewer.
    fn slice(&self, number: u8) -> Option<Slice>;

    /// Returns the rows that readers see of a slice, in any order: the values in the order of the table's columns, joined by
    /// commas, `null` for null.
    fn rows(&self, slice: &Slice) -> Vec<String>;

    /// Returns the number of files, or of staged rows, that the sink keeps for the table, seen by readers or not.
    fn stored(&self) -> usize;

    /// Lets time pass.
    fn pass(&self, time: SignedDuration);
}

/// Runs all tests, each with a world of its own.
pub(crate) fn suite<W: World>(world: impl Fn() -> W) {
    tables::a_table_is_created_once_and_grows(&world());
    tables::an_evolution_of_columns_that_are_gone_is_refused(&world());
    commits::readers_see_a_commit_whole_and_nothing_before(&world());
    commits::a_commit_replaces_its_slice_only(&world());
    commits::a_commit_of_no_rows_is_an_empty_slice(&world());
    commits::an_aborted_or_forgotten_write_changes_nothing(&world());
    commits::rows_are_added_or_the_commit_is_refused(&world());
    commits::rows_are_merged_or_the_commit_is_refused(&world());
    commits::rows_from_a_value_on_are_replaced(&world());
    commits::rows_are_merged_into_a_new_table_and_one_that_grows(&world());
    commits::a_merge_of_rows_that_are_there_changes_nothing(&world());
    commits::rows_with_the_same_key_are_not_merged(&world());
    commits::marked_rows_are_deleted(&world());
    commits::rows_without_a_staged_one_are_deleted_up_to_a_share(&world());
    fences::a_run_that_slept_past_its_lease_commits_nothing(&world());
    fences::a_run_that_slept_past_its_lease_reverts_nothing(&world());
    reverts::a_revert_restores_replaced_rows_and_can_be_reverted(&world());
    reverts::an_unpublished_slice_is_gone_and_comes_back(&world());
    reverts::unpublished_rows_expire_like_replaced_ones(&world());
    reverts::a_revision_of_another_extent_is_refused(&world());
    reverts::expired_rows_are_gone_and_present_ones_stay(&world());
}
