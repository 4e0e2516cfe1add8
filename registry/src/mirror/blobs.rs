//! Blobs of the other registry: each is fetched once, into an upload of the storage, and whoever waits for it reads that
//! file while it grows. How fast one client reads is nothing to the others, and nothing of it is held in memory.

use std::convert::Infallible;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::{Method, Response, StatusCode};
use tokio::sync::{Semaphore, watch};

use super::counters::Counters;
use super::error::MirrorError;
use super::flight::{Asked, Landing};
use super::upstream::unreachable;
use super::{Key, Mirror};
use crate::oci::{ByteRange, Digest, OciError, RepositoryName};
use crate::store::{Announced, Blob, Content, Store, UploadId};

/// How many blobs are fetched at once; more wait.
const AT_ONCE: usize = 64;
/// How many pieces of what the connection brought are written at once.
const PIECES: usize = 16;
/// How much is read for a client at once, in bytes.
const READ: u64 = 256 << 10;

/// Blobs that are being fetched.
pub(super) struct Downloads {
    under_way: Asked<Key, watch::Receiver<Progress>>,
    places: Semaphore,
}

impl Default for Downloads {
    fn default() -> Self {
        Self { under_way: Asked::default(), places: Semaphore::new(AT_ONCE) }
    }
}

/// How far it is.
#[derive(Clone)]
enum Progress {
    Asked,
    /// So many bytes are in the file.
    Arriving(Arc<Arrival>, u64),
    /// It was all of this length, is what it should be, and is in the storage.
    Kept(u64),
    Failed(MirrorError),
}

/// What arrives.
struct Arrival {
    /// Open, so that it can be read on when it has been moved.
    file: std::fs::File,
    /// How long it will be, in bytes, if the registry says so.
    size: Option<u64>,
}

/// A blob that can be pulled.
pub struct Found {
    /// How long it is, in bytes; not known where the other registry does not say it.
    pub size: Option<u64>,
    source: Source,
}

enum Source {
    Stored,
    Arriving(Arc<Arrival>, watch::Receiver<Progress>),
    /// Only asked for.
    There,
}

/// The bytes of a blob, as a client is sent them.
pub type Opened = Content;

impl From<Blob> for Found {
    fn from(blob: Blob) -> Self {
        Self { size: Some(blob.size), source: Source::Stored }
    }
}

impl Found {
    /// The bytes, or a part of them. What is still arriving ends with an error if it turns out to be something else: its
    /// last byte is not given before.
    ///
    /// # Errors
    /// The storage fails; also while the bytes are read. That of a blob that was only asked about is empty.
    pub async fn open(self, store: &Store, digest: &Digest, range: Option<ByteRange>) -> Result<Opened, OciError> {
        match self.source {
            Source::Stored => Ok(store.open(digest, range).await?),
            Source::Arriving(arrival, progress) => Ok(follow(arrival, progress, range)),
            Source::There => Ok(stream::empty().boxed()),
        }
    }
}

impl Mirror {
    /// A blob, if the other registry has it; `only_facts` if its bytes are not wanted.
    ///
    /// # Errors
    /// The other registry did not answer as it should, or the storage fails.
    pub async fn blob(
        &self,
        name: &RepositoryName,
        digest: &Digest,
        only_facts: bool,
    ) -> Result<Option<Found>, OciError> {
        if let Some(blob) = self.0.store.blob(name, digest).await? {
            Counters::add(&self.0.counters.hits, 1);
            if !only_facts {
                self.used(name, digest).await;
            }
            return Ok(Some(blob.into()));
        }
        let found = match only_facts {
            true => self.facts(name, digest).await,
            false => self.arriving(name, digest).await,
        };
        self.answer(found)
    }

    async fn facts(&self, name: &RepositoryName, digest: &Digest) -> Result<Found, MirrorError> {
        Counters::add(&self.0.counters.misses, 1);
        let asked = match self.ask_blob(Method::HEAD, name, digest).await {
            // Its body is not read.
            Err(error) if error.may_be_of_a_head() => self.ask_blob(Method::GET, name, digest).await,
            asked => asked,
        };
        let response = asked.inspect_err(|error| self.failed(name, error))?;
        // The length of the body is another: it has none.
        let size = response.headers().get(reqwest::header::CONTENT_LENGTH);
        let size = size.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
        Ok(Found { size, source: Source::There })
    }

    async fn ask_blob(&self, method: Method, name: &RepositoryName, digest: &Digest) -> Result<Response, MirrorError> {
        let there = self.there(name)?;
        let url = self.0.upstream.url(&there, format_args!("blobs/{digest}"));
        let response = self.0.upstream.ask(method, &there, url, reqwest::header::HeaderMap::new()).await?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(MirrorError::Failed(status, None)),
        }
    }

    async fn arriving(&self, name: &RepositoryName, digest: &Digest) -> Result<Found, MirrorError> {
        let mut progress = self.download(name, digest);
        let begun = progress.wait_for(|progress| !matches!(progress, Progress::Asked)).await;
        let begun = begun.map_err(|_| MirrorError::Ending)?.clone();
        match begun {
            Progress::Asked => Err(MirrorError::Ending),
            Progress::Arriving(arrival, _) => {
                Ok(Found { size: arrival.size, source: Source::Arriving(arrival, progress) })
            }
            Progress::Kept(size) => Ok(Found { size: Some(size), source: Source::Stored }),
            Progress::Failed(error) => Err(error),
        }
    }

    /// Fetches a blob if it is not there, and waits until it is kept.
    pub(super) async fn keep(&self, name: &RepositoryName, digest: &Digest) -> Result<(), MirrorError> {
        if self.0.store.blob(name, digest).await?.is_some() {
            return Ok(());
        }
        let mut progress = self.download(name, digest);
        let ended = progress.wait_for(|progress| matches!(progress, Progress::Kept(_) | Progress::Failed(_))).await;
        match ended.map_err(|_| MirrorError::Ending)?.clone() {
            Progress::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Joins a download, or begins one. It goes on to its end even if nobody waits for it any more.
    fn download(&self, name: &RepositoryName, digest: &Digest) -> watch::Receiver<Progress> {
        let key = (name.clone(), digest.clone());
        let Downloads { under_way, .. } = &self.0.downloads;
        let mut downloads = under_way.lock().expect("nothing panics while it is held");
        if let Some(progress) = downloads.get(&key) {
            Counters::add(&self.0.counters.joins, 1);
            return progress.clone();
        }
        Counters::add(&self.0.counters.misses, 1);
        let (sender, progress) = watch::channel(Progress::Asked);
        let landing = Landing(under_way.clone(), key.clone());
        let mirror = self.clone();
        tokio::spawn(async move {
            let landing = landing;
            let (name, digest) = &landing.1;
            let end = match mirror.bring(name, digest, &sender).await {
                Ok(size) => Progress::Kept(size),
                Err(error) => {
                    mirror.failed(name, &error);
                    Progress::Failed(error)
                }
            };
            let size = if let Progress::Kept(size) = &end { *size } else { 0 };
            sender.send_replace(end);
            // Whoever waits has it, and comes again for the next one.
            drop(landing);
            mirror.grew(size).await;
        });
        downloads.insert(key, progress.clone());
        progress
    }

    /// Fetches a blob and keeps it; how long it is.
    async fn bring(
        &self,
        name: &RepositoryName,
        digest: &Digest,
        progress: &watch::Sender<Progress>,
    ) -> Result<u64, MirrorError> {
        let Self(mirror) = self;
        let _place = mirror.downloads.places.acquire().await.map_err(|_| MirrorError::Ending)?;
        // Who was asked just before may have brought it.
        if let Some(blob) = mirror.store.blob(name, digest).await? {
            return Ok(blob.size);
        }
        let response = self.ask_blob(Method::GET, name, digest).await?;
        // The other registry lets the mirror have it, and it need not come again.
        if let Some(blob) = mirror.store.share(name, digest).await? {
            return Ok(blob.size);
        }
        let (size, limit) = (response.content_length(), mirror.blob_bytes);
        if size.is_some_and(|size| size > limit) {
            return Err(MirrorError::Unusable(format!("it is longer than {limit} bytes")));
        }
        let id = mirror.store.begin_upload(name, digest.algorithm()).await?;
        let brought = self.write(name, digest, id, response, progress).await;
        if brought.is_err() {
            // An upload of other content is gone already.
            drop(mirror.store.cancel_upload(name, id).await);
        }
        brought
    }

    async fn write(
        &self,
        name: &RepositoryName,
        digest: &Digest,
        id: UploadId,
        response: Response,
        progress: &watch::Sender<Progress>,
    ) -> Result<u64, MirrorError> {
        let Self(mirror) = self;
        let size = response.content_length();
        let arrival = Arc::new(Arrival { file: mirror.store.open_upload(name, id).await?, size });
        let mut length = 0;
        progress.send_replace(Progress::Arriving(arrival.clone(), length));
        // What is there is written at once, so that nobody waits for the last of it.
        let mut pieces = response.bytes_stream().ready_chunks(PIECES);
        while let Some(pieces) = pieces.next().await {
            let mut broken = None;
            let mut good: Vec<Result<Bytes, Infallible>> = Vec::with_capacity(pieces.len());
            for piece in pieces {
                match piece {
                    Ok(bytes) => good.push(Ok(bytes)),
                    Err(error) => broken = Some(unreachable(&error)),
                }
            }
            let said = Announced { start: Some(length), length: None, limit: mirror.blob_bytes };
            let before = length;
            length = mirror.store.append(name, id, said, stream::iter(good)).await?.length;
            Counters::add(&mirror.counters.bytes, length - before);
            progress.send_replace(Progress::Arriving(arrival.clone(), length));
            if let Some(error) = broken {
                return Err(error);
            }
        }
        let said = Announced { start: Some(length), length: Some(0), limit: mirror.blob_bytes };
        let end = stream::empty::<Result<Bytes, Infallible>>();
        mirror.store.finish_upload(name, id, digest, said, end).await?;
        Ok(length)
    }
}

/// The bytes of what arrives, as they come.
fn follow(arrival: Arc<Arrival>, progress: watch::Receiver<Progress>, range: Option<ByteRange>) -> Content {
    let range = range.unwrap_or(0..arrival.size.unwrap_or(u64::MAX));
    let start = range.start;
    let follow = move |(arrival, mut progress, at): (Arc<Arrival>, watch::Receiver<Progress>, u64)| async move {
        // A client is sent all but the last byte before it is known that these are the right ones.
        let ready = |progress: &Progress| match progress {
            Progress::Arriving(_, length) => (*length).min(range.end.saturating_sub(1)),
            Progress::Kept(length) => (*length).min(range.end),
            Progress::Asked | Progress::Failed(_) => 0,
        };
        let more =
            |progress: &Progress| matches!(progress, Progress::Kept(_) | Progress::Failed(_)) || ready(progress) > at;
        let now = match progress.wait_for(more).await {
            Ok(now) => now.clone(),
            Err(_) => return Err(std::io::Error::other("the server is stopping")),
        };
        if let Progress::Failed(error) = &now {
            return Err(std::io::Error::other(error.told()));
        }
        let until = ready(&now).min(at + READ);
        if until <= at {
            return Ok(None);
        }
        let bytes = read(arrival.clone(), at..until).await?;
        Ok(Some((bytes, (arrival, progress, until))))
    };
    stream::try_unfold((arrival, progress, start), follow).boxed()
}

async fn read(arrival: Arc<Arrival>, range: ByteRange) -> std::io::Result<Bytes> {
    let read = move || {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(std::io::Error::other)?];
        arrival.file.read_exact_at(&mut bytes, range.start)?;
        Ok(bytes.into())
    };
    tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)?
}
