//! A local folder that others write to: what of it is its own.

use std::io;
use std::path::Path as FilePath;

use futures::stream::{self, StreamExt};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt};
use walkdir::{DirEntry, WalkDir};

/// Requests at once. Each is a look at a file of this machine.
const AT_ONCE: usize = 16;

/// The files below `prefix` in `folder`, which is that of `objects`. Links are followed to files of the folder only: who may write to it is
/// not to have everything published that adg may read, nor to have it walk the whole machine.
pub(super) async fn own_files(objects: &dyn ObjectStore, folder: &FilePath, prefix: &str) -> Vec<Result<ObjectMeta, Error>> {
    let root = match folder.canonicalize() {
        Ok(root) => root,
        Err(error) => return vec![Err(failed(error))],
    };
    let entries = WalkDir::new(root.join(prefix)).min_depth(1).into_iter();
    let keys = entries.filter_map(|entry| match entry {
        Ok(entry) => is_own_file(&entry, &root).then(|| key(&entry, &root)),
        Err(error) => Some(Err(failed(error.into()))),
    });
    let found: Vec<_> = stream::iter(keys).map(async |key| objects.head(&key?).await).buffered(AT_ONCE).collect().await;
    // What went away meanwhile was not there.
    found.into_iter().filter(|found| !is_gone(found)).collect()
}

fn is_own_file(entry: &DirEntry, root: &FilePath) -> bool {
    if !entry.path_is_symlink() {
        return entry.file_type().is_file();
    }
    // A link that leads nowhere, or to itself, is no file.
    let Ok(target) = entry.path().canonicalize() else { return false };
    if !target.starts_with(root) {
        tracing::warn!(event = "link_left_out", link = %entry.path().display(), reason = "it leads out of its store");
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
