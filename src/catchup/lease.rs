//! Leases and their holders.

use std::fmt;

use jiff::Timestamp;

use crate::identity::{FencingToken, RunId};

use super::LeaseName;

/// Who holds a lease: `run 0190… on host, process 123`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The run.
    pub run_id: RunId,
    /// The machine.
    pub host: String,
    /// Its process there.
    pub process: u32,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} on {}, process {}", self.run_id, self.host, self.process)
    }
}

/// The right to work on a module, or on a share of its dates, until `expires`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Of what.
    pub name: LeaseName,
    /// Grows with each lease.
    pub token: FencingToken,
    /// Renewed before then, or anybody may take it.
    pub expires: Timestamp,
}
