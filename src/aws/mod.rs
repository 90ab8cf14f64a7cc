//! Who we are to AWS: this machine's own credentials, and the chains of roles that lead from them to where the data is.
//!
//! Stores, secrets, the DynamoDB ledger and Glue all come here for credentials, and for what AWS means by a refusal.

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
