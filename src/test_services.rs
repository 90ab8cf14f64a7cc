//! The real services that unit tests run the conformance suites against.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::aws::{Account, AwsSettings};
use crate::identity::{Clock, SystemClock};

#[allow(dead_code)] // The end-to-end tests use more of it.
#[path = "../e2e/services.rs"]
mod services;

pub use services::*;

/// moto's administrator.
pub fn account(moto: &Moto) -> Account {
    account_as(moto, &moto.access_key_id, &moto.secret_access_key)
}

/// Somebody else of moto.
pub fn account_as(moto: &Moto, key: &str, secret: &str) -> Account {
    let settings = AwsSettings { region: Some(moto.region.clone()), endpoint: Some(moto.url.clone()), profile: None };
    let credentials = Credentials::new(key, secret, None, None, "test");
    Account::with_credentials(&settings, "adg-test", clock(), SharedCredentialsProvider::new(credentials)).unwrap()
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
