//! Download of a service's object: parallel ranges, all of the listed version, compared with its checksum.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures::stream::{self, StreamExt};
use object_store::path::Path;
use object_store::{Attribute, Attributes, Extensions, GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::answer::AnswerHeaders;
use super::checksum::{Checksum, Sum};
use super::object::info;
use super::{Metadata, ObjectInfo, StoreError};

/// Bytes of one request. S3 responds after some tens of milliseconds, and serves some tens of MiB a second over one connection:
/// many small requests are faster than few large ones, and hold no more.
const RANGE_BYTES: u64 = 1 << 20;
/// Maximum requests at the same time; as many ranges are held in memory, and one more that is being read.
const IN_FLIGHT: usize = 16;

/// Reads `object`, which was listed before.
pub(super) struct Download {
    store: String,
    key: String,
    ranges: mpsc::Receiver<object_store::Result<Bytes>>,
    ready: Bytes,
    left: u64,
    checksum: Option<(Checksum, Sum)>,
}

impl Download {
    /// Creates a download of an object that came in one response.
    pub(super) fn of_whole(store: &str, key: &str, whole: Whole, verify_etag: bool) -> (Self, Metadata) {
        let Whole { head, bytes } = whole;
        let checksum = told(&head, verify_etag).map(|checksum| (checksum.clone(), checksum.begin()));
        let (sender, ranges) = mpsc::channel(1);
        // There is room for one.
        let _ = sender.try_send(Ok(bytes));
        let (store, key, left) = (store.to_owned(), key.to_owned(), head.meta.size);
        (Self { store, key, ranges, ready: Bytes::new(), left, checksum }, metadata(&head))
    }

    /// Requests the object's current state; fails if it is no longer as listed.
    pub(super) fn begin(
        runtime: &Runtime,
        objects: &Arc<dyn ObjectStore>,
        store: &str,
        path: Path,
        object: &ObjectInfo,
        verify_etag: bool,
    ) -> Result<(Self, Metadata), StoreError> {
        let failed = |error| StoreError::from_objects(error, "read", store, &object.key);
        if comes_whole(object) {
            let whole = runtime.block_on(whole(Arc::clone(objects), path, object.clone())).map_err(failed)?;
            return Ok(Self::of_whole(store, &object.key, whole, verify_etag));
        }
        let now =
            runtime.block_on(objects.get_opts(&path, GetOptions { head: true, ..GetOptions::default() })).map_err(failed)?;
        let now = Head { meta: now.meta, attributes: now.attributes, extensions: now.extensions };
        if !object.is(&info(now.meta.clone())) {
            return Err(StoreError::Changed { store: store.to_owned(), key: object.key.clone() });
        }
        let (sender, ranges) = mpsc::channel(1);
        runtime.spawn(fetch(Arc::clone(objects), path, now.meta.clone(), sender));
        let checksum = told(&now, verify_etag).map(|checksum| (checksum.clone(), checksum.begin()));
        let (store, key, left) = (store.to_owned(), object.key.clone(), object.size);
        Ok((Self { store, key, ranges, ready: Bytes::new(), left, checksum }, metadata(&now)))
    }

    /// Returns the next range; `None` at the end, where the bytes must be complete and match the checksum.
    fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        let (store, key) = (self.store.clone(), self.key.clone());
        match self.ranges.blocking_recv() {
            Some(Ok(bytes)) => {
                self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| StoreError::Damaged {
                    store,
                    key,
                    what: "more bytes came than it has".to_owned(),
                })?;
                if let Some((_, sum)) = &mut self.checksum {
                    sum.add(&bytes);
                }
                Ok(Some(bytes))
            }
            Some(Err(error)) => Err(StoreError::from_objects(error, "read", &store, &key)),
            None if self.left > 0 => {
                Err(StoreError::Damaged { store, key, what: format!("{} bytes are missing at its end", self.left) })
            }
            None => match self.checksum.take() {
                Some((checksum, sum)) => {
                    checksum.compare(sum).map(|()| None).map_err(|what| StoreError::Damaged { store, key, what })
                }
                None => Ok(None),
            },
        }
    }
}

/// Returns true if an object is requested in one request, which fails if the object is no longer as listed.
pub(super) fn comes_whole(object: &ObjectInfo) -> bool {
    object.size <= RANGE_BYTES && object.etag.is_some()
}

/// An object and its description, from one response.
pub(super) struct Whole {
    head: Head,
    bytes: Bytes,
}

/// A response without its bytes.
pub(super) struct Head {
    meta: ObjectMeta,
    attributes: Attributes,
    extensions: Extensions,
}

/// Reads a small object completely.
pub(super) async fn whole(objects: Arc<dyn ObjectStore>, path: Path, object: ObjectInfo) -> object_store::Result<Whole> {
    let answer = objects.get_opts(&path, GetOptions { if_match: object.etag.clone(), ..GetOptions::default() }).await?;
    let head = Head { meta: answer.meta.clone(), attributes: answer.attributes.clone(), extensions: answer.extensions.clone() };
    if !object.is(&info(head.meta.clone())) {
        let source = "it is no longer what was listed".into();
        return Err(object_store::Error::Precondition { path: path.to_string(), source });
    }
    Ok(Whole { head, bytes: answer.bytes().await? })
}

/// Returns the metadata that the writer gave the object, with names in lower case.
fn metadata(head: &Head) -> Metadata {
    let own = head.attributes.iter().filter_map(|(attribute, value)| match attribute {
        Attribute::Metadata(name) => Some((name.to_lowercase(), value.to_string())),
        _ => None,
    });
    own.collect()
}

fn told(head: &Head, verify_etag: bool) -> Option<Checksum> {
    Checksum::told(&head.extensions.get::<AnswerHeaders>()?.0, verify_etag)
}

/// Sends the ranges in order, until the reader is dropped. Each is a separate task, so that it is received while another is
/// awaited, and while the reader is busy.
async fn fetch(objects: Arc<dyn ObjectStore>, path: Path, object: ObjectMeta, sender: mpsc::Sender<object_store::Result<Bytes>>) {
    let starts = (0..object.size).step_by(usize::try_from(RANGE_BYTES).unwrap_or(usize::MAX));
    let requests = starts.map(|start| {
        let range = GetRange::Bounded(start..object.size.min(start + RANGE_BYTES));
        let options = GetOptions { if_match: object.e_tag.clone(), range: Some(range), ..GetOptions::default() };
        let (objects, path) = (Arc::clone(&objects), path.clone());
        // Begun at once, and ended where the set is dropped.
        let mut task = JoinSet::new();
        task.spawn(async move { objects.get_opts(&path, options).await?.bytes().await });
        async move { task.join_next().await }
    });
    let mut ranges = stream::iter(requests).buffered(IN_FLIGHT);
    while let Some(Some(range)) = ranges.next().await {
        let range = range.unwrap_or_else(|source| Err(object_store::Error::JoinError { source }));
        let is_last = range.is_err();
        if sender.send(range).await.is_err() || is_last {
            return;
        }
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            match self.next() {
                Ok(Some(bytes)) => self.ready = bytes,
                Ok(None) => return Ok(0),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        let count = buffer.len().min(self.ready.len());
        self.ready.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
