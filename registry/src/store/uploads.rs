//! Uploads: what comes is appended to a file and hashed as it comes. The file alone is the state, so that an upload goes
//! on after a restart; what was hashed is remembered as long as the process lives.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use uuid::Uuid;

use super::{Result, Store, StoreError, at};
use crate::oci::{Algorithm, Digest, Hasher, RepositoryName};

/// How much is hashed and written at once, in bytes. What ends before is never written as an upload.
const PIECE: usize = 1 << 20;
/// And how many pieces are held until then at most: each costs some memory, however short it is.
const MOST_PIECES: usize = 4096;

/// Bytes as they came, not copied together.
#[derive(Default)]
struct Pieces {
    all: Vec<Bytes>,
    length: usize,
}

impl Pieces {
    fn push(&mut self, bytes: Bytes) {
        // A client may send as many frames with nothing in them as it likes.
        if !bytes.is_empty() {
            self.length += bytes.len();
            self.all.push(bytes);
        }
    }

    /// Whether it is time to write them.
    fn are_enough(&self) -> bool {
        self.length >= PIECE || self.all.len() >= MOST_PIECES
    }
}
/// For how many uploads it is remembered what was hashed; beyond, files are read again at the end.
const REMEMBERED: usize = 10_000;
/// How much of a file is read at once to hash it again, in bytes.
const AGAIN: usize = 256 << 10;

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

/// What is known of an upload beyond its file.
#[derive(Default)]
struct State {
    /// Hashed so far, and how many bytes that was.
    hashed: Option<(Hasher, u64)>,
    algorithm: Algorithm,
}

pub(super) struct Uploads {
    root: PathBuf,
    /// By file, as the same name in another repository is another upload.
    states: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<State>>>>,
}

impl Uploads {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, states: Mutex::default() }
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
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let facts = match entry.metadata() {
                    // Finished since it was listed.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                    facts => facts?,
                };
                if facts.is_dir() {
                    visit(uploads, &entry.path(), old, count)?;
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
        blocking(move || {
            let file = at_file;
            let create = || fs::File::create_new(&file);
            let made = create().or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => {
                    fs::create_dir_all(file.parent().expect("it lies in a folder"))?;
                    create()
                }
                _ => Err(error),
            });
            made.map(drop).map_err(at(&file))
        })
        .await?;
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
        match self.end_upload(file).await? {
            true => Ok(()),
            false => Err(StoreError::NoUpload),
        }
    }

    /// Removes the file of an upload whose state is held; whether it was there.
    async fn end_upload(&self, file: PathBuf) -> Result<bool> {
        let gone = file.clone();
        let removed = blocking(move || match fs::remove_file(&gone) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(at(&gone)(error)),
        })
        .await?;
        self.0.uploads.forget(&file);
        Ok(removed)
    }

    /// Appends what comes. What came before a failure stays.
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
        let mut writer = Writer::open(file, &mut state, said).await?;
        writer.take(body, Pieces::default()).await?;
        Ok(Progress { length: writer.length })
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
        let mut writer = Writer::open(file.clone(), &mut state, said).await?;
        if writer.length == 0 {
            // The usual way: all of it in one request, and small.
            match small(&mut body, &writer.said).await? {
                Small::All(pieces) => {
                    writer.check_length(pieces.length as u64)?;
                    let (actual, pieces) = hash_of(digest.algorithm(), pieces).await?;
                    let outcome = match actual == *digest {
                        true => self.put_blob(name, digest, pieces.all).await,
                        false => Err(StoreError::Mismatch { wanted: digest.clone(), actual }),
                    };
                    if !matches!(outcome, Ok(()) | Err(StoreError::Mismatch { .. })) {
                        return outcome;
                    }
                    drop(writer);
                    self.end_upload(file).await?;
                    return outcome;
                }
                Small::More(begun) => writer.take(body, begun).await?,
            }
        } else {
            writer.take(body, Pieces::default()).await?;
        }
        let size = writer.length;
        let actual = writer.digest(digest.algorithm()).await?;
        let outcome = match actual == *digest {
            true => self.commit(name, &file, size, digest).await,
            false => Err(StoreError::Mismatch { wanted: digest.clone(), actual }),
        };
        if matches!(outcome, Ok(()) | Err(StoreError::Mismatch { .. })) {
            // It was moved, or is of no use.
            self.end_upload(file).await?;
        }
        outcome
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
        let passage = self.0.gate.pass().await;
        passage.keep(digest);
        self.adopt(file, size, digest).await?;
        self.link(name, digest).await
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

/// A body that ended soon, or the beginning of a longer one.
enum Small {
    All(Pieces),
    More(Pieces),
}

async fn small<S, E>(body: &mut S, said: &Announced) -> Result<Small>
where
    S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let mut pieces = Pieces::default();
    while let Some(bytes) = body.next().await {
        pieces.push(bytes.map_err(|error| StoreError::Request(error.to_string()))?);
        if pieces.length as u64 > said.limit {
            return Err(StoreError::TooLong { limit: said.limit });
        }
        if pieces.length > PIECE || pieces.all.len() > MOST_PIECES {
            return Ok(Small::More(pieces));
        }
    }
    Ok(Small::All(pieces))
}

/// Below this it is not worth another thread, in bytes.
const HASHED_HERE: usize = 64 << 10;

async fn hash_of(algorithm: Algorithm, pieces: Pieces) -> Result<(Digest, Pieces)> {
    let here = pieces.length <= HASHED_HERE;
    let hash = move || {
        let mut hasher = Hasher::new(algorithm);
        pieces.all.iter().for_each(|bytes| hasher.update(bytes));
        (hasher.finish(), pieces)
    };
    match here {
        true => Ok(hash()),
        false => blocking(move || Ok(hash())).await,
    }
}

/// An upload while a request writes to it.
struct Writer<'a> {
    path: PathBuf,
    file: Option<fs::File>,
    state: &'a mut State,
    said: Announced,
    /// How many bytes are in the file.
    length: u64,
    /// How many of these this request brought.
    brought: u64,
}

impl<'a> Writer<'a> {
    async fn open(path: PathBuf, state: &'a mut State, said: Announced) -> Result<Self> {
        let at_path = path.clone();
        let (file, length) = blocking(move || {
            let length = length_of(&at_path)?;
            let file = fs::OpenOptions::new().append(true).open(&at_path).map_err(at(&at_path))?;
            Ok((file, length))
        })
        .await?;
        if let Some(start) = said.start
            && start != length
        {
            return Err(StoreError::OutOfOrder { start, expected: length });
        }
        // After a restart, or where a write failed half-way.
        if state.hashed.as_ref().is_some_and(|(_, hashed)| *hashed != length) {
            state.hashed = None;
        }
        if state.hashed.is_none() && length == 0 {
            state.hashed = Some((Hasher::new(state.algorithm), 0));
        }
        Ok(Self { path, file: Some(file), state, said, length, brought: 0 })
    }

    /// Writes all that comes, after what came already.
    async fn take<S, E>(&mut self, mut body: S, mut pieces: Pieces) -> Result<()>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        while let Some(bytes) = body.next().await {
            let bytes = match bytes {
                Ok(bytes) => bytes,
                Err(error) => {
                    // What came is kept: the client may go on from there.
                    self.write(pieces).await?;
                    return Err(StoreError::Request(error.to_string()));
                }
            };
            pieces.push(bytes);
            if self.length + pieces.length as u64 > self.said.limit {
                return Err(StoreError::TooLong { limit: self.said.limit });
            }
            if pieces.are_enough() {
                self.write(std::mem::take(&mut pieces)).await?;
            }
        }
        self.write(pieces).await?;
        self.check_length(self.brought)
    }

    fn check_length(&self, got: u64) -> Result<()> {
        match self.said.length {
            Some(announced) if announced != got => Err(StoreError::Length { announced, got }),
            _ => Ok(()),
        }
    }

    async fn write(&mut self, pieces: Pieces) -> Result<()> {
        let count = pieces.length as u64;
        if count == 0 {
            return Ok(());
        }
        // While it is away the state is unknown, should the request be dropped.
        let mut hashed = self.state.hashed.take();
        let mut file = self.file.take().ok_or(StoreError::NoUpload)?;
        let path = self.path.clone();
        let (file, hashed) = blocking(move || {
            for bytes in &pieces.all {
                file.write_all(bytes).map_err(at(&path))?;
                if let Some((hasher, length)) = &mut hashed {
                    hasher.update(bytes);
                    *length += bytes.len() as u64;
                }
            }
            Ok((file, hashed))
        })
        .await?;
        (self.file, self.state.hashed) = (Some(file), hashed);
        self.length += count;
        self.brought += count;
        Ok(())
    }

    /// The digest of all of it.
    async fn digest(&mut self, algorithm: Algorithm) -> Result<Digest> {
        match &self.state.hashed {
            Some((hasher, _)) if hasher.algorithm() == algorithm => Ok(hasher.clone().finish()),
            _ => {
                let path = self.path.clone();
                blocking(move || hash_file(&path, algorithm)).await
            }
        }
    }
}

fn length_of(file: &Path) -> Result<u64> {
    match fs::metadata(file) {
        Ok(facts) => Ok(facts.len()),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Err(StoreError::NoUpload)
        }
        Err(error) => Err(at(file)(error)),
    }
}

fn hash_file(path: &Path, algorithm: Algorithm) -> Result<Digest> {
    use std::io::Read as _;
    let mut file = fs::File::open(path).map_err(at(path))?;
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; AGAIN];
    loop {
        match file.read(&mut buffer).map_err(at(path))? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Runs what waits for the disk or keeps a processor busy.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The process is ending.
            Err(_) => Err(StoreError::Request("the server is stopping".into())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn short_pieces_do_not_pile_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("upload");
        fs::write(&file, b"").unwrap();
        let mut pieces = Pieces::default();
        for _ in 0..10 * MOST_PIECES {
            pieces.push(Bytes::new());
        }
        assert!(pieces.all.is_empty());

        let body = || futures_util::stream::repeat_with(|| Ok::<_, StoreError>(Bytes::from_static(b"x")));
        let said = Announced { limit: u64::MAX, ..Announced::default() };
        let Small::More(begun) = small(&mut body().take(PIECE), &said).await.unwrap() else { panic!("all is held") };
        assert!(begun.all.len() <= MOST_PIECES + 1, "{}", begun.all.len());
        let mut state = State::default();
        let mut writer = Writer::open(file.clone(), &mut state, said).await.unwrap();
        writer.take(&mut body().take(PIECE), begun).await.unwrap();
        assert_eq!(writer.length as usize, PIECE + MOST_PIECES + 1);
        assert_eq!(fs::metadata(&file).unwrap().len(), writer.length);
    }
}
