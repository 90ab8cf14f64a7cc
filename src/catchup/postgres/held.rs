//! The check of a lease within a transaction.

use postgres::Transaction;

use crate::catchup::{Access, Lease};

use super::numbers::signed;

/// Returns true if no other lease has followed a lease, and keeps it so until the end of the transaction.
pub(super) fn is_held(transaction: &mut Transaction<'_>, lease: &Lease) -> Result<bool, postgres::Error> {
    let query = match lease.access {
        Access::Exclusive => "select 1 from adg_leases where module = $1 and token = $2 for share",
        Access::Shared => "select 1 from adg_shared_leases where scope = $1 and token = $2 for share",
    };
    Ok(transaction.query_opt(query, &[&lease.scope.to_string(), &signed(lease.token.0)])?.is_some())
}
