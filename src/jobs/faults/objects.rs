//! Objects behind the gate.

use std::fmt;
use std::future::ready;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use super::call::{Call, Process, nothing};

/// A store as a process reaches it.
#[derive(Debug, Clone)]
pub(super) struct GatedObjects {
    pub inner: Arc<dyn ObjectStore>,
    pub process: Process,
    pub name: &'static str,
    /// Folder of the store, if it is on this machine.
    pub folder: Option<PathBuf>,
}

impl GatedObjects {
    fn call(&self, action: &'static str, on: impl ToString) -> Call {
        Call { service: self.name, action, on: on.to_string() }
    }

    /// Leaves the partial file of a local store whose process died in the middle of a write.
    fn half_written(&self, location: &Path, payload: &PutPayload) {
        let Some(folder) = &self.folder else { return };
        let file = folder.join(format!("{location}#1"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let bytes: Vec<u8> = payload.iter().flatten().copied().collect();
        std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    }
}

fn failed(reason: String) -> object_store::Error {
    object_store::Error::Generic { store: "gate", source: reason.into() }
}

impl fmt::Display for GatedObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} behind the gate", self.name)
    }
}

#[async_trait]
impl ObjectStore for GatedObjects {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let act = || self.inner.put_opts(location, payload.clone(), options.clone());
        self.process.pass(self.call("put", location), failed, act, || self.half_written(location, &payload)).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let act = || self.inner.put_multipart_opts(location, options.clone());
        let inner = self.process.pass(self.call("begin upload", location), failed, act, nothing).await?;
        Ok(Box::new(GatedUpload { inner, objects: self.clone(), location: location.clone() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let act = || self.inner.get_opts(location, options.clone());
        self.process.pass(self.call("get", location), failed, act, nothing).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let objects = self.clone();
        let delete = move |location: Path| {
            let objects = objects.clone();
            async move {
                let act = || objects.inner.delete(&location);
                objects.process.pass(objects.call("delete", &location), failed, act, nothing).await?;
                Ok(location)
            }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (objects, prefix) = (self.clone(), prefix.cloned());
        let listed = async move {
            let call = objects.call("list", prefix.clone().unwrap_or_default());
            let act = || objects.inner.list(prefix.as_ref()).try_collect::<Vec<_>>();
            objects.process.pass(call, failed, act, nothing).await.map(|found| stream::iter(found.into_iter().map(Ok)))
        };
        stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let call = self.call("list folders", prefix.cloned().unwrap_or_default());
        self.process.pass(call, failed, || self.inner.list_with_delimiter(prefix), nothing).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let act = || self.inner.copy_opts(from, to, options.clone());
        self.process.pass(self.call("copy", to), failed, act, nothing).await
    }
}

/// An unfinished upload.
#[derive(Debug)]
struct GatedUpload {
    inner: Box<dyn MultipartUpload>,
    objects: GatedObjects,
    location: Path,
}

#[async_trait]
impl MultipartUpload for GatedUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (objects, call) = (self.objects.clone(), self.objects.call("put part", &self.location));
        // A part has its number: twice the same is once.
        let mut part = Some(self.inner.put_part(data));
        async move { objects.process.pass(call, failed, || part.take().unwrap_or(ready(Ok(())).boxed()), nothing).await }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Self { inner, objects, location } = self;
        let mut completed = Some(inner.complete());
        // As S3 answers whoever completes twice.
        let gone = || ready(Err(failed("no such upload".to_owned()))).boxed();
        let call = objects.call("complete upload", &*location);
        objects.process.pass(call, failed, || completed.take().unwrap_or_else(gone), nothing).await
    }

    async fn abort(&mut self) -> Result<()> {
        let Self { inner, objects, location } = self;
        let mut act = Some(inner.abort());
        let call = objects.call("abort upload", &*location);
        objects.process.pass(call, failed, || act.take().unwrap_or(ready(Ok(())).boxed()), nothing).await
    }
}
