//! Files in scratch: encrypted under a key that nobody has but the run, and that ends with it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::cipher::{DataKey, DecryptingReader, EncryptingWriter, Iv};

/// A file in scratch, as one who may read it knows it.
#[derive(Debug, Clone)]
pub struct ScratchFile {
    path: PathBuf,
    /// None: it is as it is.
    cipher: Option<(DataKey, Iv)>,
}

impl ScratchFile {
    /// A file that is not encrypted.
    pub fn plain(path: &Path) -> Self {
        Self { path: path.to_owned(), cipher: None }
    }

    /// A new file, which is encrypted where there is a key.
    pub(super) fn new(path: PathBuf, key: Option<&DataKey>) -> io::Result<Self> {
        let cipher = key.map(|key| Ok::<_, io::Error>((key.clone(), Iv::random()?))).transpose()?;
        Ok(Self { path, cipher })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it anew. It may be written once: a second time, what is encrypted could be told from the first.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(&self) -> io::Result<Box<dyn Write + Send>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path)?;
        Ok(match &self.cipher {
            None => Box::new(file),
            Some((key, iv)) => Box::new(EncryptingWriter::new(file, key, *iv)?),
        })
    }

    /// What was written.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let file = File::open(&self.path)?;
        Ok(match &self.cipher {
            None => Box::new(file),
            Some((key, iv)) => Box::new(DecryptingReader::new(file, key, *iv)?),
        })
    }
}
