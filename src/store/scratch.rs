//! Temporary space on the local disk.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::cipher::DataKey;
use crate::identity::RunId;
use crate::private;

use super::{Disk, ScratchFile, StoreError};

const PREFIX: &str = "adg-scratch-";
const LOCK: &str = ".lock";

/// A folder for one run's temporary files, readable by its owner only, removed when dropped.
///
/// A killed run can't remove its own folder; so each run holds a lock that dies with it, on a file beside its folder that is
/// created before the folder and removed after it. The next run removes every scratch folder whose lock is free.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    lock: PathBuf,
    /// Key that encrypts its files. None: they are not encrypted.
    key: Option<DataKey>,
    disk: Disk,
    _held: File,
}

impl Scratch {
    /// Creates the run's folder below `root`, and removes those of dead runs. `encrypted`: only the run itself can read what it
    /// writes there.
    ///
    /// # Errors
    /// `root` or the run's folder can't be created or locked, or `root` can't be read; the system has no randomness to encrypt
    /// with.
    pub fn create(root: &Path, run_id: &RunId, encrypted: bool, disk: &Disk) -> Result<Self, StoreError> {
        let failed = |action, source: io::Error| StoreError::Scratch { action, folder: root.display().to_string(), source };
        disk.run("create the folder", root, || private::make_folder(root)).map_err(|e| failed("create", e))?;
        remove_dead(root, disk).map_err(|e| failed("clean", e))?;
        let folder = root.join(format!("{PREFIX}{run_id}"));
        let lock = root.join(format!("{PREFIX}{run_id}{LOCK}"));
        let held = disk.run("lock", &lock, || take_lock(&lock)).map_err(|e| failed("lock", e))?;
        disk.run("create the folder", &folder, || private::make_folder(&folder)).map_err(|e| failed("create", e))?;
        let key = encrypted.then(DataKey::random).transpose().map_err(|e| failed("encrypt", e))?;
        Ok(Self { folder, lock, key, disk: disk.clone(), _held: held })
    }

    /// Creates an empty folder in the scratch space, until it is dropped.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn folder(&self, name: &str) -> Result<ScratchFolder, StoreError> {
        let path = self.folder.join(name);
        let failed = |action, source| StoreError::Scratch { action, folder: path.display().to_string(), source };
        self.disk.remove_folder(&path).map_err(|source| failed("empty", source))?;
        let created = self.disk.run("create the folder", &path, || fs::create_dir_all(&path));
        created.map_err(|source| failed("create", source))?;
        Ok(ScratchFolder { path, key: self.key.clone(), disk: self.disk.clone() })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let unlocked = || self.disk.run("remove the lock", &self.lock, || fs::remove_file(&self.lock));
        let removed = self.disk.remove_folder(&self.folder).and_then(|()| unlocked());
        if let Err(error) = removed {
            tracing::warn!(
                event = "scratch_not_removed", folder = %self.folder.display(), %error,
                "could not remove the scratch folder"
            );
        }
    }
}

/// A folder in the scratch space, removed when dropped.
#[derive(Debug)]
pub struct ScratchFolder {
    path: PathBuf,
    key: Option<DataKey>,
    disk: Disk,
}

impl ScratchFolder {
    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a new file in the folder. Nothing is on the disk yet.
    ///
    /// # Errors
    /// The system has no randomness to encrypt it with.
    pub fn file(&self, name: &str) -> std::io::Result<ScratchFile> {
        ScratchFile::new(self.path.join(name), self.key.as_ref(), &self.disk)
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if let Err(error) = self.disk.remove_folder(&self.path) {
            tracing::warn!(
                event = "scratch_not_removed", folder = %self.path.display(), %error,
                "could not remove a scratch folder"
            );
        }
    }
}

/// Locks a new file. Another run may take it for a dead run's and remove it before it is locked: then it tries again.
fn take_lock(path: &Path) -> io::Result<File> {
    loop {
        let file = private::file().open(path)?;
        file.lock()?;
        if path.exists() {
            return Ok(file);
        }
    }
}

fn remove_dead(root: &Path, disk: &Disk) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let Some(folder) = name.strip_suffix(LOCK).filter(|name| name.starts_with(PREFIX)) else { continue };
        let lock = root.join(&*name);
        let Ok(file) = File::open(&lock) else { continue };
        if file.try_lock().is_ok() {
            // Another run may be removing them too.
            let unlocked = || disk.run("remove the lock", &lock, || fs::remove_file(&lock));
            let _ = disk.remove_folder(&root.join(folder)).and_then(|()| unlocked());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn run(seconds: i64) -> RunId {
        RunId::new(jiff::Timestamp::from_second(seconds).unwrap())
    }

    fn count(root: &Path) -> usize {
        fs::read_dir(root).unwrap().count()
    }

    #[test]
    fn the_next_run_removes_what_a_dead_one_left() {
        let root = tempfile::tempdir().unwrap();
        let alive = Scratch::create(root.path(), &run(1), true, &Disk::default()).unwrap();
        let id = run(2);
        let dead = root.path().join(format!("{PREFIX}{id}"));
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("rest"), "x").unwrap();
        fs::write(root.path().join(format!("{PREFIX}{id}{LOCK}")), "").unwrap();
        let next = Scratch::create(root.path(), &run(3), true, &Disk::default()).unwrap();
        assert!(!dead.exists());
        assert!(alive.folder.exists());
        drop((next, alive));
        assert_eq!(count(root.path()), 0);
    }

    #[test]
    fn nobody_else_can_read_what_lies_there() {
        let root = tempfile::tempdir().unwrap();
        for encrypted in [true, false] {
            let scratch = Scratch::create(root.path(), &run(1), encrypted, &Disk::default()).unwrap();
            let folder = scratch.folder("bids").unwrap();
            let files = [folder.file("a").unwrap(), folder.file("b").unwrap()];
            for file in &files {
                file.create().unwrap().write_all(b"a name and an address").unwrap();
                let mut read = String::new();
                file.open().unwrap().read_to_string(&mut read).unwrap();
                assert_eq!(read, "a name and an address");
            }
            let lies = files.map(|file| fs::read(file.path()).unwrap());
            assert_eq!(lies[0] == b"a name and an address", !encrypted);
            assert_eq!(lies[0] == lies[1], !encrypted);
        }
    }

    #[test]
    fn a_folder_is_gone_when_it_is_done_with() {
        let root = tempfile::tempdir().unwrap();
        let scratch = Scratch::create(root.path(), &run(1), true, &Disk::default()).unwrap();
        let folder = scratch.folder("bids").unwrap();
        fs::write(folder.path().join("part"), "x").unwrap();
        assert_eq!(count(&scratch.folder), 1);
        drop(folder);
        assert_eq!(count(&scratch.folder), 0);
    }
}
