//! Real services against which unit tests run the conformance suites.
//!
//! Each is started once for a test program by `e2e/python/services.py`, which stops it when the program ends, however it ends:
//! its standard input is a pipe from it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::Value;

use crate::aws::{Account, AwsSettings};
use crate::identity::{Clock, SystemClock};

#[path = "../e2e/python.rs"]
mod python;

pub(crate) use python::python;

/// A service that runs until this is dropped, or the process ends.
pub(crate) struct Service {
    child: Child,
    facts: Value,
}

impl Service {
    pub(crate) fn start(args: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/python/services.py");
        let mut command = Command::new(python());
        command.arg(script).args(args).env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{args:?} did not start"));
        Self { child, facts }
    }

    /// Returns a fact that the service's script printed, such as its `url`.
    pub(crate) fn fact(&self, name: &str) -> String {
        self.facts[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.facts)).to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// AWS as emulated by moto, with IAM enforcement on.
pub(crate) struct Moto {
    _service: Service,
    pub url: String,
    pub region: String,
    /// Access key of a user with all permissions.
    pub access_key_id: String,
    pub secret_access_key: String,
}

pub(crate) fn moto() -> &'static Moto {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    MOTO.get_or_init(|| {
        let service = Service::start(&["moto"]);
        let fact = |name| service.fact(name);
        let (url, region) = (fact("url"), fact("region"));
        let (access_key_id, secret_access_key) = (fact("access_key_id"), fact("secret_access_key"));
        Moto { url, region, access_key_id, secret_access_key, _service: service }
    })
}

/// A PostgreSQL server with an empty database `adg`.
pub(crate) struct Postgres {
    _service: Service,
    pub url: String,
}

pub(crate) fn postgres() -> &'static Postgres {
    static POSTGRES: OnceLock<Postgres> = OnceLock::new();
    POSTGRES.get_or_init(|| {
        let service = Service::start(&["postgres"]);
        Postgres { url: service.fact("url"), _service: service }
    })
}

/// The Hive metastore that PySpark bundles, on Derby.
pub(crate) struct Hive {
    _service: Service,
    pub uri: String,
    /// The folder of its warehouse.
    pub warehouse: PathBuf,
}

pub(crate) fn hive() -> &'static Hive {
    static HIVE: OnceLock<Hive> = OnceLock::new();
    HIVE.get_or_init(|| {
        let service = Service::start(&["hive"]);
        Hive { uri: service.fact("uri"), warehouse: service.fact("warehouse").into(), _service: service }
    })
}

/// Returns the URL of a service with Google Cloud Storage's XML protocol, which is S3's: moto without permission checks. The
/// emulator of Google's own protocol answers 501 to most requests of the XML protocol.
pub(crate) fn gcs() -> String {
    static GCS: OnceLock<Service> = OnceLock::new();
    GCS.get_or_init(|| Service::start(&["moto", "--unchecked"])).fact("url")
}

/// Returns the account of moto's administrator.
pub(crate) fn account(moto: &Moto) -> Account {
    account_as(moto, &moto.access_key_id, &moto.secret_access_key)
}

/// Returns the account of another user of moto.
pub(crate) fn account_as(moto: &Moto, key: &str, secret: &str) -> Account {
    let settings = AwsSettings { region: Some(moto.region.clone()), endpoint: Some(moto.url.clone()), profile: None };
    let credentials = Credentials::new(key, secret, None, None, "test");
    Account::with_credentials(&settings, "adg-test", clock(), SharedCredentialsProvider::new(credentials)).unwrap()
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}
