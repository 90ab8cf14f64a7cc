//! Errors of the ledger.

use jiff::Timestamp;

use crate::identity::{ErrorKind, Explain, ModuleName, hints};

use super::{Holder, LeaseScope};

/// Why the ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Somebody else works on it.
    #[error("{holder} holds the lease of `{scope}` until {until}")]
    Held {
        /// The module, or a share of its dates.
        scope: LeaseScope,
        /// Who works on it.
        holder: Box<Holder>,
        /// When its lease ends unless it is renewed.
        until: Timestamp,
    },
    /// Our own lease was taken by somebody else after it had expired.
    #[error("the lease of `{scope}` was lost: another run took it after it had expired")]
    LeaseLost {
        /// The module, or a share of its dates.
        scope: LeaseScope,
    },
    /// We may not.
    #[error("failed to {action} in the ledger {ledger}: access denied: {reason}")]
    Denied {
        /// What was being done.
        action: &'static str,
        /// Which ledger.
        ledger: String,
        /// What it says.
        reason: String,
        /// What would allow it.
        hint: String,
    },
    /// Two modules have the same line for other readers.
    #[error("the modules `{module}` and `{other}` have the same correlation_id and data_product: {line}")]
    Shared {
        /// The one that runs.
        module: ModuleName,
        /// The one whose line it is.
        other: String,
        /// The line's keys.
        line: String,
    },
    /// It is not there, and is not made by adg.
    #[error("the ledger {ledger} does not exist")]
    Missing {
        /// Which ledger.
        ledger: String,
        /// How to make it.
        hint: String,
    },
    /// Its settings make no sense.
    #[error("the ledger {ledger} can't be opened: {reason}")]
    Setting {
        /// Which ledger.
        ledger: String,
        /// The setting that is wrong.
        reason: String,
    },
    /// The ledger can't be reached or read.
    #[error("failed to {action} in the ledger {ledger}: {reason}")]
    Unavailable {
        /// What was being done.
        action: &'static str,
        /// Which ledger.
        ledger: String,
        /// What its backend says.
        reason: String,
    },
    /// The ledger holds something that adg did not write.
    #[error("the ledger {ledger} holds {what}, which this version does not understand")]
    Corrupt {
        /// Which ledger.
        ledger: String,
        /// What was found.
        what: String,
    },
}

impl Explain for LedgerError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Held { .. } | Self::LeaseLost { .. } => ErrorKind::Held,
            Self::Denied { .. } => ErrorKind::Access,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Corrupt { .. } | Self::Missing { .. } | Self::Shared { .. } | Self::Setting { .. } => ErrorKind::Config,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Denied { hint, .. } | Self::Missing { hint, .. } => hint.clone(),
            Self::Held { .. } => "wait for that run to end; if it is dead, its lease ends by itself".into(),
            Self::LeaseLost { .. } => hints::LEASE_LOST.into(),
            Self::Shared { .. } => "give each module a correlation_id of its own".into(),
            Self::Corrupt { .. } => hints::CORRUPT.into(),
            Self::Setting { .. } => "correct the profile's `ledger` in adg.yaml".into(),
            Self::Unavailable { .. } => return None,
        })
    }
}
