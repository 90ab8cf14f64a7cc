//! The guarantees of a ledger as tests. Each backend runs them.

mod leases;
mod log;
mod retired;
mod values;
pub(super) mod versions;

use super::Ledger;

/// Runs all tests. Both handles open the same, empty ledger, as two processes would.
pub(super) fn suite(ledger: &dyn Ledger, other: &dyn Ledger) {
    assert!(ledger.check().unwrap().len() > 10, "it describes itself");
    leases::one_lease_at_a_time(ledger, other);
    leases::a_lease_ends_at_its_end(ledger, other);
    leases::shards_are_told_while_they_are_held(ledger, other);
    leases::tokens_fence(ledger, other);
    leases::readers_share_a_lease_and_a_writer_is_alone(ledger, other);
    leases::expired_readers_and_writers_are_fenced_off(ledger, other);
    log::history_is_the_latest_status(ledger, other);
    retired::retired_paths_keep_their_last_time(ledger);
}
