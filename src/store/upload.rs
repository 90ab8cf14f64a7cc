//! Sending a local file, in parts. Nobody sees the object before it is whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path as FilePath;

use object_store::{PutMultipartOptions, TagSet, WriteMultipart};

use super::{Store, StoreError};

/// The size of the parts in which a file is sent. S3 takes 5 MiB to 5 GiB, at most 10,000 of them: files of up to 80 GiB.
const PART_BYTES: usize = 8 << 20;
/// Parts under way at the same time.
const IN_FLIGHT: usize = 2;

/// What an object is tagged with, where its store has tags: roles are given rights by them.
pub type Tags = BTreeMap<&'static str, String>;

impl Store {
    /// Sends a local file to `key`. The tags are part of the request that makes the object, so that it is never without them.
    /// What was sent is given up where it can't be ended.
    ///
    /// # Errors
    /// The file can't be read, or the store refuses it.
    pub fn put_file(&self, file: &FilePath, key: &str, tags: &Tags) -> Result<(), StoreError> {
        let mut set = TagSet::default();
        tags.iter().for_each(|(name, value)| set.push(name, value));
        let options = PutMultipartOptions { tags: set, ..PutMultipartOptions::default() };
        let upload = self.runtime.block_on(self.objects.put_multipart_opts(&super::objects::path(key), options));
        let mut writer =
            WriteMultipart::new_with_chunk_size(upload.map_err(|error| self.failed("write", key, error))?, PART_BYTES);
        match self.send(file, key, &mut writer) {
            Ok(()) => self.runtime.block_on(writer.finish()).map(drop).map_err(|error| self.failed("write", key, error)),
            Err(error) => {
                if let Err(left) = self.runtime.block_on(writer.abort()) {
                    tracing::warn!(event = "upload_not_aborted", store = self.name(), key, error = %left);
                }
                Err(error)
            }
        }
    }

    fn send(&self, file: &FilePath, key: &str, writer: &mut WriteMultipart) -> Result<(), StoreError> {
        let unreadable =
            |error: io::Error| StoreError::Scratch { action: "read", folder: file.display().to_string(), source: error };
        let mut reader = File::open(file).map_err(unreadable)?;
        loop {
            let mut part = Vec::with_capacity(PART_BYTES);
            let read = Read::by_ref(&mut reader).take(PART_BYTES as u64).read_to_end(&mut part).map_err(unreadable)?;
            if read == 0 {
                return Ok(());
            }
            let sent = self.runtime.block_on(async {
                writer.wait_for_capacity(IN_FLIGHT).await?;
                writer.put(part.into());
                Ok(())
            });
            sent.map_err(|error| self.failed("write", key, error))?;
        }
    }
}
