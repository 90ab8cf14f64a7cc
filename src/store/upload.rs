//! Upload of an object, sent in parts while it is written. Readers do not see the object before it is complete.

use std::collections::BTreeMap;
use std::io::{self, Write};

use object_store::{Attribute, AttributeValue, Attributes, PutMultipartOptions, PutOptions, PutPayload, TagSet, WriteMultipart};

use super::object::path;
use super::{Metadata, ScratchFile, Store, StoreError};

/// Parts under way at the same time.
const IN_FLIGHT: usize = 2;

/// Tags of an object, if its store has tags: roles are granted rights by them.
pub type Tags = BTreeMap<&'static str, String>;

/// An upload of an object. If it is dropped before it is finished, the sent parts are discarded.
///
/// Its errors as a [`Write`] contain a [`StoreError`].
pub struct Upload {
    store: Store,
    key: String,
    tags: TagSet,
    attributes: Attributes,
    part: Vec<u8>,
    /// Begun with the first full part: a smaller object is sent in one request.
    sent: Option<WriteMultipart>,
}

impl Store {
    /// Begins the object `key`. The tags are part of the request that creates it, so that it is never without them.
    pub fn upload(&self, key: &str, tags: &Tags) -> Upload {
        self.upload_described(key, tags, &Metadata::new())
    }

    /// Like [`upload`](Self::upload), with metadata. A folder keeps none.
    fn upload_described(&self, key: &str, tags: &Tags, metadata: &Metadata) -> Upload {
        let mut set = TagSet::default();
        for (name, value) in tags {
            set.push(name, value);
        }
        let attribute =
            |(name, value): (&String, &String)| (Attribute::Metadata(name.clone().into()), AttributeValue::from(value.clone()));
        let attributes = metadata.iter().filter(|_| self.local_folder().is_none()).map(attribute).collect();
        Upload { store: self.clone(), key: key.to_owned(), tags: set, attributes, part: Vec::new(), sent: None }
    }

    /// Sends a local file to `key`.
    ///
    /// # Errors
    /// The file can't be read, or the store refuses it.
    pub fn put_file(&self, file: &ScratchFile, key: &str, tags: &Tags) -> Result<(), StoreError> {
        self.put_described(file, key, tags, &Metadata::new())
    }

    /// Like [`put_file`](Self::put_file), with metadata. A folder keeps none.
    ///
    /// # Errors
    /// As those of [`put_file`](Self::put_file).
    pub fn put_described(&self, file: &ScratchFile, key: &str, tags: &Tags, metadata: &Metadata) -> Result<(), StoreError> {
        let unreadable =
            |error: io::Error| StoreError::Scratch { action: "read", folder: file.path().display().to_string(), source: error };
        let mut upload = self.upload_described(key, tags, metadata);
        let mut reader = file.open().map_err(unreadable)?;
        let copied = io::copy(&mut reader, &mut upload);
        copied.map_err(|error| error.downcast().unwrap_or_else(unreadable))?;
        upload.finish()
    }
}

impl Upload {
    /// Creates the object from the written bytes; nothing may be written afterwards.
    ///
    /// # Errors
    /// The store refuses the object; then none exists.
    pub fn finish(&mut self) -> Result<(), StoreError> {
        let part = std::mem::take(&mut self.part);
        let (runtime, objects) = (self.store.runtime, &self.store.objects);
        let finished = match self.sent.take() {
            Some(mut sent) => runtime.block_on(async {
                sent.put(part.into());
                sent.finish().await
            }),
            None => {
                let (tags, attributes) = (std::mem::take(&mut self.tags), std::mem::take(&mut self.attributes));
                let options = PutOptions { tags, attributes, ..PutOptions::default() };
                runtime.block_on(objects.put_opts(&path(&self.key), PutPayload::from(part), options))
            }
        };
        finished.map(drop).map_err(|error| self.failed(error))
    }

    /// Sends a full part, as soon as few enough are in flight.
    fn send(&mut self) -> Result<(), StoreError> {
        let mut sent = match self.sent.take() {
            Some(sent) => sent,
            None => self.begin()?,
        };
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(self.store.part_bytes));
        let has_room = self.store.runtime.block_on(async {
            sent.wait_for_capacity(IN_FLIGHT).await?;
            sent.put(part.into());
            Ok(())
        });
        self.sent = Some(sent);
        has_room.map_err(|error| self.failed(error))
    }

    fn begin(&self) -> Result<WriteMultipart, StoreError> {
        let options = PutMultipartOptions {
            tags: self.tags.clone(),
            attributes: self.attributes.clone(),
            ..PutMultipartOptions::default()
        };
        let path = path(&self.key);
        let begun = self.store.runtime.block_on(self.store.objects.put_multipart_opts(&path, options));
        Ok(WriteMultipart::new_with_chunk_size(begun.map_err(|error| self.failed(error))?, self.store.part_bytes))
    }

    fn failed(&self, error: object_store::Error) -> StoreError {
        self.store.failed("write", &self.key, error)
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(self.store.part_bytes - self.part.len());
        self.part.extend_from_slice(&bytes[..count]);
        if self.part.len() == self.store.part_bytes {
            self.send().map_err(io::Error::other)?;
        }
        Ok(count)
    }

    /// Parts are sent when they are full, and the last with [`finish`](Upload::finish).
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(sent) = self.sent.take() else { return };
        if let Err(error) = self.store.runtime.block_on(sent.abort()) {
            tracing::warn!(
                event = "upload_not_aborted", store = self.store.name(), key = self.key, %error,
                "could not abort an upload"
            );
        }
    }
}
