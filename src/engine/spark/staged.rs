//! Copies of files for the cluster: decrypted, unpacked, in UTF-8.

use std::cell::Cell;
use std::io::{Read, Write};

use crate::config::StagedFiles;
use crate::engine::EngineError;
use crate::engine::{FilePlan, Load, StagingFolder};
use crate::identity::Causes;
use crate::source::{Encoding, SourceError, is_packed};
use crate::store::StoreError;

use super::location::is_misread;

/// Bytes to copy at once.
const BLOCK_BYTES: u64 = 1 << 20;

/// The copies of a collection's day. They may hold in plain text what is encrypted in the source: they are deleted when this is
/// dropped, or by the next run if this one could not.
pub(super) struct Staged<'l> {
    load: &'l Load<'l>,
    /// None if the profile has no staging.
    folder: Option<&'l StagingFolder<'l>>,
    files: Cell<usize>,
}

/// Place from which the cluster reads a file.
pub(super) enum Copied {
    /// A copy at this location.
    To(String),
    /// The file itself.
    No,
    /// None: the file is an archive of several texts, each with its own header.
    SeveralTexts,
}

impl<'l> Staged<'l> {
    pub(super) fn of(load: &'l Load<'l>) -> Self {
        Self { load, folder: load.staging.as_ref(), files: Cell::new(0) }
    }

    /// Copies a file if that is needed and the profile has staging.
    pub(super) fn copy(&self, file: &FilePlan<'_>) -> Result<Copied, EngineError> {
        let Some(folder) = self.folder else { return Ok(Copied::No) };
        if folder.staging.files == StagedFiles::All || !self.is_plain(file)? { self.put(folder, file) } else { Ok(Copied::No) }
    }

    /// Returns a note for people on the copied files, if there are any.
    pub(super) fn note(&self) -> Option<String> {
        let (folder, files) = (self.folder?, self.files.get());
        let store = folder.staging.store.describe();
        (files > 0).then(|| format!("files copied for it to the store {store}, as plain text, until it had read them: {files}"))
    }

    /// Returns true if a cluster with the right to read the file could read it in place.
    fn is_plain(&self, file: &FilePlan<'_>) -> Result<bool, EngineError> {
        let load = self.load;
        let location = load.source.location(&file.key.object.key);
        if load.is_encrypted || load.reading.format.encoding() != Encoding::UTF_8 || is_misread(&location) {
            return Ok(false);
        }
        let mut first = Vec::new();
        let read = (self.load.open)(file.key)?.take(4).read_to_end(&mut first);
        read.map_err(|source| SourceError::Read { key: file.header.key.clone(), bytes: 0, source })?;
        Ok(!is_packed(&first))
    }

    fn put(&self, folder: &StagingFolder<'_>, file: &FilePlan<'_>) -> Result<Copied, EngineError> {
        let Some(mut text) = self.load.text(file)? else { return Ok(Copied::SeveralTexts) };
        let (store, number) = (&folder.staging.store, self.files.replace(self.files.get() + 1));
        let key = format!("{}/{number}.csv", folder.own());
        let mut upload = store.upload(&key, self.load.folder.tags());
        let (mut block, mut bytes) = (Vec::new(), 0);
        loop {
            self.load.stop.check()?;
            block.clear();
            let read = text.by_ref().take(BLOCK_BYTES).read_to_end(&mut block);
            let read = read.map_err(|source| SourceError::Read { key: file.header.key.clone(), bytes, source })?;
            if read == 0 {
                break;
            }
            upload.write_all(&block).map_err(|error| match error.downcast::<StoreError>() {
                Ok(error) => EngineError::from(error),
                Err(source) => EngineError::Copy { what: format!("`{key}`"), source },
            })?;
            bytes += read as u64;
        }
        upload.finish()?;
        Ok(Copied::To(store.location(&key)))
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        let Some(folder) = self.folder.filter(|_| self.files.get() > 0) else { return };
        if let Err(error) = folder.staging.store.delete_folder(&folder.own()) {
            tracing::warn!(
                event = "cleanup_failed", formerly = "not_removed", folder = folder.own(), error = %Causes(&error),
                "could not delete staged files; the next attempt deletes them"
            );
        }
    }
}

impl Load<'_> {
    /// Opens a file as text; `None` if it is an archive of several texts.
    pub(super) fn text(&self, file: &FilePlan<'_>) -> Result<Option<Box<dyn Read + Send>>, EngineError> {
        Ok(self.reading.format.only_text(&file.header.key, (self.open)(file.key)?)?)
    }
}
