//! Files of tables in local folders.

use std::io;
use std::path::{Path, PathBuf};

use super::SqlError;

/// Returns the local folder of a location.
pub(super) fn folder(location: &str) -> Result<PathBuf, SqlError> {
    let path = location.strip_prefix("file://");
    path.map(|path| PathBuf::from(path.trim_end_matches('/'))).ok_or_else(|| SqlError::Failed {
        reason: format!("`{location}` is no local folder, and adg queries local folders only"),
    })
}

/// Returns the Parquet files directly in a folder, in the order of their names.
pub(super) fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>, SqlError> {
    let unreadable = |error: io::Error| SqlError::Failed {
        reason: format!(
            "a partition points at the folder {}, which can't be read ({error}): run its date again",
            folder.display()
        ),
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '_']));
        if !hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
