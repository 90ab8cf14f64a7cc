//! Hints on the permission that a refused request lacks.

use crate::aws::{WRONG_KEYS, is_about_keys, principal_of, statement};

use super::url::StoreUrl;

/// Returns the missing statement or role if `who` may not do `action` on `key`. `reason` is the store's message.
pub(super) fn hint(url: &StoreUrl, action: &str, key: &str, reason: &str, who: Option<&str>) -> String {
    match url {
        StoreUrl::Folder(_) => "let the user that runs adg read and write the folder".to_owned(),
        StoreUrl::Gcs(bucket) => {
            let role = match action {
                "write" | "delete" => "roles/storage.objectUser",
                _ => "roles/storage.objectViewer",
            };
            format!("grant {role} on gs://{} to the service account", bucket.name)
        }
        StoreUrl::S3(bucket) => {
            if reason.split(':').next().is_some_and(is_about_keys) {
                return WRONG_KEYS.to_owned();
            }
            if reason.contains("requester pays") {
                return "write `requester_pays: true` for the store in adg.yaml: the bucket asks that the reader pays".to_owned();
            }
            let principal = who.map_or_else(|| "the caller".to_owned(), principal_of);
            if let Some((_, policy)) = reason.split_once("with an explicit deny in ") {
                let policy = policy.trim_end_matches(['.', ' ']);
                return format!(
                    "{policy} denies it to {principal}: whoever manages that policy must take the deny away; to allow it \
                     elsewhere does not help"
                );
            }
            if reason.starts_with("KMS") {
                return "have the key of KMS switched on, or write another one as the store's `encryption` in adg.yaml"
                    .to_owned();
            }
            if let Some(key) = kms_key(reason) {
                let needed = statement(&["kms:Decrypt", "kms:GenerateDataKey"], &key);
                return format!("the policy of {principal}, and the key's own policy, need {needed}");
            }
            let bucket_arn = format!("arn:aws:s3:::{}", bucket.name);
            let objects = match bucket.prefix.as_str() {
                "" => format!("{bucket_arn}/*"),
                prefix => format!("{bucket_arn}/{prefix}/*"),
            };
            let needed = match action {
                "list" => statement(&["s3:ListBucket"], &bucket_arn),
                "write" => statement(&["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"], &objects),
                "delete" => statement(&["s3:DeleteObject"], &objects),
                // Without the right to list, S3 answers so of an object that is not there too.
                _ => format!("{} and {}", statement(&["s3:GetObject"], &objects), statement(&["s3:ListBucket"], &bucket_arn)),
            };
            let is_read = !matches!(action, "list" | "write" | "delete");
            let kms = if is_read { ", and kms:Decrypt where a key of KMS encrypts it" } else { "" };
            let place = if key.is_empty() { String::new() } else { format!(" (refused on `{key}`)") };
            format!("the policy of {principal}, and the bucket's where it is another account's, need {needed}{kms}{place}")
        }
    }
}

/// Returns the KMS key that a response is about: `… is not authorized to perform: kms:Decrypt on resource: arn:… because …`.
fn kms_key(reason: &str) -> Option<String> {
    let at = reason.find("kms:")?;
    let key = reason[at..].split_once("on resource: ")?.1.split_whitespace().next()?;
    Some(key.trim_end_matches(['.', ',']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_no_allow_mends_gets_no_allow_for_a_hint() {
        let url = StoreUrl::parse("s3://lake", Path::new("/")).unwrap();
        let hint = |reason: &str| hint(&url, "list", "", reason, None);
        let denied =
            "AccessDenied: User: x is not authorized to perform: s3:ListBucket with an explicit deny in a service control policy";
        assert!(hint(denied).starts_with("a service control policy denies it"), "{}", hint(denied));
        assert!(hint("AccessDenied: Bucket is a requester pays bucket").contains("requester_pays: true"));
        assert!(hint("KMS.DisabledException: arn:aws:kms:k is disabled.").contains("switched on"));
    }

    #[test]
    fn the_missing_statement_is_named() {
        let url = StoreUrl::parse("s3://b/x", Path::new("/")).unwrap();
        let who = Some("arn:aws:sts::111111111111:assumed-role/reader/adg");
        let read = hint(&url, "read", "k", "AccessDenied: Access Denied", who);
        assert!(read.contains("arn:aws:iam::111111111111:role/reader") && read.contains("arn:aws:s3:::b/x/*"), "{read}");
        let said = "AccessDenied: User: u is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-2:1:key/k \
            because no policy";
        let key = hint(&url, "read", "k", said, who);
        assert!(key.contains(r#""Resource":"arn:aws:kms:eu-west-2:1:key/k""#), "{key}");
        assert!(hint(&url, "list", "", "Access Denied", None).contains("s3:ListBucket"));
    }
}
