//! Uploads: what comes is appended to a file and hashed as it comes. The file alone is the state, so that an upload goes
//! on after a restart; what was hashed is remembered as long as the process lives.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::RwLock;
use uuid::Uuid;

use super::quota::Growth;
use super::writer::{Pieces, Small, State, Writer, blocking, hash_of, length_of, small};
use super::{Result, Store, StoreError, at};
use crate::oci::{Algorithm, Digest, Hasher, RepositoryName};

/// For how many uploads it is remembered what was hashed; beyond, files are read again at the end.
const REMEMBERED: usize = 10_000;

/// The name of an upload. Nobody can guess one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UploadId(Uuid);

impl std::str::FromStr for UploadId {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let id = Uuid::try_parse(text).map_err(drop)?;
        // One form only, as it names a file.
        match id.hyphenated().to_string() == text {
            true => Ok(Self(id)),
            false => Err(()),
        }
    }
}

impl std::fmt::Display for UploadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes are there.
    pub length: u64,
}

/// What a request says of its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Announced {
    /// Where the chunk begins.
    pub start: Option<u64>,
    /// How long it is, in bytes.
    pub length: Option<u64>,
    /// How long the whole upload may become, in bytes.
    pub limit: u64,
}

pub(super) struct Uploads {
    root: PathBuf,
    /// By file, as the same name in another repository is another upload.
    states: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<State>>>>,
    /// Held by those who make a file, or move one out of its folder, which is synced afterwards: nobody removes folders
    /// meanwhile. What stays empty because of that goes with the next upload there, or with a collection.
    pub(super) folders: RwLock<()>,
}

impl Uploads {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, states: Mutex::default(), folders: RwLock::default() }
    }

    fn states(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<tokio::sync::Mutex<State>>>> {
        self.states.lock().expect("nothing panics while it is held")
    }

    fn file(&self, name: &RepositoryName, id: UploadId) -> PathBuf {
        self.root.join(name.as_str()).join("_").join(id.to_string())
    }

    /// Who holds it is alone with the upload.
    fn state(&self, file: &Path) -> Arc<tokio::sync::Mutex<State>> {
        let mut states = self.states();
        if states.len() >= REMEMBERED {
            // Those in use stay.
            states.retain(|_, state| Arc::strong_count(state) > 1);
        }
        states.entry(file.to_owned()).or_default().clone()
    }

    /// Only once the file is gone, and while the state is held: whoever comes after would not wait for those who come
    /// now.
    fn forget(&self, file: &Path) {
        self.states().remove(file);
    }

    /// Removes the folders of an upload that is gone, as far as nothing else is in them: anybody could fill the disk with
    /// empty ones.
    fn remove_folders_of(&self, file: &Path) {
        let Ok(_alone) = self.folders.try_write() else { return };
        for folder in file.ancestors().skip(1).take_while(|folder| *folder != self.root) {
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }

    /// Makes the file of a new upload, and the folders that it lies in. Waits, so it must not be on a thread of tasks.
    fn create(&self, file: &Path) -> std::io::Result<()> {
        let _staying = self.folders.blocking_read();
        match fs::File::create_new(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                fs::create_dir_all(file.parent().unwrap_or(&self.root))?;
                fs::File::create_new(file).map(drop)
            }
            made => made.map(drop),
        }
    }

    /// Removes a file that nobody is writing to if it is still old; whether it did.
    fn remove_if(&self, file: &Path, old: &dyn Fn(&fs::Metadata) -> bool) -> std::io::Result<bool> {
        let state = self.state(file);
        let Ok(_alone) = state.try_lock() else { return Ok(false) };
        // Written to, or finished, since it was listed.
        let removed = match fs::symlink_metadata(file) {
            Ok(facts) if !old(&facts) => return Ok(false),
            Ok(_) => fs::remove_file(file),
            Err(error) => Err(error),
        };
        if let Err(error) = &removed
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return removed.map(|()| false);
        }
        self.forget(file);
        self.remove_folders_of(file);
        Ok(removed.is_ok())
    }

    /// Removes what nobody has written to for so long; how many there were.
    fn expire(&self, idle: Duration) -> Result<usize> {
        fn visit(
            uploads: &Uploads,
            folder: &Path,
            old: &dyn Fn(&fs::Metadata) -> bool,
            count: &mut usize,
        ) -> std::io::Result<()> {
            let entries = match fs::read_dir(folder) {
                // The last upload in it has ended since it was listed.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let facts = match entry.metadata() {
                    // Finished since it was listed.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    facts => facts?,
                };
                if facts.is_dir() {
                    visit(uploads, &entry.path(), old, count)?;
                    // Of uploads that ended before their folders were removed with them; fails where there are others.
                    if let Ok(_alone) = uploads.folders.try_write() {
                        let _ = fs::remove_dir(entry.path());
                    }
                } else if old(&facts) {
                    *count += usize::from(uploads.remove_if(&entry.path(), old)?);
                }
            }
            Ok(())
        }
        let now = SystemTime::now();
        let old = |facts: &fs::Metadata| {
            facts.modified().ok().and_then(|then| now.duration_since(then).ok()).is_some_and(|age| age >= idle)
        };
        let mut count = 0;
        visit(self, &self.root, &old, &mut count).map_err(at(&self.root))?;
        Ok(count)
    }
}

impl Store {
    /// Begins an upload.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn begin_upload(&self, name: &RepositoryName, algorithm: Algorithm) -> Result<UploadId> {
        let id = UploadId(Uuid::new_v4());
        let file = self.0.uploads.file(name, id);
        let at_file = file.clone();
        let store = self.clone();
        blocking(move || store.0.uploads.create(&at_file).map_err(at(&at_file))).await?;
        let state = State { hashed: Some((Hasher::new(algorithm), 0)), algorithm };
        *self.0.uploads.state(&file).lock().await = state;
        Ok(id)
    }

    /// How far an upload is.
    ///
    /// # Errors
    /// There is none, or the storage fails.
    pub async fn upload(&self, name: &RepositoryName, id: UploadId) -> Result<Progress> {
        let file = self.0.uploads.file(name, id);
        let length = blocking(move || length_of(&file)).await?;
        Ok(Progress { length })
    }

    /// The file of an upload, to be read while it grows; it stays what it is when the upload ends.
    ///
    /// # Errors
    /// There is none, or the storage fails.
    pub async fn open_upload(&self, name: &RepositoryName, id: UploadId) -> Result<fs::File> {
        let file = self.0.uploads.file(name, id);
        blocking(move || fs::File::open(&file).map_err(at(&file))).await
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// There is none, or the storage fails.
    pub async fn cancel_upload(&self, name: &RepositoryName, id: UploadId) -> Result<()> {
        let file = self.0.uploads.file(name, id);
        let state = self.0.uploads.state(&file);
        let _alone = state.lock().await;
        match self.end_upload(name, file).await? {
            true => Ok(()),
            false => Err(StoreError::NoUpload),
        }
    }

    /// Removes the file of an upload whose state is held; whether it was there.
    async fn end_upload(&self, name: &RepositoryName, file: PathBuf) -> Result<bool> {
        let store = self.clone();
        let removed = blocking(move || {
            let size = fs::metadata(&file).map_or(0, |facts| facts.len());
            let removed = match fs::remove_file(&file) {
                Ok(()) => true,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
                Err(error) => return Err(at(&file)(error)),
            };
            store.0.uploads.forget(&file);
            store.0.uploads.remove_folders_of(&file);
            Ok(removed.then_some(size))
        })
        .await?;
        self.usage().shrink(name, Growth::new(removed.unwrap_or(0)));
        Ok(removed.is_some())
    }

    /// Appends what comes. What came before a failure stays, unless the storage is full: nobody could go on with it.
    ///
    /// # Errors
    /// The chunk does not belong there, is of another length than announced, the upload would become too long or is not
    /// there, or the storage fails.
    pub async fn append<S, E>(&self, name: &RepositoryName, id: UploadId, said: Announced, body: S) -> Result<Progress>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let file = self.0.uploads.file(name, id);
        let state = self.0.uploads.state(&file);
        let mut state = state.lock().await;
        let mut writer = Writer::open(file.clone(), &mut state, said, Some((self.usage(), name))).await?;
        match writer.take(body, Pieces::default()).await {
            Ok(()) => Ok(Progress { length: writer.length }),
            Err(error) => Err(self.give_up_if_full(name, file, error).await),
        }
    }

    /// Ends an upload with the last bytes of it, if any: from then on the repository has the blob. An upload of other
    /// content is gone.
    ///
    /// # Errors
    /// As [`Store::append`], and if the content is not what the digest says.
    pub async fn finish_upload<S, E>(
        &self,
        name: &RepositoryName,
        id: UploadId,
        digest: &Digest,
        said: Announced,
        mut body: S,
    ) -> Result<()>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let file = self.0.uploads.file(name, id);
        let state = self.0.uploads.state(&file);
        let mut state = state.lock().await;
        let outcome = self.finish(name, &file, &mut state, digest, said, &mut body).await;
        match outcome {
            // It was moved, or is of no use.
            Ok(()) | Err(StoreError::Mismatch { .. }) => {
                self.end_upload(name, file).await?;
                outcome
            }
            Err(error) => Err(self.give_up_if_full(name, file, error).await),
        }
    }

    async fn finish<S, E>(
        &self,
        name: &RepositoryName,
        file: &Path,
        state: &mut State,
        digest: &Digest,
        said: Announced,
        body: &mut S,
    ) -> Result<()>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let mut writer = Writer::open(file.to_owned(), state, said, Some((self.usage(), name))).await?;
        let mut begun = Pieces::default();
        if writer.length == 0 {
            // The usual way: all of it in one request, and small.
            match small(body, &writer.said).await? {
                Small::All(pieces) => {
                    writer.check_length(pieces.length as u64)?;
                    let (actual, pieces) = hash_of(digest.algorithm(), pieces).await?;
                    if actual != *digest {
                        return Err(StoreError::Mismatch { wanted: digest.clone(), actual });
                    }
                    return self.with_room(|| self.put_blob(name, digest, pieces.all.clone())).await;
                }
                Small::More(pieces) => begun = pieces,
            }
        }
        writer.take(body, begun).await?;
        let size = writer.length;
        let actual = writer.digest(digest.algorithm()).await?;
        match actual == *digest {
            true => self.commit(name, file, size, digest).await,
            false => Err(StoreError::Mismatch { wanted: digest.clone(), actual }),
        }
    }

    /// Removes an upload that cannot go on because the storage is full, so that others find what room it took.
    async fn give_up_if_full(&self, name: &RepositoryName, file: PathBuf, error: StoreError) -> StoreError {
        if error.is_no_room()
            && let Err(error) = self.end_upload(name, file).await
        {
            tracing::warn!(%error, "an upload that filled the storage is left behind");
        }
        error
    }

    async fn commit(&self, name: &RepositoryName, file: &Path, size: u64, digest: &Digest) -> Result<()> {
        let path = file.to_owned();
        let length = blocking(move || {
            let synced = fs::File::open(&path).and_then(|file| file.sync_all().and_then(|()| file.metadata()));
            synced.map(|facts| facts.len()).map_err(at(&path))
        })
        .await?;
        if length != size {
            // What was hashed is not what is there.
            let reason = format!("it has {length} bytes, and {size} were written");
            return Err(StoreError::Damaged { object: file.display().to_string(), reason });
        }
        let growth = self.growth(name, digest, size).await?;
        // Sending it to a bucket may take hours: it is done before the gate is passed, where nobody waits for it.
        if !self.0.local {
            self.0.gate.expect(digest);
            if self.blob_anywhere(digest).await?.is_none() {
                self.copy_out(file, size, digest).await?;
            }
        }
        let passage = self.0.gate.pass().await;
        passage.keep(digest);
        // Sent once more if a collection of all that is new came between.
        let moved = self.adopt(file, size, digest).await?;
        self.link(name, digest).await?;
        // What was moved is counted as an upload already; what was not stops being one.
        if !moved {
            self.usage().add(name, growth);
        }
        Ok(())
    }

    /// Removes uploads that nobody has written to for so long; how many there were.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn expire_uploads(&self, idle: Duration) -> Result<usize> {
        let store = self.clone();
        blocking(move || store.0.uploads.expire(idle)).await
    }
}
