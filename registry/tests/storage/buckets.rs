//! Content in a bucket: what takes long there, and what it must be able to do.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use lanner_registry::store::{Store, StoreError};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Semaphore;

use crate::support::HANG;
use crate::{AT_ONCE, image, name, push_blob, push_manifest};

/// A bucket whose long writes begin when the test says so, or that ignores conditions.
#[derive(Debug)]
struct Bucket {
    inner: InMemory,
    long_writes: Semaphore,
    asked: Semaphore,
    conditional: bool,
}

impl Bucket {
    fn new(conditional: bool) -> Arc<Self> {
        let (long_writes, asked) = (Semaphore::new(0), Semaphore::new(0));
        Arc::new(Self { inner: InMemory::new(), long_writes, asked, conditional })
    }
}

impl std::fmt::Display for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a bucket")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Bucket {
    async fn put_opts(&self, to: &Path, payload: PutPayload, mut options: PutOptions) -> Result<PutResult> {
        if !self.conditional {
            options.mode = PutMode::Overwrite;
        }
        self.inner.put_opts(to, payload, options).await
    }

    async fn put_multipart_opts(&self, to: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.asked.add_permits(1);
        self.long_writes.acquire().await.expect("it is never closed").forget();
        self.inner.put_multipart_opts(to, options).await
    }

    async fn get_opts(&self, from: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(from, options).await
    }

    async fn get_ranges(&self, from: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(from, ranges).await
    }

    fn delete_stream(&self, all: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(all)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn nobody_waits_for_a_long_copy() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Bucket::new(true);
    let store = Store::open_objects(bucket.clone(), folder.path()).unwrap();
    let a = name("a");
    push_blob(&store, &a, b"{}").await.unwrap();
    let copying = tokio::spawn({
        let (store, a) = (store.clone(), a.clone());
        async move { push_blob(&store, &a, &vec![1; 3 << 20]).await }
    });
    bucket.asked.acquire().await.unwrap().forget();
    // A collection waits for those who have passed its gate, and everybody after it for the collection.
    let collecting = tokio::spawn({
        let store = store.clone();
        async move { store.collect(AT_ONCE).await }
    });
    tokio::time::timeout(HANG, collecting).await.expect("it waits for the copy").unwrap().unwrap();
    push_blob(&store, &a, b"{}").await.unwrap();
    push_manifest(&store, &a, &image(&[]), &["t"]).await.unwrap();
    assert!(!copying.is_finished());
    bucket.long_writes.add_permits(10);
    let large = copying.await.unwrap().unwrap();
    assert_eq!(store.blob(&a, &large).await.unwrap().unwrap().size, 3 << 20);
    assert_eq!(store.verify().await.unwrap().problems, []);
}

#[tokio::test]
async fn a_bucket_that_ignores_conditions_is_refused() {
    for conditional in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let bucket = Bucket::new(conditional);
        let store = Store::open_objects(bucket.clone(), folder.path()).unwrap();
        let checked = store.check_conditional_writes().await;
        assert_eq!(checked.is_ok(), conditional, "{checked:?}");
        assert!(conditional || matches!(checked, Err(StoreError::Unconditional)));
        assert!(bucket.list_with_delimiter(None).await.unwrap().objects.is_empty(), "nothing is left");
    }
}
