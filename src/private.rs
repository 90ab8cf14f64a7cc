//! Files that only their owner may read: ledgers, metastores, reports, locks and scratch tell of what was published, and quote what
//! was not.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// How such a file is opened: made where it is missing, with the rights of its owner only, whatever the umask.
pub fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a folder for such files, with those above it that are missing. One that is there stays as it is.
///
/// # Errors
/// The disk refuses.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
