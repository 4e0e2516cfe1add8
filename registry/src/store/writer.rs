//! What a request brings to an upload: hashed, and appended to its file.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use super::quota::{Growth, Usage};
use super::uploads::Announced;
use super::{Result, StoreError, at};
use crate::oci::{Algorithm, Digest, Hasher, RepositoryName};

/// How much is hashed and written at once, in bytes. What ends before is never written as an upload.
const PIECE: usize = 1 << 20;
/// And how many pieces are held until then at most: each costs some memory, however short it is.
const MOST_PIECES: usize = 4096;

/// Bytes as they came, not copied together.
#[derive(Default)]
pub(super) struct Pieces {
    pub(super) all: Vec<Bytes>,
    pub(super) length: usize,
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

/// How much of a file is read at once to hash it again, in bytes.
const AGAIN: usize = 256 << 10;

/// What is known of an upload beyond its file.
#[derive(Default)]
pub(super) struct State {
    /// Hashed so far, and how many bytes that was.
    pub(super) hashed: Option<(Hasher, u64)>,
    pub(super) algorithm: Algorithm,
}

/// A body that ended soon, or the beginning of a longer one.
pub(super) enum Small {
    All(Pieces),
    More(Pieces),
}

pub(super) async fn small<S, E>(body: &mut S, said: &Announced) -> Result<Small>
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

pub(super) async fn hash_of(algorithm: Algorithm, pieces: Pieces) -> Result<(Digest, Pieces)> {
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
pub(super) struct Writer<'a> {
    path: PathBuf,
    file: Option<fs::File>,
    state: &'a mut State,
    pub(super) said: Announced,
    /// How many bytes are in the file.
    pub(super) length: u64,
    /// How many of these this request brought.
    brought: u64,
    /// Where they are counted.
    usage: Option<(&'a Usage, &'a RepositoryName)>,
}

impl<'a> Writer<'a> {
    pub(super) async fn open(
        path: PathBuf,
        state: &'a mut State,
        said: Announced,
        usage: Option<(&'a Usage, &'a RepositoryName)>,
    ) -> Result<Self> {
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
        Ok(Self { path, file: Some(file), state, said, length, brought: 0, usage })
    }

    /// Writes all that comes, after what came already.
    pub(super) async fn take<S, E>(&mut self, mut body: S, mut pieces: Pieces) -> Result<()>
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

    pub(super) fn check_length(&self, got: u64) -> Result<()> {
        match self.said.length {
            Some(announced) if announced != got => Err(StoreError::Length { announced, got }),
            _ => Ok(()),
        }
    }

    pub(super) async fn write(&mut self, pieces: Pieces) -> Result<()> {
        let count = pieces.length as u64;
        if count == 0 {
            return Ok(());
        }
        if let Some((usage, name)) = self.usage {
            usage.grow(name, Growth::new(count))?;
        }
        // While it is away the state is unknown, should the request be dropped.
        let mut hashed = self.state.hashed.take();
        let mut file = self.file.take().ok_or(StoreError::NoUpload)?;
        let path = self.path.clone();
        let written = blocking(move || {
            for bytes in &pieces.all {
                file.write_all(bytes).map_err(at(&path))?;
                if let Some((hasher, length)) = &mut hashed {
                    hasher.update(bytes);
                    *length += bytes.len() as u64;
                }
            }
            Ok((file, hashed))
        })
        .await;
        if let (Err(_), Some((usage, name))) = (&written, self.usage) {
            // Some of it may be there.
            let there = fs::metadata(&self.path).map_or(0, |facts| facts.len().saturating_sub(self.length));
            usage.shrink(name, Growth::new(count.saturating_sub(there)));
        }
        let (file, hashed) = written?;
        (self.file, self.state.hashed) = (Some(file), hashed);
        self.length += count;
        self.brought += count;
        Ok(())
    }

    /// The digest of all of it.
    pub(super) async fn digest(&mut self, algorithm: Algorithm) -> Result<Digest> {
        match &self.state.hashed {
            Some((hasher, _)) if hasher.algorithm() == algorithm => Ok(hasher.clone().finish()),
            _ => {
                let path = self.path.clone();
                blocking(move || hash_file(&path, algorithm)).await
            }
        }
    }
}

pub(super) fn length_of(file: &Path) -> Result<u64> {
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
    pub(super) async fn short_pieces_do_not_pile_up() {
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
        let mut writer = Writer::open(file.clone(), &mut state, said, None).await.unwrap();
        writer.take(&mut body().take(PIECE), begun).await.unwrap();
        assert_eq!(writer.length as usize, PIECE + MOST_PIECES + 1);
        assert_eq!(fs::metadata(&file).unwrap().len(), writer.length);
    }
}
