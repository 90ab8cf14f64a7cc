//! Parts of a service's response that the library does not return itself.

use http::StatusCode;
use object_store::HeaderMap;

use crate::aws::xml;

/// The bucket is in another region than the requested one. The library reports a redirect that leads nowhere, without the region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bucket is in the region {region}")]
pub(super) struct WrongRegion {
    pub(super) region: String,
}

impl WrongRegion {
    /// Reads a bucket's region from S3's response: from the header or from the error document.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    pub(super) fn told(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        let is_about_region = status == StatusCode::MOVED_PERMANENTLY || text.contains("AuthorizationHeaderMalformed");
        let header = headers.get("x-amz-bucket-region").and_then(|region| region.to_str().ok()).map(str::to_owned);
        let region = header.or_else(|| xml::element(&text, "Region")).filter(|_| is_about_region)?;
        Some(Self { region })
    }
}

/// The headers of a response, which the library does not return itself.
#[derive(Debug, Clone)]
pub(super) struct AnswerHeaders(pub(super) HeaderMap);
