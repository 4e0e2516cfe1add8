//! Where content is kept: blobs by digest, once for all repositories; and for each repository which blobs, manifests,
//! tags and referrers it has.
//!
//! Everything is an object of an [`object_store`]: files below a folder, or a bucket. What is not whole yet (uploads)
//! is always a local file. An object appears under its name only when it is whole, verified and, on local files,
//! synced; so a process killed at any moment leaves behind nothing but uploads that may be resumed or expire.
//!
//! ```text
//! blobs/sha256/ab/abcd…                                  the bytes
//! repositories/<name>/_blobs/sha256/<hex>                this repository has that blob (empty)
//! repositories/<name>/_manifests/sha256/<hex>            a manifest: one line of JSON about it, then its bytes
//! repositories/<name>/_tags/<tag>                        the digest that the tag stands for
//! repositories/<name>/_referrers/sha256/<hex>/sha256-<hex>   the descriptor of a manifest whose subject it is
//! repositories/<name>/_unreachable/sha256/<hex>        nothing leads to that manifest since then (empty)
//! uploads/<name>/_/<id>                                  what came of an upload so far (local)
//! ```
//! Names of repositories never begin a component with `_`, so none can be confused with these.

mod blobs;
mod collect;
mod evict;
mod gate;
mod immutable;
mod layout;
mod manifests;
mod opened;
mod quota;
mod room;
mod unreachable;
mod uploads;
mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, PutMode, PutOptions, PutPayload};

pub use blobs::{Blob, Content};
pub use collect::{Collected, Retention};
pub use manifests::{Stored, TagChange};
pub use opened::OpenedManifest;
pub use quota::Quota;
pub use uploads::{Announced, Progress, UploadId};
pub use verify::{Problem, Verified};

use gate::Gate;
use uploads::Uploads;

/// Content cannot be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left.
    #[error("the storage is full")]
    Full,
    /// A quota is used up.
    #[error("{}", used_up(.0))]
    Quota(Quota),
    /// Another process has it open.
    #[error("{path} is in use by another lanner-registry; stop it first")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A folder of the storage leads elsewhere.
    #[error("{path} is a symbolic link; the storage must not lead elsewhere: move what it points to in its place")]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("{path}: {error}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The object store failed.
    #[error("the storage failed: {0}")]
    Objects(object_store::Error),
    /// It overwrites what was to be left alone.
    #[error(
        "the storage ignores the condition of a conditional write (If-None-Match); use a bucket of a service that knows it"
    )]
    Unconditional,
    /// Something in it is not as it was written.
    #[error("{object} in the storage is damaged: {reason}")]
    Damaged {
        /// Which one.
        object: String,
        /// How.
        reason: String,
    },
    /// The upload is not there (any more).
    #[error("there is no such upload; it was finished, cancelled or expired")]
    NoUpload,
    /// The chunk does not begin where the last one ended.
    #[error("the chunk begins at byte {start}, and the upload goes on at byte {expected}")]
    OutOfOrder {
        /// Where it begins.
        start: u64,
        /// Where it should.
        expected: u64,
    },
    /// More came than is allowed or was announced.
    #[error("the upload is longer than {limit} bytes")]
    TooLong {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Fewer bytes came than were announced.
    #[error("the chunk was announced as {announced} bytes and has {got}")]
    Length {
        /// By the request.
        announced: u64,
        /// In fact.
        got: u64,
    },
    /// The content is another.
    #[error("the content has the digest {actual}, not {wanted}")]
    Mismatch {
        /// What was announced.
        wanted: crate::oci::Digest,
        /// What it is.
        actual: crate::oci::Digest,
    },
    /// The connection broke.
    #[error("the request ended early: {0}")]
    Request(String),
    /// The tag stands for something else and may not be moved.
    #[error("the tag {tag} is immutable and stands for {digest}")]
    Immutable {
        /// The tag.
        tag: String,
        /// What it stands for.
        digest: crate::oci::Digest,
    },
    /// An immutable tag leads to what was to be taken away.
    #[error("the immutable tag {tag} leads to {digest}, so it stays")]
    HeldByTag {
        /// The tag.
        tag: String,
        /// The manifest or blob.
        digest: crate::oci::Digest,
    },
    /// The manifest is kept as something else.
    #[error("the manifest {digest} is kept as {kept}; push it as that, not as {pushed}")]
    OtherMediaType {
        /// The manifest.
        digest: crate::oci::Digest,
        /// What it was pushed as first.
        kept: String,
        /// What it was pushed as now.
        pushed: String,
    },
    /// It needs blobs or manifests that are not there.
    #[error("the manifest refers to {0}, which is not in this repository")]
    MissingContent(crate::oci::Digest),
}

fn used_up(Quota { prefix, bytes }: &Quota) -> String {
    let of = if prefix.is_empty() { "this registry".to_owned() } else { format!("repositories below {prefix}") };
    format!("the quota of {of}, {bytes} bytes, does not allow that: delete what is not needed, or have it raised")
}

impl StoreError {
    /// Whether there is no room, on the disk or by a quota.
    fn is_no_room(&self) -> bool {
        matches!(self, Self::Full | Self::Quota(_))
    }

    /// Whether the storage is at fault, and not what was asked of it.
    pub fn is_of_the_storage(&self) -> bool {
        matches!(
            self,
            Self::Full
                | Self::InUse { .. }
                | Self::Link { .. }
                | Self::File { .. }
                | Self::Objects(_)
                | Self::Unconditional
                | Self::Damaged { .. }
        )
    }
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(cause) = source {
            if cause.downcast_ref::<std::io::Error>().is_some_and(is_full) {
                return Self::Full;
            }
            source = cause.source();
        }
        Self::Objects(error)
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

/// A failure of the file system, with the file.
fn at(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |error| match is_full(&error) {
        true => StoreError::Full,
        false => StoreError::File { path, error },
    }
}

/// A shorthand.
type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The storage of a registry. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    objects: Arc<dyn ObjectStore>,
    /// The folder of the local files, uploads among them.
    root: PathBuf,
    /// Whether the objects are files below `root`, so that an upload may be renamed into its place.
    local: bool,
    uploads: Uploads,
    gate: Gate,
    reclaimed: room::Reclaimed,
    /// Whether it matters when manifests become unreachable.
    marks_losses: std::sync::atomic::AtomicBool,
    usage: std::sync::OnceLock<quota::Usage>,
    /// Held by who looks for a blob in all repositories.
    walking: tokio::sync::Mutex<()>,
    /// Held as long as the storage is open.
    _lock: std::fs::File,
}

impl Store {
    /// Opens a storage of local files below `root`, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made or written, another process has it open, or it leads elsewhere.
    pub fn open_local(root: &Path) -> Result<Self> {
        let (root, lock) = claim(root)?;
        let objects = LocalFileSystem::new_with_prefix(&root)?.with_fsync(true);
        Ok(Self::new(Arc::new(objects), root, true, lock))
    }

    /// Opens a storage in an object store; uploads wait in `root` until they are whole.
    ///
    /// # Errors
    /// As [`Store::open_local`].
    pub fn open_objects(objects: Arc<dyn ObjectStore>, root: &Path) -> Result<Self> {
        let (root, lock) = claim(root)?;
        Ok(Self::new(objects, root, false, lock))
    }

    fn new(objects: Arc<dyn ObjectStore>, root: PathBuf, local: bool, lock: std::fs::File) -> Self {
        let uploads = Uploads::new(root.join(layout::UPLOADS));
        Self(Arc::new(Inner {
            objects,
            root,
            local,
            uploads,
            gate: Gate::default(),
            reclaimed: room::Reclaimed::default(),
            marks_losses: std::sync::atomic::AtomicBool::new(false),
            usage: std::sync::OnceLock::new(),
            walking: tokio::sync::Mutex::default(),
            _lock: lock,
        }))
    }

    /// The folder of the local files.
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    fn objects(&self) -> &dyn ObjectStore {
        &*self.0.objects
    }

    /// Writes a small object; whether it is new is told where `create` asks to leave an old one alone.
    async fn write(
        &self,
        path: &object_store::path::Path,
        pieces: impl IntoIterator<Item = bytes::Bytes>,
        create: bool,
    ) -> Result<bool> {
        let mode = if create { PutMode::Create } else { PutMode::Overwrite };
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.objects().put_opts(path, PutPayload::from_iter(pieces), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) if create => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a small object.
    async fn read(&self, path: &object_store::path::Path) -> Result<Option<bytes::Bytes>> {
        use object_store::ObjectStoreExt as _;
        match self.objects().get(path).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Facts about an object.
    async fn facts(&self, path: &object_store::path::Path) -> Result<Option<object_store::ObjectMeta>> {
        use object_store::ObjectStoreExt as _;
        match self.objects().head(path).await {
            Ok(facts) => Ok(Some(facts)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an object; whether it was there.
    async fn remove(&self, path: &object_store::path::Path) -> Result<bool> {
        use object_store::ObjectStoreExt as _;
        // Object stores do not say whether there was anything.
        let there = self.facts(path).await?.is_some();
        match self.objects().delete(path).await {
            Ok(()) => Ok(there),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the storage leaves an object alone that is there when it is asked to create it: without, two pushes at once
    /// could undo each other, and some that speak S3 ignore the condition. To be asked before anything is written.
    ///
    /// # Errors
    /// It does not, or it fails.
    pub async fn check_conditional_writes(&self) -> Result<()> {
        let path = object_store::path::Path::from(format!("probe-{}", uuid::Uuid::new_v4()));
        self.write(&path, [bytes::Bytes::from_static(b"1\n")], true).await?;
        let second = self.write(&path, [bytes::Bytes::from_static(b"2\n")], true).await;
        self.remove(&path).await?;
        match second? {
            false => Ok(()),
            true => Err(StoreError::Unconditional),
        }
    }

    /// Whether the storage can be written: what the readiness of the server stands for.
    ///
    /// # Errors
    /// It cannot.
    pub async fn probe(&self) -> Result<()> {
        let path = object_store::path::Path::from("probe");
        self.write(&path, [bytes::Bytes::from_static(b"\n")], false).await?;
        Ok(())
    }
}

/// Makes the folder, locks it against a second process, and sees that nothing in it leads elsewhere.
fn claim(root: &Path) -> Result<(PathBuf, std::fs::File)> {
    std::fs::create_dir_all(root).map_err(at(root))?;
    // The folder itself may be reached through links: that is the administrator's business.
    let root = root.canonicalize().map_err(at(root))?;
    let path = root.join("lock");
    refuse_link(&path)?;
    let lock = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Err(StoreError::InUse { path: root }),
        Err(std::fs::TryLockError::Error(error)) => return Err(at(&path)(error)),
    }
    for folder in [layout::BLOBS, layout::REPOSITORIES, layout::UPLOADS] {
        let path = root.join(folder);
        refuse_link(&path)?;
        std::fs::create_dir_all(&path).map_err(at(&path))?;
    }
    Ok((root, lock))
}

fn refuse_link(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(facts) if facts.is_symlink() => Err(StoreError::Link { path: path.into() }),
        _ => Ok(()),
    }
}
