//! Tests of a run that outlives its credentials, and of damaged or false bytes from a network.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::fake_aws::{FakeAws, LIFETIME};
use super::{ObjectInfo, ScratchFile, StoreError, Tags};
use crate::identity::Clock;

/// Number of requests, which take more than three lifetimes of the credentials.
const REQUESTS: usize = 48;

impl FakeAws {
    fn listed(&self) -> ObjectInfo {
        let (size, etag) = (self.content.len() as u64, Some(self.etag.to_owned()));
        ObjectInfo { key: "day.csv".into(), size, etag, modified: self.clock.now() }
    }

    #[track_caller]
    fn outlived_three(&self, began: Timestamp) {
        assert_eq!(*self.refused.lock().unwrap(), Vec::<String>::new());
        assert!(self.clock.now().duration_since(began) > LIFETIME * 3);
        assert!(self.requests.load(Ordering::Relaxed) > REQUESTS);
        // Both hops, a refresh each ten minutes, and no more.
        assert!((8..=14).contains(&self.issued()), "{} credentials were issued", self.issued());
        assert!(!self.assumed_at_once.load(Ordering::SeqCst), "two asked for the same credentials at once");
    }
}

#[test]
fn a_download_outlives_three_credentials() {
    let mut fake = FakeAws::new((0..4 * REQUESTS * (1 << 20)).map(|i| u8::try_from(i / 7 % 251).unwrap()).collect());
    // Four times as many as of an upload, and as many more at once.
    fake.step = SignedDuration::from_secs(15);
    let fake = Arc::new(fake);
    let store = fake.store(&fake.start());
    let began = fake.clock.now();
    let mut read = Vec::new();
    store.open_object(&fake.listed()).unwrap().read_to_end(&mut read).unwrap();
    assert!(read == fake.content);
    fake.outlived_three(began);
}

#[test]
fn an_upload_outlives_three_credentials() {
    let fake = Arc::new(FakeAws::new(Vec::new()));
    let store = fake.store(&fake.start());
    let began = fake.clock.now();
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(REQUESTS as u64 * (8 << 20)).unwrap();
    store.put_file(&ScratchFile::plain(file.path()), "part-0.parquet", &Tags::new()).unwrap();
    fake.outlived_three(began);
}

#[test]
fn what_came_damaged_is_told() {
    let mut fake = FakeAws::new(b"not what the sum says".to_vec());
    fake.etag = "\"25f9e794323b453885f5181f1b624d0b\"";
    let fake = Arc::new(fake);
    let store = fake.store(&fake.start());
    let error = store.open_object(&fake.listed()).unwrap().read_to_end(&mut Vec::new()).unwrap_err();
    let error: StoreError = error.downcast().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[test]
fn an_upload_that_fails_is_given_up() {
    let mut fake = FakeAws::new(Vec::new());
    fake.refuses_parts = true;
    let fake = Arc::new(fake);
    let store = fake.store(&fake.start());
    let file = tempfile::NamedTempFile::new().unwrap();
    // More than one part: what is smaller is one request, of which nothing is left where it is refused.
    file.as_file().set_len(9 << 20).unwrap();
    let error = store.put_file(&ScratchFile::plain(file.path()), "part-0.parquet", &Tags::new()).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { action: "write", .. }), "{error:?}");
    assert_eq!(fake.aborted.load(Ordering::Relaxed), 1);
}
