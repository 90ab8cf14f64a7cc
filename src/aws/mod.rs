//! Identities on AWS: this machine's own credentials, and the chains of roles that lead from them to the data.
//!
//! Stores, secrets, the DynamoDB ledger and Glue get their credentials here, and the explanation of AWS's refusals.

mod account;
mod error;
mod identity;
mod policy;
mod role;
pub mod xml;

pub use account::{Account, AwsSettings};
pub use error::{AwsError, RefusedHop, Said, SaidKind, WRONG_KEYS, is_about_keys, said};
pub use identity::Identity;
pub use policy::{principal_of, statement};
pub use role::{Role, RoleArn, RoleError};
