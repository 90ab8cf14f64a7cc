//! Clients of the services behind stores.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential, Checksum};
use object_store::client::{
    ClientOptions, CredentialProvider, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpService, ReqwestConnector, StaticCredentialProvider,
};
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};
use object_store::list::PaginatedListStore;
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, HeaderMap, HeaderValue, ObjectStore, RetryConfig};

use crate::aws::{Account, Identity};

use super::answer::{AnswerHeaders, WrongRegion};
use super::listing;
use super::object::path;
use super::pages::Pages;
use super::s3_endpoint::S3Endpoint;
use super::url::Bucket;
use super::{Encryption, StoreSettings};

/// Returns the library's retry settings for throttling, 5xx and lost connections: with backoff and jitter.
fn retries() -> RetryConfig {
    let backoff = BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(15), base: 3.0 };
    // Ends by its time: the pauses are so random that ten of them may be over in three seconds, or last for a minute.
    RetryConfig { backoff, max_retries: 1000, retry_timeout: Duration::from_mins(3) }
}

/// Returns the client options for requests. The timeout applies to one request, of at most a part's size.
fn requests(endpoint: Option<&str>) -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_mins(1))
        .with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")))
}

/// Opens a bucket of S3, seen from its prefix.
pub(super) fn s3(
    bucket: &Bucket,
    settings: &StoreSettings,
    account: &Account,
    identity: &Arc<Identity>,
) -> object_store::Result<(Arc<dyn ObjectStore>, Pages)> {
    let S3Endpoint { url, is_in_host } = S3Endpoint::of(&bucket.name, settings, account);
    // So that the answer to HEAD tells the object's checksum.
    let mode =
        HeaderMap::from_iter([(http::HeaderName::from_static("x-amz-checksum-mode"), HeaderValue::from_static("ENABLED"))]);
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(settings.region.as_deref().unwrap_or(account.region()))
        .with_virtual_hosted_style_request(is_in_host)
        .with_endpoint(&url)
        .with_request_payer(settings.requester_pays)
        .with_credentials(Arc::new(S3Credentials(Arc::clone(identity))))
        .with_checksum_algorithm(Checksum::SHA256)
        .with_retry(retries())
        .with_client_options(requests(Some(&url)).with_default_headers(mode))
        .with_http_connector(TellingConnector);
    builder = match &settings.encryption {
        None => builder,
        Some(Encryption::S3) => {
            // The key's own type is not public; its name is.
            builder.with_config(AmazonS3ConfigKey::from_str("aws_server_side_encryption")?, "AES256")
        }
        Some(Encryption::Kms { key, bucket_key }) => builder.with_sse_kms_encryption(key).with_bucket_key(*bucket_key),
    };
    Ok(opened(builder.build()?, bucket))
}

/// Opens a bucket of Google Cloud Storage, seen from its prefix: with the application default credentials, or with none if the
/// address is an emulator's, without TLS.
pub(super) fn gcs(bucket: &Bucket, settings: &StoreSettings) -> object_store::Result<(Arc<dyn ObjectStore>, Pages)> {
    let endpoint = settings.endpoint.as_deref();
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(&bucket.name)
        .with_retry(retries())
        .with_client_options(requests(endpoint))
        .with_http_connector(TellingConnector);
    if let Some(endpoint) = endpoint {
        builder = builder.with_base_url(endpoint);
        if endpoint.starts_with("http://") {
            builder = builder
                .with_credentials(Arc::new(StaticCredentialProvider::new(GcpCredential { bearer: "anonymous".to_owned() })));
        }
    }
    Ok(opened(builder.build()?, bucket))
}

/// Returns the objects of a bucket seen from its prefix, and its listing in pages.
fn opened<T: ObjectStore + PaginatedListStore>(service: T, bucket: &Bucket) -> (Arc<dyn ObjectStore>, Pages) {
    let service = Arc::new(service);
    let below_prefix = if bucket.prefix.is_empty() { String::new() } else { format!("{}/", bucket.prefix) };
    let objects = below(Arc::<T>::clone(&service), &bucket.prefix);
    (objects, Pages { service, below: below_prefix })
}

pub(super) fn below(objects: Arc<dyn ObjectStore>, prefix: &str) -> Arc<dyn ObjectStore> {
    match prefix {
        "" => objects,
        prefix => Arc::new(PrefixStore::new(objects, path(prefix))),
    }
}

/// Turns an error about an untrusted certificate into a kind that is not retried: it stays untrusted three minutes later.
fn told_once(error: HttpError) -> HttpError {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(one) = next {
        // By its words: the library's error is hidden below two others that don't give it away.
        if one.to_string().contains("invalid peer certificate") {
            return HttpError::new(HttpErrorKind::Unknown, error);
        }
        next = one.source();
    }
    error
}

/// adg's credentials in the library's form, requested before each request.
#[derive(Debug)]
struct S3Credentials(Arc<Identity>);

#[async_trait]
impl CredentialProvider for S3Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let credentials =
            self.0.current().await.map_err(|error| object_store::Error::Generic { store: "S3", source: error.into() })?;
        Ok(Arc::new(AwsCredential {
            key_id: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().to_owned(),
            token: credentials.session_token().map(str::to_owned),
        }))
    }
}

/// Requests by the library's own client; the headers are kept with the response, and a listing is checked before the
/// library reads it.
#[derive(Debug)]
struct TellingConnector;

impl HttpConnector for TellingConnector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Telling(ReqwestConnector::default().connect(options)?)))
    }
}

#[derive(Debug)]
struct Telling(HttpClient);

#[async_trait]
impl HttpService for Telling {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_listing = request.uri().query().is_some_and(|query| query.contains("list-type=2"));
        let mut response = self.0.execute(request).await.map_err(told_once)?;
        let headers = response.headers().clone();
        response.extensions_mut().insert(AnswerHeaders(headers));
        if matches!(response.status(), StatusCode::MOVED_PERMANENTLY | StatusCode::BAD_REQUEST) {
            let (parts, body) = response.into_parts();
            let body = body.bytes().await?;
            if let Some(wrong) = WrongRegion::told(parts.status, &parts.headers, &body) {
                return Err(HttpError::new(HttpErrorKind::Unknown, wrong));
            }
            return Ok(HttpResponse::from_parts(parts, body.into()));
        }
        if is_listing && response.status().is_success() {
            let (parts, body) = response.into_parts();
            let (body, odd) =
                listing::readable(body.bytes().await?).map_err(|error| HttpError::new(HttpErrorKind::Decode, error))?;
            for key in odd {
                tracing::warn!(
                    event = "key_skipped",
                    formerly = "name_left_out",
                    key,
                    "skipped a key with an empty part, `.` or `..`"
                );
            }
            return Ok(HttpResponse::from_parts(parts, body.into()));
        }
        Ok(response)
    }
}
