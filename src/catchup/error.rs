//! Errors of the ledger.

use jiff::Timestamp;

use crate::identity::{ErrorKind, Explain, ModuleName, hints};

use super::{Holder, LeaseScope};

/// An error of the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another run holds the lease.
    #[error("{holder} holds the lease of `{scope}` until {until}")]
    Held {
        /// Scope of the lease, such as a module or a share of its dates.
        scope: LeaseScope,
        /// Run that holds the lease.
        holder: Box<Holder>,
        /// End of its lease, unless the lease is renewed.
        until: Timestamp,
    },
    /// Another run took our lease after it had expired.
    #[error("the lease of `{scope}` was lost: another run took it after it had expired")]
    LeaseLost {
        /// Scope of the lease, such as a module or a share of its dates.
        scope: LeaseScope,
    },
    /// Access is denied.
    #[error("failed to {action} in the ledger {ledger}: access denied: {reason}")]
    Denied {
        /// Action that failed.
        action: &'static str,
        /// Name of the ledger: its table, address or file.
        ledger: String,
        /// Message of the ledger's backend.
        reason: String,
        /// Change that would allow the access.
        hint: String,
    },
    /// Two modules have the same summary line for other readers.
    #[error("the modules `{module}` and `{other}` have the same correlation_id and data_product: {line}")]
    Shared {
        /// Module that runs.
        module: ModuleName,
        /// Module that owns the line.
        other: String,
        /// Keys of the line.
        line: String,
    },
    /// The ledger does not exist, and adg does not create it.
    #[error("the ledger {ledger} does not exist")]
    Missing {
        /// Name of the ledger: its table, address or file.
        ledger: String,
        /// Instruction to create the ledger or correct its name.
        hint: String,
    },
    /// A setting of the ledger is invalid.
    #[error("the ledger {ledger} can't be opened: {reason}")]
    Setting {
        /// Name of the ledger: its table, address or file.
        ledger: String,
        /// Setting that is invalid.
        reason: String,
    },
    /// The ledger can't be reached or read.
    #[error("failed to {action} in the ledger {ledger}: {reason}")]
    Unavailable {
        /// Action that failed.
        action: &'static str,
        /// Name of the ledger: its table, address or file.
        ledger: String,
        /// Message of the ledger's backend.
        reason: String,
    },
    /// The ledger contains data that this version did not write or does not understand.
    #[error("the ledger {ledger} holds {what}, which this version does not understand")]
    Corrupt {
        /// Name of the ledger: its table, address or file.
        ledger: String,
        /// Description of the data.
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
