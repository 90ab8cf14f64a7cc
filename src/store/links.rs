//! Files of a local folder that others write to, without those that links lead out of it.

use std::io;
use std::path::Path as FilePath;

use futures::stream::{self, StreamExt};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt};
use walkdir::{DirEntry, WalkDir};

/// Maximum requests at once. Each inspects a file of this machine.
const AT_ONCE: usize = 16;

/// The files of a local folder.
pub(super) struct OwnFiles<'f> {
    /// The folder as a store.
    pub(super) objects: &'f dyn ObjectStore,
    pub(super) folder: &'f FilePath,
    /// True if links are followed to files of the folder only: a writer of the folder must not get everything published that adg
    /// may read, nor make it walk the whole machine.
    pub(super) is_own: bool,
    /// Returns true if a folder with that key may hold wanted files.
    pub(super) may_be_below: &'f (dyn Fn(&str) -> bool + Send + Sync),
    /// Returns true if a file with that key is wanted.
    pub(super) is_wanted: &'f dyn Fn(&str) -> bool,
}

impl OwnFiles<'_> {
    /// Passes each file below `prefix`, or its error, to `take`.
    pub(super) async fn each(&self, prefix: &str, take: &mut dyn FnMut(Result<ObjectMeta, Error>)) {
        let root = match self.folder.canonicalize() {
            Ok(root) => root,
            // A folder of our own is made when something is written to it.
            Err(error) if !self.is_own && error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return take(Err(failed(error))),
        };
        let may_be_entered = |entry: &DirEntry| {
            !entry.file_type().is_dir() || key(entry, &root).map_or(true, |key| (self.may_be_below)(key.as_ref()))
        };
        let walk = WalkDir::new(root.join(prefix)).min_depth(1).follow_links(!self.is_own).into_iter();
        let keys = walk.filter_entry(may_be_entered).filter_map(|entry| match entry {
            Ok(entry) => match key(&entry, &root) {
                Ok(key) if !(self.is_wanted)(key.as_ref()) => None,
                key => self.is_file(&entry, &root).then_some(key),
            },
            // A link that leads back to a folder above it: all that is there is found without it.
            Err(error) if error.loop_ancestor().is_some() => None,
            Err(error) => Some(Err(failed(error.into()))),
        });
        let mut found = stream::iter(keys).map(async |key| self.objects.head(&key?).await).buffered(AT_ONCE);
        while let Some(found) = found.next().await {
            // What went away meanwhile was not there.
            if !is_gone(&found) {
                take(found);
            }
        }
    }

    fn is_file(&self, entry: &DirEntry, root: &FilePath) -> bool {
        if self.is_own { is_own_file(entry, root) } else { entry.file_type().is_file() }
    }
}

fn is_own_file(entry: &DirEntry, root: &FilePath) -> bool {
    if !entry.path_is_symlink() {
        return entry.file_type().is_file();
    }
    // A link that leads nowhere, or to itself, is no file.
    let Ok(target) = entry.path().canonicalize() else { return false };
    if !target.starts_with(root) {
        tracing::warn!(
            event = "link_skipped", formerly = "link_left_out", link = %entry.path().display(),
            "skipped a link that leads out of its store"
        );
        return false;
    }
    target.is_file()
}

fn key(entry: &DirEntry, root: &FilePath) -> Result<Path, Error> {
    let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
    let no_text = |source| object_store::path::Error::NonUnicode { path: relative.display().to_string(), source };
    Ok(Path::parse(std::str::from_utf8(relative.as_os_str().as_encoded_bytes()).map_err(no_text)?)?)
}

fn is_gone(found: &Result<ObjectMeta, Error>) -> bool {
    match found {
        Err(Error::NotFound { .. }) => true,
        Err(Error::Generic { source, .. }) => {
            source.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::NotFound)
        }
        _ => false,
    }
}

fn failed(error: io::Error) -> Error {
    Error::Generic { store: "LocalFileSystem", source: Box::new(error) }
}
