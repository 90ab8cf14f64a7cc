//! Files that only their owner may read: ledgers, metastores, reports, locks and scratch describe published data, and quote data
//! that was not published.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Returns options to write such a file. A missing file is created with the rights of its owner only, whatever the umask.
pub fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Creates a folder for such files, and its missing parent folders. An existing folder is left unchanged.
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
