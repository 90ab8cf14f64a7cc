//! Sending a local file, in parts. Nobody sees the object before it is whole.

use std::collections::BTreeMap;
use std::io::{self, Read};

use object_store::{Attribute, AttributeValue, Attributes, PutMultipartOptions, TagSet, WriteMultipart};

use super::{Metadata, ScratchFile, Store, StoreError};

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
    pub fn put_file(&self, file: &ScratchFile, key: &str, tags: &Tags) -> Result<(), StoreError> {
        self.put_described(file, key, tags, &Metadata::new())
    }

    /// The same, with metadata. A folder keeps none.
    ///
    /// # Errors
    /// As those of [`put_file`](Self::put_file).
    pub fn put_described(&self, file: &ScratchFile, key: &str, tags: &Tags, metadata: &Metadata) -> Result<(), StoreError> {
        let mut set = TagSet::default();
        tags.iter().for_each(|(name, value)| set.push(name, value));
        let attribute =
            |(name, value): (&String, &String)| (Attribute::Metadata(name.clone().into()), AttributeValue::from(value.clone()));
        let attributes: Attributes = metadata.iter().filter(|_| self.local_folder().is_none()).map(attribute).collect();
        let options = PutMultipartOptions { tags: set, attributes, ..PutMultipartOptions::default() };
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

    fn send(&self, file: &ScratchFile, key: &str, writer: &mut WriteMultipart) -> Result<(), StoreError> {
        let unreadable =
            |error: io::Error| StoreError::Scratch { action: "read", folder: file.path().display().to_string(), source: error };
        let mut reader = file.open().map_err(unreadable)?;
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
