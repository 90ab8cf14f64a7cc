//! Connections to PostgreSQL: what the ledger and databases have in common.

mod address;
mod tls;

pub use address::address;
pub use tls::{CertificateCheck, connector};
