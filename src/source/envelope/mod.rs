//! Files that come encrypted: each under a key of its own, which its metadata has in a wrapped form.

mod decrypt;
mod error;
mod key_service;
#[cfg(test)]
mod tests;

pub use decrypt::{Envelope, decrypt};
pub use error::KeyServiceError;
pub use key_service::{KeyService, KeyServiceSettings, NewKey, WrappedKey};
