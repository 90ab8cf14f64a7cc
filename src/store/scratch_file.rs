//! Files in scratch, encrypted under a key that only the run has and that ends with it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::cipher::{DataKey, DecryptingReader, EncryptingWriter, Iv};
use crate::private;

use super::Disk;

/// A handle of a file in scratch, which can read it.
#[derive(Debug, Clone)]
pub struct ScratchFile {
    path: PathBuf,
    /// Key and counter of the encryption. None: the file is not encrypted.
    cipher: Option<(DataKey, Iv)>,
    disk: Disk,
}

impl ScratchFile {
    /// Returns a file that is not encrypted.
    pub fn plain(path: &Path) -> Self {
        Self { path: path.to_owned(), cipher: None, disk: Disk::default() }
    }

    /// Returns a new file, encrypted if there is a key.
    pub(super) fn new(path: PathBuf, key: Option<&DataKey>, disk: &Disk) -> io::Result<Self> {
        let cipher = key.map(|key| Ok::<_, io::Error>((key.clone(), Iv::random()?))).transpose()?;
        Ok(Self { path, cipher, disk: disk.clone() })
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns true if what lies on the disk is not what was written.
    pub fn is_encrypted(&self) -> bool {
        self.cipher.is_some()
    }

    /// Creates or empties the file. Write it only once: a second text under the same key and IV could be derived from the first.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(&self) -> io::Result<Box<dyn Write + Send>> {
        let file = self.on_disk(self.disk.run("create", &self.path, || private::file().truncate(true).open(&self.path))?);
        Ok(match &self.cipher {
            None => Box::new(file),
            Some((key, iv)) => Box::new(EncryptingWriter::new(file, key, *iv)?),
        })
    }

    /// Opens the file to read what was written, decrypted.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let file = self.on_disk(self.disk.run("open", &self.path, || File::open(&self.path))?);
        Ok(match &self.cipher {
            None => Box::new(file),
            Some((key, iv)) => Box::new(DecryptingReader::new(file, key, *iv)?),
        })
    }

    fn on_disk(&self, file: File) -> OnDisk {
        OnDisk { file, path: self.path.clone(), disk: self.disk.clone() }
    }
}

/// An open file, all of whose bytes pass through [`Disk`].
struct OnDisk {
    file: File,
    path: PathBuf,
    disk: Disk,
}

impl Write for OnDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.run("write", &self.path, || self.file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for OnDisk {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.disk.run("read", &self.path, || self.file.read(bytes))
    }
}
