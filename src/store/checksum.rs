//! Checksums of objects, as services report them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use object_store::HeaderMap;
use sha2::Sha256;

/// An object's checksum, to be compared with that of the received bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checksum {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Md5,
    Sha256,
    Crc(CrcAlgorithm),
}

/// S3's headers of whole objects, the cheapest to compute first:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
const S3: [(&str, Kind); 4] = [
    ("x-amz-checksum-crc64nvme", Kind::Crc(CrcAlgorithm::Crc64Nvme)),
    ("x-amz-checksum-crc32c", Kind::Crc(CrcAlgorithm::Crc32Iscsi)),
    ("x-amz-checksum-crc32", Kind::Crc(CrcAlgorithm::Crc32IsoHdlc)),
    ("x-amz-checksum-sha256", Kind::Sha256),
];

impl Checksum {
    /// Reads the checksum from the response to HEAD. `etag`: whether an entity tag that looks like an MD5 sum is taken for one,
    /// as S3 promises for objects uploaded in one part and not encrypted by a key of KMS or of the customer.
    pub(super) fn told(headers: &HeaderMap, etag: bool) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Of an object that came in parts, S3 may tell the checksum of its parts' checksums. Its entity tag ends with `-3` then.
        let is_whole = match text("x-amz-checksum-type") {
            Some(kind) => kind == "FULL_OBJECT",
            None => text("etag").is_none_or(|etag| !etag.contains('-')),
        };
        let of = |kind, value: &str| BASE64.decode(value).ok().map(|bytes| Self { kind, bytes });
        S3.iter()
            .filter(|_| is_whole)
            .find_map(|(name, kind)| of(*kind, text(name)?))
            .or_else(|| {
                let sums: Vec<&str> = headers.get_all("x-goog-hash").iter().filter_map(|value| value.to_str().ok()).collect();
                let sum = |name: &str| sums.iter().flat_map(|sums| sums.split(',')).find_map(|sum| sum.trim().strip_prefix(name));
                sum("crc32c=")
                    .and_then(|value| of(Kind::Crc(CrcAlgorithm::Crc32Iscsi), value))
                    .or_else(|| of(Kind::Md5, sum("md5=")?))
            })
            .or_else(|| {
                let is_ours = text("x-amz-server-side-encryption").is_none_or(|kind| kind == "AES256")
                    && text("x-amz-server-side-encryption-customer-algorithm").is_none();
                let hex = text("etag").filter(|_| etag && is_ours)?.trim_matches('"');
                let hex = Some(hex).filter(|hex| hex.len() == 32)?;
                let digits = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(hex.get(i..i + 2)?, 16).ok());
                digits.collect::<Option<Vec<u8>>>().map(|bytes| Self { kind: Kind::Md5, bytes })
            })
    }

    /// Begins a sum, to be fed with the bytes in order.
    pub(super) fn begin(&self) -> Sum {
        match self.kind {
            Kind::Md5 => Sum::Md5(Md5::new()),
            Kind::Sha256 => Sum::Sha256(Sha256::new()),
            Kind::Crc(algorithm) => Sum::Crc(algorithm, crc_fast::Digest::new(algorithm)),
        }
    }

    /// Compares the sum of the bytes with the checksum; the error describes the difference.
    pub(super) fn compare(&self, sum: Sum) -> Result<(), String> {
        let (name, bytes) = match sum {
            Sum::Md5(digest) => ("MD5", digest.finalize().to_vec()),
            Sum::Sha256(digest) => ("SHA-256", digest.finalize().to_vec()),
            Sum::Crc(algorithm, digest) => {
                let sum = digest.finalize().to_be_bytes();
                ("CRC", sum[sum.len() - if algorithm == CrcAlgorithm::Crc64Nvme { 8 } else { 4 }..].to_vec())
            }
        };
        if bytes == self.bytes {
            return Ok(());
        }
        Err(format!("its {name} sum is {}, and the store says {}", BASE64.encode(&bytes), BASE64.encode(&self.bytes)))
    }
}

/// A checksum under computation.
pub(super) enum Sum {
    Md5(Md5),
    Sha256(Sha256),
    Crc(CrcAlgorithm, crc_fast::Digest),
}

impl Sum {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(digest) => digest.update(bytes),
            Self::Sha256(digest) => digest.update(bytes),
            Self::Crc(_, digest) => digest.update(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use object_store::HeaderValue;

    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn fits(list: &[(&'static str, &'static str)], text: &str) -> Option<bool> {
        let told = Checksum::told(&headers(list), true)?;
        let mut sum = told.begin();
        text.as_bytes().chunks(3).for_each(|chunk| sum.add(chunk));
        Some(told.compare(sum).is_ok())
    }

    /// The sums of `123456789`, which the catalogues of checksums list.
    #[test]
    fn each_kind_is_what_the_catalogues_say() {
        for told in [
            ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
            ("x-amz-checksum-crc32c", "4waSgw=="),
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
            ("etag", "\"25f9e794323b453885f5181f1b624d0b\""),
            ("x-goog-hash", "crc32c=4waSgw==,md5=JfnnlDI7RTiF9RgfG2JNCw=="),
        ] {
            assert_eq!(fits(&[told], "123456789"), Some(true), "{told:?}");
            assert_eq!(fits(&[told], "123456788"), Some(false), "{told:?}");
        }
    }

    #[test]
    fn what_is_no_sum_of_the_bytes_is_not_taken_for_one() {
        let etag = ("etag", "\"25f9e794323b453885f5181f1b624d0b\"");
        assert_eq!(fits(&[etag, ("x-amz-server-side-encryption", "aws:kms")], "x"), None);
        assert_eq!(fits(&[("etag", "\"25f9e794323b453885f5181f1b624d0b-2\"")], "x"), None);
        let sum = ("x-amz-checksum-crc32", "y/Q5Jg==");
        assert_eq!(fits(&[sum, ("x-amz-checksum-type", "COMPOSITE")], "x"), None);
        assert_eq!(fits(&[sum, ("etag", "\"25f9e794323b453885f5181f1b624d0b-2\"")], "x"), None);
        let whole = [sum, ("x-amz-checksum-type", "FULL_OBJECT"), ("etag", "\"25f9e794323b453885f5181f1b624d0b-2\"")];
        assert_eq!(fits(&whole, "123456789"), Some(true));
        assert_eq!(Checksum::told(&headers(&[etag]), false), None);
    }
}
