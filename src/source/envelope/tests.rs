use std::fs;
use std::io::{Cursor, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Envelope, KeyService, KeyServiceError, KeyServiceSettings, NewKey, decrypt};
use crate::cipher::{DataKey, EncryptingWriter, Iv};
use crate::identity::Causes;
use crate::store::Metadata;
use crate::test_services::Service;

/// The test key service: HTTPS, for callers with a certificate of its own authority.
struct Fixture {
    service: Service,
}

impl Fixture {
    fn new() -> Self {
        Self { service: Service::start(&["key_service"]) }
    }

    fn settings(&self) -> KeyServiceSettings {
        let fact = |name: &str| self.service.fact(name);
        KeyServiceSettings {
            url: fact("url"),
            new_key_url: Some(fact("new_key_url")),
            certificate: fact("certificate").into(),
            key: fact("key").into(),
            ca: fact("ca").into(),
        }
    }

    fn open(settings: &KeyServiceSettings) -> Result<KeyService, KeyServiceError> {
        KeyService::open(settings, ToOwned::to_owned, "test-run".to_owned())
    }
}

fn encrypted(plain: &[u8], key: &DataKey, iv: Iv) -> Vec<u8> {
    let mut bytes = Vec::new();
    EncryptingWriter::new(&mut bytes, key, iv).unwrap().write_all(plain).unwrap();
    bytes
}

fn read(bytes: Vec<u8>, metadata: &Metadata, service: &KeyService) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let mut reader = decrypt("k", Box::new(Cursor::new(bytes)), metadata, service).map_err(|error| Causes(&error).to_string())?;
    reader.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    Ok(plain)
}

#[test]
fn the_service_makes_and_unwraps_keys_once_and_is_asked_again_where_it_is_busy() {
    let fixture = Fixture::new();
    let service = Fixture::open(&fixture.settings()).unwrap();
    assert!(service.check().unwrap().contains("answers"));
    let NewKey { wrapped, key } = service.new_key().unwrap();
    let iv = Iv::random().unwrap();
    let plain = "[{\"name\":\"é\"}]".repeat(9000);
    let bytes = encrypted(plain.as_bytes(), &key, iv);
    let metadata = Envelope { wrapped, iv }.metadata();
    fixture.control(r#"{"fail":[429,503,500]}"#);
    assert_eq!(read(bytes.clone(), &metadata, &service).unwrap(), plain.as_bytes());
    assert_eq!(read(bytes.clone(), &metadata, &service).unwrap(), plain.as_bytes());
    assert_eq!(fixture.statuses("POST"), [429, 503, 500, 200], "the second reading asks nobody");
    // Another run has none of its keys. Whoever of it needs one at the same time asks once for all.
    let another = Fixture::open(&fixture.settings()).unwrap();
    fixture.control(r#"{"delay_seconds":0.2}"#);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(read(bytes.clone(), &metadata, &another).unwrap(), plain.as_bytes()));
        }
    });
    assert_eq!(fixture.statuses("POST").len(), 5);
}

#[test]
fn what_is_wrong_is_told_by_its_name() {
    let fixture = Fixture::new();
    let service = Fixture::open(&fixture.settings()).unwrap();
    let NewKey { wrapped, key } = service.new_key().unwrap();
    let iv = Iv::random().unwrap();
    let bytes = encrypted(&b"[{\"name\":1}]".repeat(100), &key, iv);
    let good = Envelope { wrapped, iv }.metadata();
    let with = |name: &str, value: &str| {
        let mut metadata = good.clone();
        metadata.insert(name.to_owned(), value.to_owned());
        read(bytes.clone(), &metadata, &service).unwrap_err()
    };
    let not = "the source file `k` is not as an encrypted file is: its metadata";
    assert_eq!(with("iv", ""), format!("{not} `iv` is missing"));
    assert_eq!(with("iv", "***"), format!("{not} `iv` is not base64"));
    assert_eq!(with("iv", "AAAA"), format!("{not} `iv` has not 16 bytes"));
    assert_eq!(with("ciphertext", " "), format!("{not} `ciphertext` is missing"));
    assert_eq!(
        with("iv", &STANDARD.encode([7; 16])),
        "the source file `k` was decrypted to bytes that are neither text nor gzip"
    );
    for (name, value) in [("ciphertext", "AAAA"), ("datakeyencryptionkeyid", "nobody's")] {
        let error = with(name, value);
        assert!(error.starts_with("failed to get the key of `k`: the key service https://127.0.0.1:"), "{error}");
        assert!(error.contains("(status 400): {"), "{error}");
    }
    // A file that somebody else's key encrypts.
    let other = encrypted(&b"[{\"name\":1}]".repeat(100), &service.new_key().unwrap().key, iv);
    assert!(read(other, &good, &service).unwrap_err().contains("neither text nor gzip"));
}

#[test]
fn strangers_are_refused_on_both_sides_at_once() {
    let fixture = Fixture::new();
    let good = fixture.settings();
    let fact = |name: &str| fixture.service.fact(name).into();
    let stranger = KeyServiceSettings { certificate: fact("stranger_certificate"), key: fact("stranger_key"), ..good.clone() };
    // A service for which another authority vouches.
    let impostor = KeyServiceSettings { ca: Fixture::new().kept_ca(), ..good.clone() };
    for settings in [stranger, impostor] {
        let started = std::time::Instant::now();
        let error = Fixture::open(&settings).unwrap().new_key().unwrap_err();
        assert!(matches!(error, KeyServiceError::Trust { .. }), "{error:?}");
        assert!(started.elapsed().as_secs() < 5, "no other try helps");
    }
    let missing = KeyServiceSettings { key: "nowhere.pem".into(), ..good.clone() };
    let error = Fixture::open(&missing).err().unwrap().to_string();
    assert!(error.starts_with("the key `nowhere.pem` for the key service can't be used"), "{error}");
    let empty = tempfile::NamedTempFile::new().unwrap();
    let error = Fixture::open(&KeyServiceSettings { ca: empty.path().to_owned(), ..good.clone() }).err().unwrap();
    assert!(error.to_string().contains("it has no certificate"), "{error}");
    let plain = KeyServiceSettings { new_key_url: Some(fixture.service.fact("new_key_url").replace("https", "http")), ..good };
    assert!(Fixture::open(&plain).err().unwrap().to_string().ends_with("it is not https"));
}

impl Fixture {
    /// Returns a certificate that outlives its service.
    fn kept_ca(&self) -> std::path::PathBuf {
        let kept = tempfile::NamedTempFile::new().unwrap().into_temp_path().keep().unwrap();
        fs::copy(self.service.fact("ca"), &kept).unwrap();
        kept
    }

    fn call(&self, method: reqwest::Method, path: &str, body: &str) -> String {
        let pem = [fs::read(self.service.fact("key")).unwrap(), fs::read(self.service.fact("certificate")).unwrap()].concat();
        let ca = reqwest::Certificate::from_pem(&fs::read(self.service.fact("ca")).unwrap()).unwrap();
        let client = reqwest::Client::builder().identity(reqwest::Identity::from_pem(&pem).unwrap()).tls_certs_only([ca]);
        let url = self.service.fact("new_key_url").replace("/datakey", path);
        let request = client.build().unwrap().request(method, url).body(body.to_owned());
        crate::runtime::wait(async { request.send().await.unwrap().text().await.unwrap() }).unwrap()
    }

    /// Sets the statuses of the next responses.
    fn control(&self, json: &str) {
        self.call(reqwest::Method::POST, "/control", json);
    }

    /// Returns the statuses of the responses to requests of that method so far.
    fn statuses(&self, method: &str) -> Vec<u64> {
        let all: Vec<serde_json::Value> = serde_json::from_str(&self.call(reqwest::Method::GET, "/requests", "")).unwrap();
        all.iter().filter(|request| request["method"] == method).filter_map(|request| request["status"].as_u64()).collect()
    }
}
