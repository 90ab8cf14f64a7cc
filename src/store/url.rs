//! The addresses of stores.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a store is. Local folders are absolute: relative ones were joined to the folder of `adg.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder of this machine.
    Folder(PathBuf),
}

/// An address that this build can't use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreUrlError {
    /// The scheme is none that adg knows.
    #[error("the store address `{url}` has a scheme that this version of adg does not read; use a folder")]
    Scheme {
        /// As written.
        url: String,
    },
    /// Nothing is written.
    #[error("the store address is empty")]
    Empty,
}

impl StoreUrl {
    /// Reads an address; a relative folder is below `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, StoreUrlError> {
        let path = text.strip_prefix("file://").unwrap_or(text);
        if path.is_empty() {
            return Err(StoreUrlError::Empty);
        }
        if path.contains("://") {
            return Err(StoreUrlError::Scheme { url: text.to_owned() });
        }
        let joined = base.join(path);
        Ok(Self::Folder(std::path::absolute(&joined).unwrap_or(joined)))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "file://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_absolute() {
        let base = Path::new("/etc/adg");
        let read = |text: &str| StoreUrl::parse(text, base).map(|url| url.to_string());
        assert_eq!(read("warehouse").unwrap(), "file:///etc/adg/warehouse");
        assert_eq!(read("/data/in").unwrap(), "file:///data/in");
        assert_eq!(read("file:///data/in").unwrap(), "file:///data/in");
        assert!(read("").is_err());
        assert!(read("ftp://x").unwrap_err().to_string().contains("ftp://x"));
    }
}
