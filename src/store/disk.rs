//! Access to the local disk, next to that to objects.

use std::io;
use std::path::Path;
#[cfg(test)]
use std::sync::Arc;

/// The local disk: scratch, the folders of stores, reports. Tests can intercept each action.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    #[cfg(test)]
    seam: Option<Arc<dyn DiskSeam>>,
}

/// A seam that tests put between the program and the disk.
#[cfg(test)]
pub trait DiskSeam: std::fmt::Debug + Send + Sync {
    /// Does `work`, skips it, or reports that it failed.
    ///
    /// # Errors
    /// Those of `work`, or one that the test makes up.
    fn pass(&self, action: &'static str, path: &Path, work: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()>;
}

impl Disk {
    /// Returns a disk behind a seam.
    #[cfg(test)]
    pub fn behind(seam: Arc<dyn DiskSeam>) -> Self {
        Self { seam: Some(seam) }
    }

    /// Does `work`, which performs `action` on `path`.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn run<T>(&self, action: &'static str, path: &Path, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        #[cfg(test)]
        if let Some(seam) = &self.seam {
            let mut done = None;
            seam.pass(action, path, &mut || work().map(|value| done = Some(value)))?;
            return done.ok_or_else(|| io::Error::other("the seam did nothing"));
        }
        let _ = (action, path);
        work()
    }

    /// Removes a folder and all that is in it; one that is not there is no error.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.run("remove the folder", folder, || match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}
