//! The check of a lease within a transaction.

use rusqlite::{Transaction, params};

use crate::catchup::{Access, Lease};

/// Returns true if no other lease has followed a lease.
pub(super) fn is_held(transaction: &Transaction<'_>, lease: &Lease) -> rusqlite::Result<bool> {
    let query = match lease.access {
        Access::Exclusive => "select 1 from leases where module = ?1 and token = ?2",
        Access::Shared => "select 1 from shared_leases where scope = ?1 and token = ?2",
    };
    let mut query = transaction.prepare_cached(query)?;
    query.exists(params![lease.scope.to_string(), lease.token.0])
}
