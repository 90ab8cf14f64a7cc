//! Files that the source has sent twice under two names: the same bytes, which count once.

use std::io::Read;

use sha2::{Digest, Sha256};

use crate::report::shortened;
use crate::source::{SourceError, SourceKey};
use crate::store::Store;

use super::context::Context;
use crate::jobs::run::JobError;

/// Removes the files that have the same content as an earlier one. Returns the others, and a note if there are such files.
///
/// # Errors
/// A local file can't be read.
pub(super) fn distinct(context: &Context<'_>, keys: Vec<SourceKey>) -> Result<(Vec<SourceKey>, Option<String>), JobError> {
    let mut kept: Vec<SourceKey> = Vec::with_capacity(keys.len());
    let mut same = Vec::new();
    for key in keys {
        let mut alike = kept.iter().filter(|other| other.object.size == key.object.size && key.object.size > 0);
        let found = alike.find_map(|other| match is_same(&context.source, other, &key) {
            Ok(true) => Some(Ok(other.object.key.clone())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        });
        match found.transpose()? {
            Some(other) => same.push(format!("`{}` as `{other}`", key.object.key)),
            None => kept.push(key),
        }
    }
    let note = (!same.is_empty()).then(|| format!("files with the same content, read once: {}", shortened(same.join(", "))));
    Ok((kept, note))
}

/// Returns true if two files of one size have the same content: by the tags of an object store, which are those of the content,
/// or by their bytes in a local folder.
fn is_same(source: &Store, one: &SourceKey, other: &SourceKey) -> Result<bool, JobError> {
    if source.local_folder().is_none() {
        return Ok(one.object.etag.is_some() && one.object.etag == other.object.etag);
    }
    Ok(hash(source, one)? == hash(source, other)?)
}

fn hash(source: &Store, key: &SourceKey) -> Result<Vec<u8>, JobError> {
    let mut bytes = source.open_object(&key.object)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read =
            bytes.read(&mut buffer).map_err(|source| SourceError::Read { key: key.object.key.clone(), bytes: 0, source })?;
        if read == 0 {
            return Ok(hash.finalize().to_vec());
        }
        hash.update(&buffer[..read]);
    }
}
