//! Blobs: the bytes once, and a link in each repository that has them.

use std::io::IoSliceMut;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload};
use rustix::io::{ReadWriteFlags, preadv2};
use tokio_util::io::ReaderStream;

use super::quota::Growth;
use super::writer::blocking;
use super::{Result, Store, StoreError, layout};
use crate::oci::{ByteRange, Digest, RepositoryName, Tag};

/// How much of a file is read at once, in bytes.
const READ: usize = 128 << 10;

/// A blob that is there.
#[derive(Clone, Debug)]
pub struct Blob {
    /// How long it is, in bytes.
    pub size: u64,
}

/// Bytes as they come from the storage.
pub type Content = BoxStream<'static, std::io::Result<Bytes>>;

impl Store {
    /// Whether a repository has a blob.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn blob(&self, name: &RepositoryName, digest: &Digest) -> Result<Option<Blob>> {
        let link = layout::blob_of(name, digest);
        if self.facts(&link).await?.is_none() {
            return Ok(None);
        }
        if self.0.gate.show(digest).await && self.facts(&link).await?.is_none() {
            return Ok(None);
        }
        self.blob_anywhere(digest).await
    }

    /// Whether any repository has it.
    pub(super) async fn blob_anywhere(&self, digest: &Digest) -> Result<Option<Blob>> {
        Ok(self.facts(&layout::blob(digest)).await?.map(|facts| Blob { size: facts.size }))
    }

    /// The bytes of a blob, or a part of them. Whether the repository has it was asked before.
    ///
    /// # Errors
    /// The storage fails; also while the bytes are read.
    pub async fn open(&self, digest: &Digest, range: Option<ByteRange>) -> Result<Content> {
        let length = range.as_ref().map(|range| range.end - range.start);
        let start = range.as_ref().map_or(0, |range| range.start);
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.0.objects.get_opts(&layout::blob(digest), options).await?;
        Ok(content(found, start, length))
    }

    /// A repository that has a blob, among those that are `allowed`: `near` if it has it, or the first that does.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn holder(
        &self,
        near: &RepositoryName,
        digest: &Digest,
        allowed: impl Fn(&RepositoryName) -> bool,
    ) -> Result<Option<RepositoryName>> {
        if self.blob_anywhere(digest).await?.is_none() {
            return Ok(None);
        }
        if allowed(near) && self.facts(&layout::blob_of(near, digest)).await?.is_some() {
            return Ok(Some(near.clone()));
        }
        // All repositories are walked through: one request at a time, or a few clients could keep the disk busy.
        let _turn = self.0.walking.lock().await;
        for name in self.repositories().await?.into_iter().filter(allowed) {
            if self.facts(&layout::blob_of(&name, digest)).await?.is_some() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Gives a repository a blob of another one; whether that has it.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn mount(&self, from: &RepositoryName, to: &RepositoryName, digest: &Digest) -> Result<bool> {
        let passage = self.0.gate.pass().await;
        passage.keep(digest);
        let there = self.blob(from, digest).await?;
        if let Some(blob) = &there {
            self.usage().grow(to, self.growth(to, digest, blob.size).await?)?;
            self.link(to, digest).await?;
        }
        Ok(there.is_some())
    }

    /// Gives a repository a blob that any other one has, if one has it: the caller knows that it may have it.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn share(&self, to: &RepositoryName, digest: &Digest) -> Result<Option<Blob>> {
        let passage = self.0.gate.pass().await;
        passage.keep(digest);
        let there = self.blob_anywhere(digest).await?;
        if let Some(blob) = &there {
            self.usage().grow(to, self.growth(to, digest, blob.size).await?)?;
            self.link(to, digest).await?;
        }
        Ok(there)
    }

    /// Keeps a small blob whose digest was checked.
    pub(super) async fn put_blob(&self, name: &RepositoryName, digest: &Digest, pieces: Vec<Bytes>) -> Result<()> {
        let passage = self.0.gate.pass().await;
        passage.keep(digest);
        let size = pieces.iter().map(|piece| piece.len() as u64).sum();
        let growth = self.growth(name, digest, size).await?;
        self.usage().grow(name, growth)?;
        let written = async {
            match self.blob_anywhere(digest).await? {
                Some(_) => self.sync_blob(digest).await?,
                None => {
                    self.write(&layout::blob(digest), pieces, true).await?;
                }
            }
            self.link(name, digest).await
        };
        written.await.inspect_err(|_| self.usage().shrink(name, growth))
    }

    /// Notes that a repository has a blob.
    pub(super) async fn link(&self, name: &RepositoryName, digest: &Digest) -> Result<()> {
        let path = layout::blob_of(name, digest);
        if self.0.local && self.link_file(&path).await? {
            return Ok(());
        }
        if self.facts(&path).await?.is_none() {
            self.write(&path, [], true).await?;
        }
        Ok(())
    }

    /// A link as a file: that there is nothing in it needs no sync but its folder's, also if it is there already: whoever
    /// made it may not have come to that. Whether the folder was there.
    async fn link_file(&self, path: &object_store::path::Path) -> Result<bool> {
        let file = self.0.root.join(path.as_ref());
        blocking(move || match std::fs::File::create(&file) {
            Ok(_) => sync_folder_of(&file).map(|()| true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(super::at(&file)(error)),
        })
        .await
    }

    /// The bytes of a blob are there: another request may have made them and not have come to the sync.
    async fn sync_blob(&self, digest: &Digest) -> Result<()> {
        if !self.0.local {
            return Ok(());
        }
        let file = self.0.root.join(layout::blob(digest).as_ref());
        blocking(move || sync_folder_of(&file)).await
    }

    /// Takes a blob away from a repository; whether it had it. The bytes stay until they are collected.
    ///
    /// # Errors
    /// An immutable tag leads to it, or the storage fails.
    pub async fn delete_blob(
        &self,
        name: &RepositoryName,
        digest: &Digest,
        immutable: impl Fn(&Tag) -> bool,
    ) -> Result<bool> {
        let _alone = self.0.gate.alone(name).await;
        self.refuse_immutable(name, digest, immutable).await?;
        let removed = self.remove(&layout::blob_of(name, digest)).await?;
        if removed && self.usage().is_limited() {
            let size = self.blob_anywhere(digest).await?.map_or(0, |blob| blob.size);
            self.usage().shrink(name, Growth::shared(size));
        }
        Ok(removed)
    }

    /// Moves a whole, verified and synced file in its place; not if the blob is there, or is kept elsewhere than files.
    /// Whether it did.
    pub(super) async fn adopt(&self, file: &std::path::Path, size: u64, digest: &Digest) -> Result<bool> {
        let to = layout::blob(digest);
        if self.blob_anywhere(digest).await?.is_some() {
            return self.sync_blob(digest).await.map(|()| false);
        }
        if self.0.local {
            use object_store::ObjectStoreExt as _;
            let from = file.strip_prefix(&self.0.root).expect("uploads lie below the root");
            let from = object_store::path::Path::from_iter(from.iter().map(|part| part.to_string_lossy().into_owned()));
            let _staying = self.0.uploads.folders.read().await;
            self.objects().rename(&from, &to).await?;
            return Ok(true);
        }
        self.copy_out(file, size, digest).await.map(|()| false)
    }

    /// Sends a file to the object store, part by part; it appears when the last one is there.
    pub(super) async fn copy_out(&self, file: &std::path::Path, size: u64, digest: &Digest) -> Result<()> {
        use object_store::ObjectStoreExt as _;
        /// What S3 takes at least.
        const PART: u64 = 8 << 20;
        const AT_ONCE: usize = 2;
        let source = tokio::fs::File::open(file).await.map_err(super::at(file))?;
        let upload = self.objects().put_multipart(&layout::blob(digest)).await?;
        let mut writer = object_store::WriteMultipart::new_with_chunk_size(upload, part_of(size, PART));
        let mut parts = ReaderStream::with_capacity(source, READ);
        while let Some(bytes) = parts.next().await {
            let bytes = bytes.map_err(super::at(file))?;
            writer.wait_for_capacity(AT_ONCE).await?;
            writer.put(bytes);
        }
        writer.finish().await.map(drop).map_err(StoreError::from)
    }
}

/// The bytes of an object, of which all from `start` on was asked for, or `length` of these.
pub(super) fn content(found: GetResult, start: u64, length: Option<u64>) -> Content {
    match found.payload {
        GetResultPayload::File(file, _) => read(file, start, length.unwrap_or(u64::MAX)).boxed(),
        GetResultPayload::Stream(stream) => stream.map_err(std::io::Error::from).boxed(),
    }
}

fn sync_folder_of(file: &std::path::Path) -> Result<()> {
    let folder = file.parent().expect("it lies in a folder");
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(super::at(folder))
}

/// What a file holds, from `start` on. What is in the page cache is read at once: handing it from a thread that may wait
/// to the one that sends it costs more than reading it.
fn read(file: std::fs::File, start: u64, length: u64) -> impl Stream<Item = std::io::Result<Bytes>> {
    let file = Arc::new(file);
    futures_util::stream::try_unfold((file, start, length), async |(file, at, left)| {
        let wanted = usize::try_from(left).unwrap_or(READ).min(READ);
        if wanted == 0 {
            return Ok(None);
        }
        let bytes = match read_cached(&file, at, wanted) {
            Some(bytes) => bytes,
            None => {
                let file = file.clone();
                let read = tokio::task::spawn_blocking(move || {
                    let mut bytes = BytesMut::zeroed(wanted);
                    let count = file.read_at(&mut bytes, at)?;
                    bytes.truncate(count);
                    Ok::<_, std::io::Error>(bytes)
                });
                read.await.map_err(std::io::Error::other)??
            }
        };
        let count = bytes.len() as u64;
        Ok((count > 0).then(|| (bytes.freeze(), (file, at + count, left - count))))
    })
}

/// What can be had without waiting for the disk; `None` if that is nothing.
fn read_cached(file: &std::fs::File, at: u64, wanted: usize) -> Option<BytesMut> {
    let mut bytes = BytesMut::zeroed(wanted);
    let read = preadv2(file, &mut [IoSliceMut::new(&mut bytes)], at, ReadWriteFlags::NOWAIT);
    let count = read.ok().filter(|count| *count > 0)?;
    bytes.truncate(count);
    Some(bytes)
}

/// S3 takes at most 10,000 parts.
fn part_of(size: u64, least: u64) -> usize {
    const MOST_PARTS: u64 = 9_000;
    usize::try_from(least.max(size / MOST_PARTS)).unwrap_or(usize::MAX)
}
