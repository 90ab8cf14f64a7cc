//! Conformance suite of stores. Each backend runs it, in an empty store.

use std::io::Read;

use super::{KeyScope, ObjectInfo, ScratchFile, Store, StoreError, Tags};

/// More than one part of an upload, and more than one range of a download.
const LARGE: usize = (16 << 20) + 5;

pub(super) fn put(store: &Store, key: &str, content: &[u8]) -> ObjectInfo {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    store.put_file(&ScratchFile::plain(file.path()), key, &Tags::from([("db", "uc_kickstart".to_owned())])).unwrap();
    store.head(key).unwrap()
}

fn read(store: &Store, object: &ObjectInfo) -> Result<Vec<u8>, StoreError> {
    let mut content = Vec::new();
    match store.open_object(object)?.read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(error) => Err(error.downcast().unwrap()),
    }
}

pub(super) fn suite(store: &Store) {
    what_is_put_is_listed_read_and_deleted(store);
    folders_are_seen_and_deleted_whole(store);
    wanted_objects_are_found_in_their_part_of_the_store(store);
    an_object_that_changed_is_not_read(store);
    unusual_names_are_read_back(store);
    what_is_not_there_is_not_found(store);
}

fn what_is_put_is_listed_read_and_deleted(store: &Store) {
    let content: Vec<u8> = (0..LARGE).map(|i| u8::try_from(i * 31 % 251).unwrap()).collect();
    put(store, "data/date_uploaded=2021-04-12/part-0.parquet", &content);
    put(store, "data/empty", b"");
    let below = store.below("data");
    let listed = below.list("date_uploaded=2021-04-12").unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].key, "date_uploaded=2021-04-12/part-0.parquet");
    assert_eq!(listed[0].size, LARGE as u64);
    let location = below.location(&listed[0].key);
    assert_eq!(store.key_at(&location).as_deref(), Some("data/date_uploaded=2021-04-12/part-0.parquet"));
    assert!(read(&below, &listed[0]).unwrap() == content);
    assert_eq!(read(&below, &below.head("empty").unwrap()).unwrap(), b"");
    assert_eq!(below.tail(&listed[0].key, 5).unwrap(), content[LARGE - 5..]);
    assert_eq!(below.tail(&listed[0].key, 1 << 40).unwrap().len(), LARGE);
    // A prefix is a folder, not the beginning of a name.
    assert!(below.list("date_uploaded=2021-04").unwrap().is_empty());
    below.delete(&[listed[0].key.clone(), "not there".into(), "empty".into()]).unwrap();
    assert!(below.list("").unwrap().is_empty());
}

fn folders_are_seen_and_deleted_whole(store: &Store) {
    for key in ["t/d=1/a/one", "t/d=1/a/two", "t/d=1/b/one", "t/d=10/c/one"] {
        put(store, key, b"x");
    }
    assert_eq!(store.folders("t").unwrap(), ["d=1", "d=10"]);
    assert_eq!(store.folders("t/d=1").unwrap(), ["a", "b"]);
    assert_eq!(store.folders("nothing").unwrap(), Vec::<String>::new());
    store.delete_folder("t/d=1/a").unwrap();
    store.delete_folder("t/d=1/a").unwrap();
    let keys: Vec<String> = store.list("t").unwrap().into_iter().map(|object| object.key).collect();
    assert_eq!(keys, ["t/d=1/b/one", "t/d=10/c/one"]);
    assert!(store.delete_folder("").is_err() && store.delete_folder("/").is_err());
    store.delete_folder("t").unwrap();
}

fn wanted_objects_are_found_in_their_part_of_the_store(store: &Store) {
    let keys = ["2024-05-01_a.csv", "2024-05-02/a.csv", "2024-05-02/deep/a.csv", "2024-06-01_a.csv", "other/2024-05-01_a.csv"];
    for store in [store, &store.below("below/here")] {
        for key in keys {
            drop(put(store, key, b"x"));
        }
        let find = |beginnings: &[&str], most_parts, wanted: &dyn Fn(&str) -> bool| {
            let scope = KeyScope { beginnings: beginnings.iter().map(|text| (*text).to_owned()).collect(), most_parts };
            store.find(&scope, wanted).unwrap().into_iter().map(|object| object.key).collect::<Vec<_>>()
        };
        assert_eq!(find(&["2024-05-0"], None, &|_| true), keys[..3]);
        assert_eq!(find(&["2024-05-02", "2024-06"], Some(2), &|key| !key.contains("deep")), [keys[1], keys[3]]);
        assert_eq!(find(&[""], Some(1), &|key| !key.contains('/')), [keys[0], keys[3]]);
        assert_eq!(find(&[""], None, &|key| key.ends_with("deep/a.csv")), keys[2..3]);
        assert_eq!(find(&["2023", "nowhere/"], None, &|_| true), [""; 0]);
        store.delete(&keys.map(str::to_owned)).unwrap();
    }
}

fn an_object_that_changed_is_not_read(store: &Store) {
    let listed = put(store, "changing.csv", b"one");
    put(store, "changing.csv", b"another");
    assert!(matches!(read(store, &listed), Err(StoreError::Changed { .. })));
    store.delete(&["changing.csv".to_owned()]).unwrap();
}

fn unusual_names_are_read_back(store: &Store) {
    let names = ["a b.csv", "50%.csv", "é 世界.csv", "a%20b.csv", "x=y&z.csv", "a+b.csv"];
    for name in names {
        put(store, name, name.as_bytes());
    }
    let listed = store.list("").unwrap();
    assert_eq!(listed.len(), names.len());
    for object in &listed {
        assert_eq!(read(store, object).unwrap().len() as u64, object.size, "{}", object.key);
        assert_eq!(store.head(&object.key).unwrap().etag, object.etag);
    }
    store.delete(&listed.into_iter().map(|object| object.key).collect::<Vec<_>>()).unwrap();
    assert!(store.list("").unwrap().is_empty());
}

fn what_is_not_there_is_not_found(store: &Store) {
    let error = store.head("a/b.csv").unwrap_err();
    assert_eq!(error.to_string(), format!("failed to look at `a/b.csv` in the store {}: it does not exist", store.describe()));
    let gone = ObjectInfo { key: "a/b.csv".into(), size: 1, etag: None, modified: jiff::Timestamp::UNIX_EPOCH };
    assert!(matches!(store.open_object(&gone).map(drop), Err(StoreError::NotFound { .. })));
}
