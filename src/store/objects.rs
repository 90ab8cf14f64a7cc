//! A named store and its verbs.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::{Buf, Bytes};
use futures::stream::{BoxStream, StreamExt};
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::runtime::Runtime;

use super::{StoreError, StoreUrl};

/// The size of the parts in which a file is sent. S3 takes 5 MiB to 5 GiB, at most 10,000 of them.
const PART_BYTES: usize = 8 << 20;

/// What a store knows of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The key, relative to the store.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Identifies the content, where the store says so.
    pub etag: Option<String>,
    /// When it was last written.
    pub modified: Timestamp,
}

/// A named place for objects.
#[derive(Debug, Clone)]
pub struct Store {
    name: String,
    url: String,
    objects: Arc<dyn ObjectStore>,
    runtime: &'static Runtime,
    /// Where a local store's objects are files.
    folder: PathBuf,
}

/// The runtime of all stores, made by the first.
fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// A key as a path. Keys that were listed are already in the store's spelling, in which `%` is not to be escaped again.
fn path(key: &str) -> Path {
    Path::parse(key).unwrap_or_else(|_| Path::from(key))
}

impl Store {
    /// Opens the store `name` at `url`. A local folder that a run writes to is created with `create`.
    pub fn open(name: &str, url: &StoreUrl, create: bool) -> Result<Self, StoreError> {
        let StoreUrl::Folder(folder) = url;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => {
                StoreError::NotFound { action: "open", store: name.to_owned(), key: folder.display().to_string() }
            }
            io::ErrorKind::PermissionDenied => StoreError::AccessDenied {
                action: "open",
                store: name.to_owned(),
                key: folder.display().to_string(),
                reason: error.to_string(),
            },
            _ => StoreError::Unavailable {
                action: "open",
                store: name.to_owned(),
                key: folder.display().to_string(),
                reason: error.to_string(),
            },
        };
        if create {
            std::fs::create_dir_all(folder).map_err(failed)?;
        } else {
            std::fs::metadata(folder).map_err(failed)?;
        }
        let objects = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| StoreError::from_objects(error, "open", name, &folder.display().to_string()))?
            // A published file is on the disk before the metastore names it.
            .with_fsync(true);
        let runtime = runtime().map_err(failed)?;
        Ok(Self { name: name.to_owned(), url: url.to_string(), objects: Arc::new(objects), runtime, folder: folder.clone() })
    }

    /// The same store, seen from below `prefix`.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Self {
        let prefix = prefix.trim_matches('/');
        let objects: Arc<dyn ObjectStore> = Arc::new(object_store::prefix::PrefixStore::new(Arc::clone(&self.objects), prefix));
        Self {
            url: format!("{}/{prefix}", self.url),
            objects,
            name: self.name.clone(),
            runtime: self.runtime,
            folder: self.folder.join(prefix),
        }
    }

    /// The store's name in the profile.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of a key, as a metastore stores it.
    pub fn location(&self, key: &str) -> String {
        format!("{}/{key}", self.url)
    }

    /// The key at an address, where it lies in this store.
    pub fn key_at<'a>(&self, location: &'a str) -> Option<&'a str> {
        location.strip_prefix(&self.url)?.strip_prefix('/')
    }

    fn failed<'a>(&'a self, action: &'static str, key: &'a str) -> impl FnOnce(object_store::Error) -> StoreError + 'a {
        move |error| StoreError::from_objects(error, action, &self.name, key)
    }

    /// All objects in the folder `prefix` and below it (empty: the whole store), by key. Names that can't be keys, and links that
    /// lead back to themselves, are left out with a warning.
    pub fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let path = path(prefix);
        let listing = self.objects.list(Some(&path).filter(|path| !path.as_ref().is_empty()));
        let found = self.runtime.block_on(listing.collect::<Vec<_>>());
        let mut objects = Vec::with_capacity(found.len());
        for object in found {
            match object {
                Ok(meta) => objects.push(info(meta)),
                Err(error) if super::error::is_about_one_name(&error) => {
                    tracing::warn!(event = "name_left_out", store = self.name, %error);
                }
                Err(error) => return Err(self.failed("list", prefix)(error)),
            }
        }
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// The names of the folders in the folder `prefix`, those without a whole object included.
    pub fn folders(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let listed = self.runtime.block_on(self.objects.list_with_delimiter(Some(&path(prefix))));
        match listed.map_err(self.failed("list", prefix)) {
            Ok(listed) => Ok(listed.common_prefixes.iter().filter_map(|folder| folder.filename()).map(str::to_owned).collect()),
            Err(StoreError::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Deletes a folder and all that is in it; one that is not there is no error. On a local disk what a killed upload left
    /// goes too, which is no object yet.
    pub fn delete_folder(&self, prefix: &str) -> Result<(), StoreError> {
        let path = path(prefix);
        if path.as_ref().is_empty() {
            return Err(StoreError::AccessDenied {
                action: "delete",
                store: self.name.clone(),
                key: prefix.to_owned(),
                reason: "a whole store is never deleted".to_owned(),
            });
        }
        match std::fs::remove_dir_all(self.folder.join(path.as_ref())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(StoreError::AccessDenied {
                action: "delete",
                store: self.name.clone(),
                key: prefix.to_owned(),
                reason: error.to_string(),
            }),
            Err(error) => {
                let (store, key) = (self.name.clone(), prefix.to_owned());
                Err(StoreError::Unavailable { action: "delete", store, key, reason: error.to_string() })
            }
            Ok(()) => Ok(()),
        }
    }

    /// A reader over the whole object.
    pub fn open_object(&self, key: &str) -> Result<Box<dyn Read + Send>, StoreError> {
        let result = self.runtime.block_on(self.objects.get(&path(key))).map_err(self.failed("read", key))?;
        Ok(match result.payload {
            GetResultPayload::File(file, _) => Box::new(file),
            GetResultPayload::Stream(stream) => Box::new(StreamReader { runtime: self.runtime, stream, ready: Bytes::new() }),
        })
    }

    /// What the store knows of an object now.
    pub fn head(&self, key: &str) -> Result<ObjectInfo, StoreError> {
        self.runtime.block_on(self.objects.head(&path(key))).map(info).map_err(self.failed("look at", key))
    }

    /// Sends a local file to `key`, in parts. Nobody sees the object before it is whole.
    pub fn put_file(&self, file: &FilePath, key: &str) -> Result<(), StoreError> {
        let unreadable =
            |error: io::Error| StoreError::Scratch { action: "read", folder: file.display().to_string(), source: error };
        let mut reader = File::open(file).map_err(unreadable)?;
        let upload = self.runtime.block_on(self.objects.put_multipart(&path(key))).map_err(self.failed("write", key))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        loop {
            let mut part = Vec::with_capacity(PART_BYTES);
            let read = Read::by_ref(&mut reader).take(PART_BYTES as u64).read_to_end(&mut part).map_err(unreadable)?;
            if read == 0 {
                break;
            }
            self.runtime
                .block_on(async {
                    writer.wait_for_capacity(2).await?;
                    writer.put(part.into());
                    Ok(())
                })
                .map_err(self.failed("write", key))?;
        }
        self.runtime.block_on(writer.finish()).map(drop).map_err(self.failed("write", key))
    }

    /// Deletes objects; one that is not there is no error.
    pub fn delete(&self, keys: &[String]) -> Result<(), StoreError> {
        for key in keys {
            match self.runtime.block_on(self.objects.delete(&path(key))).map_err(self.failed("delete", key)) {
                Ok(()) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn info(meta: object_store::ObjectMeta) -> ObjectInfo {
    let modified = Timestamp::from_microsecond(meta.last_modified.timestamp_micros()).unwrap_or_default();
    ObjectInfo { key: meta.location.to_string(), size: meta.size, etag: meta.e_tag, modified }
}

/// An object's stream of bytes as a plain reader, for threads that are not the runtime's.
struct StreamReader {
    runtime: &'static Runtime,
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    ready: Bytes,
}

impl Read for StreamReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(Ok(bytes)) => self.ready = bytes,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.ready.len());
        self.ready.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open("published", &StoreUrl::Folder(folder.path().to_owned()), true).unwrap();
        (folder, store)
    }

    #[test]
    fn what_is_put_is_listed_read_and_deleted() {
        let (folder, store) = store();
        let file = folder.path().join("upload");
        std::fs::write(&file, vec![7; PART_BYTES * 2 + 5]).unwrap();
        store.put_file(&file, "data/date_uploaded=2021-04-12/part-0.parquet").unwrap();
        let below = store.below("data");
        let listed = below.list("date_uploaded=2021-04-12").unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].key, "date_uploaded=2021-04-12/part-0.parquet");
        assert_eq!(listed[0].size, PART_BYTES as u64 * 2 + 5);
        let location = below.location(&listed[0].key);
        assert_eq!(store.key_at(&location), Some("data/date_uploaded=2021-04-12/part-0.parquet"));
        let mut read = Vec::new();
        store.open_object(store.key_at(&location).unwrap()).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read.len() as u64, listed[0].size);
        below.delete(&[listed[0].key.clone(), "not there".into()]).unwrap();
        assert!(below.list("").unwrap().is_empty());
    }

    #[test]
    fn a_folder_goes_with_what_a_killed_upload_left() {
        let (folder, store) = store();
        let attempt = folder.path().join("t/d=1/run");
        std::fs::create_dir_all(&attempt).unwrap();
        // How the local store names an upload that is not finished.
        std::fs::write(attempt.join("part-00000.parquet#1"), "half").unwrap();
        assert!(store.list("t").unwrap().is_empty());
        assert_eq!(store.folders("t/d=1").unwrap(), ["run"]);
        store.delete_folder("t/d=1/run").unwrap();
        store.delete_folder("t/d=1/run").unwrap();
        assert!(!attempt.exists());
        assert_eq!(store.folders("t/d=2").unwrap(), Vec::<String>::new());
    }

    #[test]
    #[cfg(unix)]
    fn a_name_that_is_no_key_stops_nothing() {
        use std::os::unix::ffi::OsStrExt;
        let (folder, store) = store();
        std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xFF\xFE.csv")), "x").unwrap();
        std::fs::write(folder.path().join("two\nlines.csv"), "x").unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
        std::fs::write(folder.path().join("good.csv"), "x").unwrap();
        let keys: Vec<String> = store.list("").unwrap().into_iter().map(|object| object.key).collect();
        assert!(keys.contains(&"good.csv".to_owned()), "{keys:?}");
        assert!(store.delete_folder("").is_err() && store.delete_folder("/").is_err());
    }

    #[test]
    fn names_with_unusual_characters_are_read_back() {
        let (folder, store) = store();
        for name in ["a b.csv", "50%.csv", "é 世界.csv", "a%20b.csv", "x=y&z.csv"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        for object in store.list("").unwrap() {
            let mut text = String::new();
            store.open_object(&object.key).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(store.head(&object.key).unwrap(), object);
        }
        assert_eq!(store.list("").unwrap().len(), 5);
    }

    #[test]
    fn a_missing_object_and_a_missing_store_say_so() {
        let (folder, store) = store();
        let error = store.open_object("a/b.csv").map(drop).unwrap_err();
        assert_eq!(error.to_string(), "failed to read `a/b.csv` in the store `published`: it does not exist");
        assert!(matches!(store.head("a/b.csv"), Err(StoreError::NotFound { .. })));
        let nowhere = StoreUrl::Folder(folder.path().join("nowhere"));
        assert!(matches!(Store::open("source", &nowhere, false), Err(StoreError::NotFound { .. })));
    }
}
