//! A security token service that issues credentials for fifteen minutes, and a store that refuses expired ones, both on a clock
//! that runs a minute with each request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

use super::{Store, StoreSettings, url};
use crate::aws::{Account, AwsSettings};
use crate::identity::{Clock, FixedClock};
use crate::runtime;

pub(super) const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// Both services at one address.
pub(super) struct FakeAws {
    pub(super) clock: Arc<FixedClock>,
    /// Expiry of each access key.
    issued: Mutex<HashMap<String, Timestamp>>,
    assuming: AtomicBool,
    pub(super) assumed_at_once: AtomicBool,
    /// Time that passes with each request to the store. Several are in flight at once, each with credentials for five more
    /// minutes.
    pub(super) step: SignedDuration,
    pub(super) requests: AtomicUsize,
    pub(super) refused: Mutex<Vec<String>>,
    pub(super) content: Bytes,
    /// Entity tag of the one object.
    pub(super) etag: &'static str,
    /// True if parts of uploads are refused.
    pub(super) refuses_parts: bool,
    pub(super) aborted: AtomicUsize,
}

type Answer = Response<Full<Bytes>>;

impl FakeAws {
    pub(super) fn new(content: Vec<u8>) -> Self {
        let clock = Arc::new(FixedClock(Mutex::new("2024-01-01T05:00:00Z".parse().unwrap())));
        let issued = Mutex::new(HashMap::from([("AKIAOWN".to_owned(), Timestamp::MAX)]));
        Self {
            clock,
            issued,
            assuming: AtomicBool::default(),
            assumed_at_once: AtomicBool::default(),
            step: SignedDuration::from_mins(1),
            requests: AtomicUsize::default(),
            refused: Mutex::default(),
            content: content.into(),
            etag: "\"one-2\"",
            refuses_parts: false,
            aborted: AtomicUsize::default(),
        }
    }

    pub(super) fn start(self: &Arc<Self>) -> String {
        let listener = runtime::wait(TcpListener::bind("127.0.0.1:0")).unwrap().unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fake = Arc::clone(self);
        runtime::shared().unwrap().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let fake = Arc::clone(&fake);
                let service = service_fn(move |request| {
                    let fake = Arc::clone(&fake);
                    async move { Ok::<_, std::convert::Infallible>(fake.answer(request).await) }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        url
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let signature = request.headers()["authorization"].to_str().unwrap().to_owned();
        let key = signature.split_once("Credential=").unwrap().1.split('/').next().unwrap().to_owned();
        let works = self.issued.lock().unwrap().get(&key).is_some_and(|ends| self.clock.now() < *ends);
        if !works {
            self.refused.lock().unwrap().push(key);
            return text(StatusCode::FORBIDDEN, "<Error><Code>ExpiredToken</Code><Message>expired</Message></Error>");
        }
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        if head.uri.path() == "/" {
            return self.assume_role().await;
        }
        let answer = self.object(&head);
        drop(body);
        self.requests.fetch_add(1, Ordering::Relaxed);
        *self.clock.0.lock().unwrap() += self.step;
        answer
    }

    async fn assume_role(&self) -> Answer {
        if self.assuming.swap(true, Ordering::SeqCst) {
            self.assumed_at_once.store(true, Ordering::SeqCst);
        }
        // Time enough for others to ask as well, if they would.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let ends = self.clock.now() + LIFETIME;
        let mut issued = self.issued.lock().unwrap();
        let key = format!("ASIA{}", issued.len());
        let answer = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{ends}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>x:y</AssumedRoleId>\
             <Arn>arn:aws:sts::111111111111:assumed-role/r/s</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
        );
        issued.insert(key, ends);
        self.assuming.store(false, Ordering::SeqCst);
        text(StatusCode::OK, &answer)
    }

    fn object(&self, head: &http::request::Parts) -> Answer {
        let query = head.uri.query().unwrap_or_default();
        let size = self.content.len();
        let object = Response::builder().header("etag", self.etag).header("last-modified", "Mon, 01 Jan 2024 04:00:00 GMT");
        match (&head.method, query) {
            (&Method::HEAD, _) => object.header("content-length", size).body(Full::default()).unwrap(),
            (&Method::GET, _) => {
                let Some(range) = head.headers.get("range") else {
                    return object.status(StatusCode::OK).body(Full::new(self.content.clone())).unwrap();
                };
                let range = range.to_str().unwrap().trim_start_matches("bytes=").split_once('-').unwrap();
                let (start, end): (usize, usize) = (range.0.parse().unwrap(), range.1.parse().unwrap());
                let range = format!("bytes {start}-{end}/{size}");
                let part = self.content.slice(start..=end);
                object.status(StatusCode::PARTIAL_CONTENT).header("content-range", range).body(Full::new(part)).unwrap()
            }
            (&Method::POST, "uploads" | "uploads=") => {
                text(StatusCode::OK, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
            }
            (&Method::PUT, _) if self.refuses_parts => text(StatusCode::BAD_REQUEST, "<Error><Code>Broken</Code></Error>"),
            (&Method::DELETE, _) => {
                self.aborted.fetch_add(1, Ordering::Relaxed);
                text(StatusCode::NO_CONTENT, "")
            }
            (&Method::PUT, _) => object.body(Full::default()).unwrap(),
            (&Method::POST, _) => {
                text(StatusCode::OK, "<CompleteMultipartUploadResult><ETag>\"done\"</ETag></CompleteMultipartUploadResult>")
            }
            _ => text(StatusCode::METHOD_NOT_ALLOWED, ""),
        }
    }

    /// Returns the store at the end of two hops, each for fifteen minutes.
    pub(super) fn store(&self, url: &str) -> Store {
        let role =
            |name: &str| serde_json::json!({ "arn": format!("arn:aws:iam::111111111111:role/{name}"), "duration_seconds": 900 });
        let settings = serde_json::json!({ "url": "s3://bucket", "role_chain": [role("a"), role("b")] });
        let settings: StoreSettings = serde_json::from_value(settings).unwrap();
        let aws = AwsSettings { region: Some("eu-west-2".into()), endpoint: Some(url.to_owned()), profile: None };
        let own = SharedCredentialsProvider::new(Credentials::new("AKIAOWN", "s", None, None, "test"));
        let clock: Arc<dyn Clock> = Arc::<FixedClock>::clone(&self.clock);
        let account = Account::with_credentials(&aws, "adg-test", clock, own).unwrap();
        Store::s3("source", url::Bucket { name: "bucket".into(), prefix: String::new() }, &settings, &account).unwrap()
    }

    /// Returns the number of credentials issued.
    pub(super) fn issued(&self) -> usize {
        self.issued.lock().unwrap().len() - 1
    }
}

fn text(status: StatusCode, body: &str) -> Answer {
    Response::builder().status(status).body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap()
}
