//! Leases and their holders.

use std::fmt;

use jiff::Timestamp;

use crate::identity::{FencingToken, RunId};

use super::{Access, LeaseScope};

/// The holder of a lease: `run 0190… on host, process 123`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The run.
    pub run_id: RunId,
    /// The machine.
    pub host: String,
    /// Process id on the machine.
    pub process: u32,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} on {}, process {}", self.run_id, self.host, self.process)
    }
}

/// The right to use a scope until `expires`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The scope.
    pub scope: LeaseScope,
    /// Shared with other readers, or exclusive.
    pub access: Access,
    /// Grows with each lease on the scope, whatever its access.
    pub token: FencingToken,
    /// The holder, by its run.
    pub run_id: RunId,
    /// End of the lease: no other run takes it before. It is renewed in time.
    pub expires: Timestamp,
}
