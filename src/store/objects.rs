//! A named store and its verbs.

use std::io::{self, Read};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use object_store::local::LocalFileSystem;
use object_store::{GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use crate::aws::{Account, Identity};
use crate::runtime;

use super::answer::AnswerHeaders;
use super::download::{self, Download};
use super::links::OwnFiles;
use super::object::{info, path};
use super::pages::Pages;
use super::{Disk, Metadata, ObjectInfo, StoreError, StoreSettings, StoreUrl, connect, denied, error, s3_endpoint, url};

/// Bytes of a part of an upload. S3 takes parts of 5 MiB to 5 GiB, at most 10,000 of them: objects of up to 80 GiB.
const PART_BYTES: usize = 8 << 20;

/// A named place for objects.
#[derive(Debug, Clone)]
pub struct Store {
    name: String,
    url: StoreUrl,
    /// Address of the store, without a slash at its end.
    root: String,
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) runtime: &'static Runtime,
    disk: Disk,
    /// Bytes of a part of an upload.
    pub(super) part_bytes: usize,
    /// AWS identity that makes the requests. None: the store is not on S3.
    identity: Option<Arc<Identity>>,
    pub(super) verify_etags: bool,
    /// True if it is a folder that others write to.
    pub(super) is_others: bool,
    /// The listing of a bucket; a folder is walked.
    pub(super) pages: Option<Pages>,
    /// The service's address, where it is not AWS's or Google's own.
    endpoint: Option<String>,
    /// The store's address as the profile writes it.
    written: String,
}

fn describe(name: &str, url: &StoreUrl, endpoint: Option<&str>) -> String {
    match (url, endpoint) {
        (StoreUrl::Folder(_), _) => format!("`{name}`"),
        (_, None) => format!("`{name}` ({url})"),
        (_, Some(endpoint)) => format!("`{name}` ({url} at {endpoint})"),
    }
}

impl Store {
    /// Opens the local folder of the store `name`. `create` creates it, for a folder that runs write to; without `create` it is a
    /// folder that others write to.
    ///
    /// # Errors
    /// The folder does not exist, or can't be read.
    pub fn folder(name: &str, folder: PathBuf, create: bool) -> Result<Self, StoreError> {
        let shown = folder.display().to_string();
        let failed = |error: io::Error| StoreError::of_folder(&error, &format!("`{name}`"), &shown);
        if create {
            std::fs::create_dir_all(&folder).map_err(failed)?;
        } else {
            std::fs::metadata(&folder).map_err(failed)?;
        }
        let objects = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| StoreError::from_objects(error, "open", &format!("`{name}`"), &shown))?
            // A published file is on the disk before the metastore names it.
            .with_fsync(true);
        Ok(Self { is_others: !create, ..Self::new(name, StoreUrl::Folder(folder), Arc::new(objects))? })
    }

    /// Opens the bucket of the store `name`. It sends no request yet.
    ///
    /// # Errors
    /// The settings are invalid.
    pub fn s3(name: &str, bucket: url::Bucket, settings: &StoreSettings, account: &Account) -> Result<Self, StoreError> {
        let identity = account.identity(&settings.role_chain);
        let (objects, pages) = connect::s3(&bucket, settings, account, &identity).map_err(|error| setting(name, &error))?;
        Ok(Self {
            pages: Some(pages),
            identity: Some(identity),
            verify_etags: settings.verify_etags,
            endpoint: s3_endpoint::own(settings, account),
            written: settings.url.clone(),
            ..Self::new(name, StoreUrl::S3(bucket), objects)?
        })
    }

    /// Opens the bucket of the store `name`. It sends no request yet.
    ///
    /// # Errors
    /// The settings are invalid.
    pub fn gcs(name: &str, bucket: url::Bucket, settings: &StoreSettings) -> Result<Self, StoreError> {
        let (objects, pages) = connect::gcs(&bucket, settings).map_err(|error| setting(name, &error))?;
        let (verify_etags, endpoint) = (settings.verify_etags, settings.endpoint.clone());
        Ok(Self { pages: Some(pages), verify_etags, endpoint, ..Self::new(name, StoreUrl::Gcs(bucket), objects)? })
    }

    fn new(name: &str, url: StoreUrl, objects: Arc<dyn ObjectStore>) -> Result<Self, StoreError> {
        let runtime =
            runtime::shared().map_err(|error| StoreError::from_io(&error, "open", &format!("`{name}`"), &url.to_string()))?;
        let root = url.to_string();
        Ok(Self {
            name: name.to_owned(),
            written: root.clone(),
            root,
            url,
            objects,
            runtime,
            disk: Disk::default(),
            part_bytes: PART_BYTES,
            identity: None,
            verify_etags: false,
            is_others: false,
            pages: None,
            endpoint: None,
        })
    }

    /// Returns a store of these objects, which are used as those at `url` would be.
    #[cfg(test)]
    pub(crate) fn of(name: &str, url: StoreUrl, objects: Arc<dyn ObjectStore>, disk: Disk, part_bytes: usize) -> Self {
        Self { disk, part_bytes, ..Self::new(name, url, objects).unwrap() }
    }

    /// Returns the same store, seen from below `prefix`.
    #[must_use]
    pub fn below(&self, prefix: &str) -> Self {
        let prefix = prefix.trim_matches('/');
        let mut url = self.url.clone();
        match &mut url {
            StoreUrl::Folder(folder) => folder.push(prefix),
            StoreUrl::S3(bucket) | StoreUrl::Gcs(bucket) => {
                bucket.prefix = [bucket.prefix.as_str(), prefix].join("/").trim_matches('/').into();
            }
        }
        let objects = connect::below(Arc::clone(&self.objects), prefix);
        let pages = self.pages.clone().map(|pages| Pages { below: format!("{}{prefix}/", pages.below), ..pages });
        Self { root: url.to_string(), url, objects, pages, ..self.clone() }
    }

    /// Returns the store's name in the profile, and its address if it is not a folder.
    pub fn describe(&self) -> String {
        describe(&self.name, &self.url, self.endpoint.as_deref())
    }

    /// Returns the store's name in the profile.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address of a key, as a metastore stores it.
    pub fn location(&self, key: &str) -> String {
        format!("{}/{key}", self.root)
    }

    /// Returns the address of a key for a new table: in the scheme of the profile.
    pub fn written_location(&self, key: &str) -> String {
        url::spelled_like(&self.location(key), &self.written)
    }

    /// Returns the key at an address, if it lies in this store.
    pub fn key_at(&self, location: &str) -> Option<String> {
        let location = url::normal_location(location);
        location.strip_prefix(&self.root)?.strip_prefix('/').map(str::to_owned)
    }

    /// Returns the folder, if the store is a local one.
    pub fn local_folder(&self) -> Option<&FilePath> {
        match &self.url {
            StoreUrl::Folder(folder) => Some(folder),
            StoreUrl::S3(_) | StoreUrl::Gcs(_) => None,
        }
    }

    /// Returns the AWS identity that makes the requests; `None` if the store is not on S3.
    pub fn identity(&self) -> Option<&Arc<Identity>> {
        self.identity.as_ref()
    }

    pub(super) fn failed(&self, action: &'static str, key: &str, error: object_store::Error) -> StoreError {
        self.explained(StoreError::from_objects(error, action, &self.describe(), key))
    }

    /// Adds to a refused request's error a hint on the permission that would allow it.
    fn explained(&self, mut error: StoreError) -> StoreError {
        if let StoreError::AccessDenied { action, key, reason, hint, .. } = &mut error {
            let who = self.identity.as_ref().and_then(|identity| self.runtime.block_on(identity.arn()).ok());
            *hint = Some(denied::hint(&self.url, action, key, reason, who.as_deref()));
        }
        error
    }

    /// Returns all objects in the folder `prefix` and below it (empty: the whole store), by key. Names that can't be keys, links
    /// that lead back to themselves, and, where others write, links that lead out of the folder are skipped with a warning.
    ///
    /// # Errors
    /// The store does not exist, does not answer, or denies access; a bucket has a key that adg can't list. A missing
    /// folder is empty.
    pub fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let path = path(prefix);
        let found = match self.local_folder().filter(|_| self.is_others) {
            Some(folder) => {
                let all =
                    OwnFiles { objects: &*self.objects, folder, is_own: true, may_be_below: &|_| true, is_wanted: &|_| true };
                let mut found = Vec::new();
                self.runtime.block_on(all.each(path.as_ref(), &mut |object| found.push(object)));
                found
            }
            None => {
                let listing = self.objects.list(Some(&path).filter(|path| !path.as_ref().is_empty()));
                self.runtime.block_on(listing.collect())
            }
        };
        let mut objects = Vec::with_capacity(found.len());
        for object in found {
            match object {
                Ok(meta) => objects.push(info(meta)),
                // A service's listing ends with such an error, and with it all that would have come after.
                Err(error) if self.local_folder().is_some() && error::is_about_one_name(&error) => {
                    tracing::warn!(
                        event = "key_skipped", formerly = "name_left_out", store = self.name, %error,
                        "skipped a key that is not valid"
                    );
                }
                Err(error) => return Err(self.failed("list", prefix, error)),
            }
        }
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    /// Deletes a folder and everything in it; a missing folder is no error. On a local disk it also deletes leftovers of killed
    /// uploads, which are no objects yet.
    ///
    /// # Errors
    /// `prefix` is empty: a whole store is never deleted. The store does not answer, or denies access; some objects may be
    /// deleted by then.
    pub fn delete_folder(&self, prefix: &str) -> Result<(), StoreError> {
        let path = path(prefix);
        if path.as_ref().is_empty() {
            return Err(StoreError::AccessDenied {
                action: "delete",
                store: self.describe(),
                key: prefix.to_owned(),
                reason: "a whole store is never deleted".to_owned(),
                hint: None,
            });
        }
        match &self.url {
            StoreUrl::Folder(folder) => {
                let removed = self.disk.remove_folder(&folder.join(path.as_ref()));
                removed.map_err(|error| StoreError::from_io(&error, "delete", &self.describe(), prefix))
            }
            StoreUrl::S3(_) | StoreUrl::Gcs(_) => {
                let keys: Vec<String> = self.list(prefix)?.into_iter().map(|object| object.key).collect();
                self.delete(&keys)
            }
        }
    }

    /// Returns a reader over the whole object, as it was listed: an object that changed since is an error, at once or in the
    /// middle. Bytes from a network are compared with the checksum that the store reports.
    ///
    /// # Errors
    /// The object does not exist, has changed, or is archived; the store does not answer, or denies access. Errors while reading
    /// contain a [`StoreError`] if the store is not a folder.
    pub fn open_object(&self, object: &ObjectInfo) -> Result<Box<dyn Read + Send>, StoreError> {
        self.open_described(object).map(|(bytes, _)| bytes)
    }

    /// Like [`open_object`](Self::open_object), with the object's metadata. A folder has none.
    ///
    /// # Errors
    /// Those of [`open_object`](Self::open_object).
    pub fn open_described(&self, object: &ObjectInfo) -> Result<(Box<dyn Read + Send>, Metadata), StoreError> {
        let path = path(&object.key);
        if self.local_folder().is_none() {
            let (runtime, objects) = (self.runtime, &self.objects);
            let begun = Download::begin(runtime, objects, &self.describe(), path, object, self.verify_etags);
            let (download, metadata) = begun.map_err(|error| self.explained(error))?;
            return Ok((Box::new(download), metadata));
        }
        let options = GetOptions { if_match: object.etag.clone(), ..GetOptions::default() };
        let opened = self.runtime.block_on(self.objects.get_opts(&path, options));
        match opened.map_err(|error| self.failed("read", &object.key, error))?.payload {
            GetResultPayload::File(file, _) => Ok((Box::new(file), Metadata::new())),
            GetResultPayload::Stream(_) => Err(StoreError::Unavailable {
                action: "read",
                store: self.describe(),
                key: object.key.clone(),
                reason: "a local object is no file".to_owned(),
            }),
        }
    }

    /// Returns true if an object comes in one response, which fails if the object is no longer as listed: then no second check is
    /// needed.
    pub fn comes_whole(&self, object: &ObjectInfo) -> bool {
        self.local_folder().is_none() && download::comes_whole(object)
    }

    /// Returns the last bytes of an object; all of them if it has fewer.
    ///
    /// # Errors
    /// The object does not exist or is archived; the store does not answer, or denies access.
    pub fn tail(&self, key: &str, bytes: u64) -> Result<Vec<u8>, StoreError> {
        let options = GetOptions { range: Some(GetRange::Suffix(bytes)), ..GetOptions::default() };
        let read = async { self.objects.get_opts(&path(key), options).await?.bytes().await };
        let read = self.runtime.block_on(read).map_err(|error| self.failed("read", key, error))?;
        Ok(read.to_vec())
    }

    /// Returns a range of an object's bytes.
    ///
    /// # Errors
    /// The object does not exist, is archived, or ends before the range; the store does not answer, or denies access.
    pub fn range(&self, key: &str, range: std::ops::Range<u64>) -> Result<bytes::Bytes, StoreError> {
        let read = self.runtime.block_on(self.objects.get_range(&path(key), range));
        read.map_err(|error| self.failed("read", key, error))
    }

    /// Returns the current description of an object.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the object does not exist; the store does not answer, or denies access.
    pub fn head(&self, key: &str) -> Result<ObjectInfo, StoreError> {
        self.runtime.block_on(self.objects.head(&path(key))).map(info).map_err(|error| self.failed("look at", key, error))
    }

    /// Fails if an object is no longer as listed.
    ///
    /// # Errors
    /// The object has changed or no longer exists; the store does not answer, or denies access.
    pub fn must_still_be(&self, object: &ObjectInfo) -> Result<(), StoreError> {
        if object.is(&self.head(&object.key)?) {
            Ok(())
        } else {
            Err(StoreError::Changed { store: self.describe(), key: object.key.clone() })
        }
    }

    /// Returns the store's current time, from its response about an object; `None` for a local folder, as it has this machine's.
    ///
    /// # Errors
    /// The object does not exist; the store does not answer, or denies access.
    pub fn time(&self, key: &str) -> Result<Option<Timestamp>, StoreError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        let answer = self.runtime.block_on(self.objects.get_opts(&path(key), options));
        let answer = answer.map_err(|error| self.failed("look at", key, error))?;
        let date = answer.extensions.get::<AnswerHeaders>().and_then(|headers| headers.0.get("date")?.to_str().ok());
        let parsed = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        Ok(parsed.map(|date| date.timestamp()))
    }

    /// Copies an object within the store, with its tags; in a bucket the service does it.
    ///
    /// # Errors
    /// The object does not exist or is archived; the store does not answer, or denies access.
    pub fn copy(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let copied = self.runtime.block_on(self.objects.copy(&path(from), &path(to)));
        copied.map_err(|error| self.failed("copy", from, error))
    }

    /// Deletes objects; a missing one is no error.
    ///
    /// # Errors
    /// The store does not answer, or denies access. Some of the objects may be deleted by then.
    pub fn delete(&self, keys: &[String]) -> Result<(), StoreError> {
        let paths: Vec<_> = keys.iter().map(|key| Ok(path(key))).collect();
        let deleted = self.runtime.block_on(self.objects.delete_stream(stream::iter(paths).boxed()).collect::<Vec<_>>());
        // The results may come in another order than the keys: the service's own words say which one it is.
        let key = keys.first().map_or("", |key| key.rsplit_once('/').map_or(key.as_str(), |(folder, _)| folder));
        for result in deleted {
            match result.map_err(|error| self.failed("delete", key, error)) {
                Ok(_) | Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn setting(store: &str, error: &object_store::Error) -> StoreError {
    StoreError::Setting { store: format!("`{store}`"), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::folder("published", folder.path().to_owned(), true).unwrap();
        (folder, store)
    }

    #[test]
    fn passes_the_conformance_suite() {
        let (_folder, store) = store();
        conformance::suite(&store);
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
        std::fs::create_dir_all(folder.path().join("b/c")).unwrap();
        std::fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xFF\xFE.csv")), "x").unwrap();
        std::fs::write(folder.path().join("two\nlines.csv"), "x").unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
        std::os::unix::fs::symlink("itself", folder.path().join("itself")).unwrap();
        std::fs::write(folder.path().join("good.csv"), "x").unwrap();
        let others = Store::folder("source", folder.path().to_owned(), false).unwrap();
        for store in [&store, &others] {
            let keys: Vec<String> = store.list("").unwrap().into_iter().map(|object| object.key).collect();
            assert!(keys.contains(&"good.csv".to_owned()), "{keys:?}");
        }
        assert_eq!(store.folders("").unwrap(), ["b"]);
        assert!(store.delete_folder("").is_err() && store.delete_folder("/").is_err());
    }

    #[test]
    #[cfg(unix)]
    fn links_lead_out_of_our_own_folders_only() {
        use std::os::unix::fs::symlink;
        let (folder, ours) = store();
        let away = tempfile::tempdir().unwrap();
        for file in [away.path().join("away.csv"), folder.path().join("good.csv")] {
            std::fs::write(file, "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("below")).unwrap();
        symlink(away.path(), folder.path().join("below/folder")).unwrap();
        symlink(away.path().join("away.csv"), folder.path().join("file.csv")).unwrap();
        symlink("../good.csv", folder.path().join("below/own.csv")).unwrap();
        symlink("below", folder.path().join("own")).unwrap();
        symlink("/", folder.path().join("root")).unwrap();
        let others = Store::folder("source", folder.path().to_owned(), false).unwrap();
        let keys = |store: &Store, prefix| store.list(prefix).unwrap().into_iter().map(|o| o.key).collect::<Vec<_>>();
        assert_eq!(keys(&others, ""), ["below/own.csv", "good.csv"]);
        assert_eq!(keys(&others, "below"), ["below/own.csv"]);
        assert_eq!(keys(&others, "nowhere"), [""; 0]);
        assert_eq!(keys(&ours, "below"), ["below/folder/away.csv", "below/own.csv"]);
        assert_eq!(others.list("below").unwrap(), [ours.head("below/own.csv").unwrap()]);
    }

    #[test]
    fn names_with_unusual_characters_are_read_back() {
        let (folder, _) = store();
        let store = Store::folder("source", folder.path().to_owned(), false).unwrap();
        for name in ["a b.csv", "50%.csv", "é 世界.csv", "a%20b.csv", "x=y&z.csv"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        for object in store.list("").unwrap() {
            let mut text = String::new();
            store.open_object(&object).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(store.head(&object.key).unwrap(), object);
        }
        assert_eq!(store.list("").unwrap().len(), 5);
    }

    #[test]
    fn a_missing_store_says_so() {
        let (folder, _) = store();
        assert!(matches!(Store::folder("source", folder.path().join("nowhere"), false), Err(StoreError::NoFolder { .. })));
    }
}
