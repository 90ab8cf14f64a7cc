//! Temporary space on the local disk.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::identity::RunId;

use super::StoreError;

const PREFIX: &str = "adg-scratch-";
const LOCK: &str = "in-use.lock";

/// A folder for one run's temporary files, readable by its owner only, removed when dropped.
///
/// A run that was killed can't remove its own; so each holds a lock that dies with it, and the next run removes every
/// scratch folder beside its own whose lock is free.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    /// Makes the run's folder below `root`, and removes those of dead runs.
    pub fn create(root: &Path, run_id: &RunId) -> Result<Self, StoreError> {
        let failed = |action, source: io::Error| StoreError::Scratch { action, folder: root.display().to_string(), source };
        fs::create_dir_all(root).map_err(|e| failed("create", e))?;
        remove_dead(root).map_err(|e| failed("clean", e))?;
        let folder = root.join(format!("{PREFIX}{run_id}"));
        make_private(&folder).map_err(|e| failed("create", e))?;
        let lock = File::create(folder.join(LOCK)).map_err(|e| failed("create", e))?;
        lock.lock().map_err(|e| failed("lock", e))?;
        Ok(Self { folder, _lock: lock })
    }

    /// A new, empty folder in the scratch space.
    pub fn folder(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.folder.join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Scratch { action: "empty", folder: path.display().to_string(), source: error });
            }
            _ => {}
        }
        fs::create_dir_all(&path).map_err(|source| StoreError::Scratch {
            action: "create",
            folder: path.display().to_string(),
            source,
        })?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), %error, "the scratch folder could not be removed");
        }
    }
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

fn remove_dead(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // No lock file: its run is between making the folder and the lock, or was killed there. Either way it is empty.
        let dead = File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if dead {
            // Another run may be removing it too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_removes_what_a_dead_one_left() {
        let root = tempfile::tempdir().unwrap();
        let run = |n| RunId::new(jiff::Timestamp::from_second(n).unwrap());
        let alive = Scratch::create(root.path(), &run(1)).unwrap();
        let dead = root.path().join(format!("{PREFIX}{}", run(2)));
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        fs::write(dead.join("rest"), "x").unwrap();
        let next = Scratch::create(root.path(), &run(3)).unwrap();
        assert!(!dead.exists());
        assert!(alive.folder.exists());
        let folder = next.folder("bids").unwrap();
        fs::write(folder.join("part"), "x").unwrap();
        assert_eq!(fs::read_dir(next.folder("bids").unwrap()).unwrap().count(), 0);
        let place = next.folder.clone();
        drop(next);
        assert!(!place.exists());
    }
}
