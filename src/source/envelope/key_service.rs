//! The service that unwraps the keys of files, over mutual TLS.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, Client, Identity, RequestBuilder, Response, StatusCode, Url};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::cipher::DataKey;
use crate::runtime;

use super::KeyServiceError;

/// A service that unwraps the keys of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyServiceSettings {
    /// Address that unwraps keys: `https://…/datakey/actions/decrypt`.
    pub url: String,
    /// Address that creates new keys, which only test data needs: `https://…/datakey`.
    #[serde(default)]
    pub new_key_url: Option<String>,
    /// Client certificate of adg with its chain: a PEM file.
    pub certificate: PathBuf,
    /// Private key of the client certificate, not encrypted: a PEM file.
    pub key: PathBuf,
    /// CA certificates trusted for the service: a PEM file. No other CA is trusted.
    pub ca: PathBuf,
}

/// A file's key in its wrapped form; only the service can unwrap it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WrappedKey {
    /// ID of the wrapping key.
    pub id: String,
    /// The wrapped key in base64.
    pub ciphertext: String,
}

/// A key created for a new file.
#[derive(Debug)]
pub struct NewKey {
    /// The wrapped form, for the file's metadata.
    pub wrapped: WrappedKey,
    /// The plain key, which encrypts the file.
    pub key: DataKey,
}

/// The service, and the keys that it gave to this run. They are in memory only.
pub struct KeyService {
    client: Client,
    url: Url,
    new_key_url: Option<Url>,
    correlation_id: String,
    keys: Mutex<HashMap<WrappedKey, Arc<Mutex<Option<DataKey>>>>>,
}

/// A failed attempt at a request.
enum Failed {
    /// A retry may help.
    Soon(String),
    /// No retry helps.
    Never(KeyServiceError),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unwrapped {
    plaintext_data_key: Zeroizing<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    data_key_encryption_key_id: String,
    plaintext_data_key: Zeroizing<String>,
    ciphertext_data_key: String,
}

impl KeyService {
    /// Opens the service without a request. `file` resolves the path of a file in the settings; requests carry `correlation_id`.
    ///
    /// # Errors
    /// A file can't be read, or an address is invalid.
    pub fn open(
        settings: &KeyServiceSettings,
        file: impl Fn(&Path) -> PathBuf,
        correlation_id: String,
    ) -> Result<Self, KeyServiceError> {
        let wrong = |what, path: &str, reason: String| KeyServiceError::Setting { what, path: path.to_owned(), reason };
        let read = |what, path: &Path| {
            let path = file(path);
            let shown = path.display().to_string();
            let bytes = fs::read(path).map_err(|error| wrong(what, &shown, error.to_string()))?;
            Ok::<_, KeyServiceError>((Zeroizing::new(bytes), shown))
        };
        let (certificate, shown) = read("certificate", &settings.certificate)?;
        let (key, _) = read("key", &settings.key)?;
        let pair = Zeroizing::new([key.as_slice(), b"\n", certificate.as_slice()].concat());
        let identity = Identity::from_pem(&pair).map_err(|error| wrong("certificate and key", &shown, because(&error)))?;
        let (ca, shown) = read("ca", &settings.ca)?;
        let ca = Certificate::from_pem_bundle(&ca)
            .map_err(|error| because(&error))
            .and_then(|all| if all.is_empty() { Err("it has no certificate".to_owned()) } else { Ok(all) })
            .map_err(|reason| wrong("ca", &shown, reason))?;
        let client = Client::builder()
            .identity(identity)
            .tls_certs_only(ca)
            .https_only(true)
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(|error| wrong("certificate", &settings.certificate.display().to_string(), because(&error)))?;
        let url = |text: &str| match Url::parse(text) {
            Ok(url) if url.scheme() == "https" => Ok(url),
            Ok(_) => Err(wrong("address", text, "it is not https".to_owned())),
            Err(error) => Err(wrong("address", text, error.to_string())),
        };
        Ok(Self {
            client,
            url: url(&settings.url)?,
            new_key_url: settings.new_key_url.as_deref().map(url).transpose()?,
            correlation_id,
            keys: Mutex::default(),
        })
    }

    /// Unwraps a key. Each key is requested once.
    ///
    /// # Errors
    /// The service refuses it, or does not answer.
    pub fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, KeyServiceError> {
        let known = {
            let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(keys.entry(wrapped.clone()).or_default())
        };
        // Who needs the same key at the same time waits for the first to get it.
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*known {
            return Ok(key.clone());
        }
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("keyId", &wrapped.id).append_pair("correlationId", &self.correlation_id);
        let unwrapped: Unwrapped = self.ask(&wrapped.id, || self.client.post(url.clone()).body(wrapped.ciphertext.clone()))?;
        let key = self.data_key(&unwrapped.plaintext_data_key)?;
        *known = Some(key.clone());
        Ok(key)
    }

    /// Creates a key for a new file.
    ///
    /// # Errors
    /// The service refuses, or does not answer.
    pub fn new_key(&self) -> Result<NewKey, KeyServiceError> {
        let mut url = self.new_key_url.clone().ok_or_else(|| KeyServiceError::Setting {
            what: "address",
            path: "new_key_url".to_owned(),
            reason: "it is not set, and test data that is encrypted needs new keys".to_owned(),
        })?;
        url.query_pairs_mut().append_pair("correlationId", &self.correlation_id);
        let made: Made = self.ask("new", || self.client.get(url.clone()))?;
        let wrapped = WrappedKey { id: made.data_key_encryption_key_id, ciphertext: made.ciphertext_data_key };
        Ok(NewKey { wrapped, key: self.data_key(&made.plaintext_data_key)? })
    }

    /// Checks that the service accepts adg's certificate and adg accepts the service's. No key is requested.
    ///
    /// # Errors
    /// It does not answer.
    pub fn check(&self) -> Result<String, KeyServiceError> {
        // A server that refuses our certificate may close the connection before its reason is read.
        let times = ExponentialBuilder::default().with_min_delay(Duration::from_millis(100)).with_max_times(3);
        let once = || async { self.client.get(self.url.clone()).send().await.map_err(|error| self.sort(&error)) };
        let asked = once.retry(times).when(|failed| matches!(failed, Failed::Soon(_)));
        match runtime::wait(asked).map_err(|error| self.unavailable(error.to_string()))? {
            // It may not like the question: that it answers is enough.
            Ok(_) => Ok(format!("{} answers", self.describe())),
            Err(Failed::Soon(reason)) => Err(self.unavailable(reason)),
            Err(Failed::Never(error)) => Err(error),
        }
    }

    fn describe(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    fn unavailable(&self, reason: String) -> KeyServiceError {
        KeyServiceError::Unavailable { url: self.describe(), reason }
    }

    fn data_key(&self, text: &str) -> Result<DataKey, KeyServiceError> {
        let bytes = STANDARD.decode(text).ok().map(Zeroizing::new).and_then(DataKey::new);
        bytes.ok_or_else(|| self.unavailable("gave something that is no key of 128 or 256 bits".to_owned()))
    }

    /// Sends a request until there is a response: if the service throttles, fails or is unreachable, it retries some ten times in
    /// a minute.
    fn ask<T: DeserializeOwned>(&self, id: &str, request: impl Fn() -> RequestBuilder) -> Result<T, KeyServiceError> {
        let times = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(15))
            .with_max_times(9)
            .with_jitter();
        let asked = (|| self.once(id, request())).retry(times).when(|failed| matches!(failed, Failed::Soon(_))).notify(
            |failed, pause| {
                if let Failed::Soon(reason) = failed {
                    tracing::warn!(
                        event = "key_service_retry",
                        formerly = "key_service_again",
                        url = self.describe(),
                        reason,
                        milliseconds = pause.as_millis(),
                        "asking the key service again"
                    );
                }
            },
        );
        let body = runtime::wait(asked).map_err(|error| self.unavailable(error.to_string()))?.map_err(|failed| match failed {
            Failed::Soon(reason) => self.unavailable(reason),
            Failed::Never(error) => error,
        })?;
        // What is wrong with it is not told: it may be a key.
        serde_json::from_slice(&body).map_err(|_| self.unavailable("gave an answer without a key".to_owned()))
    }

    async fn once(&self, id: &str, request: RequestBuilder) -> Result<Zeroizing<Vec<u8>>, Failed> {
        let response = request.send().await.map_err(|error| self.sort(&error))?;
        match response.status() {
            status if status.is_success() => {
                let body = response.bytes().await.map_err(|error| self.sort(&error))?;
                Ok(Zeroizing::new(body.to_vec()))
            }
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                Err(Failed::Soon(format!("answers with status {}", status.as_u16())))
            }
            status => {
                let (url, id, said) = (self.describe(), id.to_owned(), said(response).await);
                Err(Failed::Never(KeyServiceError::Refused { url, id, status: status.as_u16(), said }))
            }
        }
    }

    /// Classifies a request that got no response: after a TLS failure, no retry helps.
    fn sort(&self, error: &reqwest::Error) -> Failed {
        match tls_below(error) {
            Some(reason) => Failed::Never(KeyServiceError::Trust { url: self.describe(), reason }),
            None => Failed::Soon(format!("does not answer: {}", because(error))),
        }
    }
}

/// Returns the first words of a response without a key.
async fn said(response: Response) -> String {
    let text = response.text().await.unwrap_or_default();
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

/// Returns the innermost cause of an error, which is the most specific.
fn because(error: &dyn Error) -> String {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// Returns the TLS error message if TLS failed; the TLS error may be nested in a connection error.
fn tls_below(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(error.to_string());
    }
    let inner = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
    match inner {
        Some(inner) => tls_below(inner),
        None => error.source().and_then(tls_below),
    }
}
