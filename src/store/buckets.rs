//! Tests of buckets: the conformance suite, and the features that only buckets have.

use std::io::Read;
use std::path::Path;

use object_store::{GetOptions, ObjectStore};

use super::answer::AnswerHeaders;
use super::{Encryption, Store, StoreError, StoreSettings, StoreUrl, conformance};
use crate::aws::Account;
use crate::test_services::{self, Moto};

/// Creates a bucket at that address.
fn make_bucket(url: &str, bucket: &str, account: Option<&Account>) {
    // Any client that can sign will do; the one of the store can't make buckets.
    let moto = test_services::moto();
    let python = "import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1], region_name='eu-west-2', \
        aws_access_key_id=sys.argv[3], aws_secret_access_key=sys.argv[4]).create_bucket(Bucket=sys.argv[2], \
        CreateBucketConfiguration={'LocationConstraint': 'eu-west-2'})";
    let (key, secret) = if account.is_some() { (&*moto.access_key_id, &*moto.secret_access_key) } else { ("any", "any") };
    let made = std::process::Command::new(test_services::python()).args(["-c", python, url, bucket, key, secret]).status();
    assert!(made.unwrap().success());
}

fn settings(url: &str) -> StoreSettings {
    serde_json::from_value(serde_json::json!({ "url": url })).unwrap()
}

fn s3(moto: &Moto, name: &str, settings: &StoreSettings) -> Store {
    let account = test_services::account(moto);
    let StoreUrl::S3(bucket) = StoreUrl::parse(&settings.url, Path::new("/")).unwrap() else { panic!() };
    Store::s3(name, bucket, settings, &account).unwrap()
}

fn new_s3(bucket: &str, prefix: &str) -> Store {
    let moto = test_services::moto();
    make_bucket(&moto.url, bucket, Some(&test_services::account(moto)));
    s3(moto, "published", &settings(&format!("s3://{bucket}{prefix}")))
}

#[test]
fn s3_passes_the_conformance_suite() {
    conformance::suite(&new_s3("conformance", ""));
    conformance::suite(&new_s3("conformance-below", "/some/prefix"));
}

#[test]
fn gcs_passes_the_conformance_suite() {
    let url = test_services::gcs();
    make_bucket(&url, "conformance", None);
    let mut settings = settings("gs://conformance/some/prefix");
    settings.endpoint = Some(url);
    let StoreUrl::Gcs(bucket) = StoreUrl::parse(&settings.url, Path::new("/")).unwrap() else { panic!() };
    conformance::suite(&Store::gcs("published", bucket, &settings).unwrap());
}

#[test]
fn an_object_that_changes_while_it_is_read_is_an_error() {
    let store = new_s3("changing", "");
    for is_tagged in [true, false] {
        // More than is read ahead.
        let mut listed = conformance::put(&store, "day.csv", &vec![1; 64 << 20]);
        // As some services list it.
        listed.etag = listed.etag.filter(|_| is_tagged);
        let mut reader = store.open_object(&listed).unwrap();
        reader.read_exact(&mut [0]).unwrap();
        conformance::put(&store, "day.csv", &vec![2; 64 << 20]);
        let error: StoreError = reader.read_to_end(&mut Vec::new()).unwrap_err().downcast().unwrap();
        assert!(matches!(error, StoreError::Changed { .. }), "{error:?}");
    }
}

#[test]
fn what_is_written_is_encrypted_as_the_profile_says() {
    let moto = test_services::moto();
    make_bucket(&moto.url, "encrypted", Some(&test_services::account(moto)));
    for (encryption, expected) in [
        (Encryption::S3, [Some("AES256"), None]),
        (Encryption::Kms { key: "alias/published".into(), bucket_key: true }, [Some("aws:kms"), Some("alias/published")]),
    ] {
        let settings = StoreSettings { encryption: Some(encryption), ..settings("s3://encrypted") };
        let store = s3(moto, "published", &settings);
        let object = conformance::put(&store, "part-0.parquet", &vec![1; 20 << 20]);
        let head = GetOptions { head: true, ..GetOptions::default() };
        let answer = store.runtime.block_on(store.objects.get_opts(&object.key.as_str().into(), head)).unwrap();
        let headers = &answer.extensions.get::<AnswerHeaders>().unwrap().0;
        let names = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"];
        assert_eq!(names.map(|name| headers.get(name).map(|value| value.to_str().unwrap())), expected);
    }
}
