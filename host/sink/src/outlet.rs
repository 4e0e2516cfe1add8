//! Where bytes go: stdout, or a file by its path.
//!
//! Whole pieces are written at once: two hosts may append to one file, and their lines do not mix. What could not be written
//! for now waits, and goes on where it stopped; in a file that was opened anew, with the piece that it was in.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use rustix::stdio::stdout;

use crate::SinkError;
use crate::tail::Tail;

/// How long it is waited for a reader before it is said that there is none.
const READER: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Takes bytes to stdout or a file.
pub struct Outlet {
    to: To,
    waiting: Vec<u8>,
    /// Where each piece of what waits begins.
    pieces: Vec<usize>,
    /// Bytes of what waits that are written.
    written: usize,
}

enum To {
    Stdout,
    Path { path: PathBuf, tail: Tail, open: Option<Open> },
}

/// An open file, and which one it is.
struct Open {
    file: File,
    identity: Option<Identity>,
}

/// Device and inode.
type Identity = (u64, u64);

impl Outlet {
    /// What this process was given as stdout.
    pub fn stdout() -> Self {
        Self::to(To::Stdout)
    }

    /// The file of this path, to which is appended; it is made where it is not there. What the last run left half written
    /// at its end is mended. A named pipe is waited for until somebody reads it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn file(path: PathBuf, tail: Tail) -> io::Result<Self> {
        let open = match open(&path, tail) {
            Ok(open) => Some(open),
            // A named pipe without a reader.
            Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => None,
            Err(error) => return Err(error),
        };
        Ok(Self::to(To::Path { path, tail, open }))
    }

    fn to(to: To) -> Self {
        Self { to, waiting: Vec::new(), pieces: Vec::new(), written: 0 }
    }

    /// Adds a piece.
    pub(crate) fn add(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.pieces.push(self.waiting.len());
        append(&mut self.waiting);
    }

    /// Has it opened anew with the next flush.
    pub(crate) fn reopen(&mut self) {
        if let To::Path { open, .. } = &mut self.to {
            *open = None;
        }
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self) -> Result<(), SinkError> {
        self.prepare().map_err(SinkError::Now)?;
        while self.written < self.waiting.len() {
            let fd = match &self.to {
                // Not by `std`, which buffers, and loses what it could not write.
                To::Stdout => stdout(),
                To::Path { open: Some(open), .. } => open.file.as_fd(),
                To::Path { open: None, .. } => unreachable!("it was opened, or that failed"),
            };
            match rustix::io::write(fd, &self.waiting[self.written..]) {
                Ok(written) => self.written += written,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => wait_for_room(fd).map_err(SinkError::Now)?,
                Err(error) => return Err(self.failed(error)),
            }
        }
        self.waiting.clear();
        // One long finding does not keep its room for ever.
        self.waiting.shrink_to(KEPT);
        self.pieces.clear();
        self.written = 0;
        Ok(())
    }

    /// What a failed write means.
    fn failed(&mut self, error: Errno) -> SinkError {
        let now = match &mut self.to {
            // A reader that went may be followed by another.
            To::Path { open, .. } => {
                if error == Errno::PIPE {
                    *open = None;
                }
                error != Errno::BADF
            }
            // Who was given a file writes on when there is room again; a pipe or a terminal that is gone stays so.
            To::Stdout => !matches!(error, Errno::PIPE | Errno::BADF | Errno::CONNRESET) && !is_gone(error),
        };
        if now { SinkError::Now(error.into()) } else { SinkError::Ended(error.into()) }
    }

    /// Opens the file where it is not open; where another is in its place, or none, that one.
    fn prepare(&mut self) -> io::Result<()> {
        let To::Path { path, tail, open: opened } = &mut self.to else { return Ok(()) };
        if let Some(open) = opened {
            if open.identity.is_none() || identity_at(path) == open.identity {
                return Ok(());
            }
            tracing::info!("{} was moved or removed: it is begun anew", path.display());
        }
        // What was open is let go of only when there is something in its place.
        let mut anew = open(path, *tail)?;
        if opened.is_some() && identity_at(path) != anew.identity {
            // A file system whose numbers do not last: then nothing can be noticed.
            anew.identity = None;
        }
        *opened = Some(anew);
        // A piece that was begun is written as a whole.
        let begun = self.pieces.partition_point(|begin| *begin <= self.written);
        self.written = begun.checked_sub(1).and_then(|at| self.pieces.get(at).copied()).unwrap_or(0);
        Ok(())
    }
}

/// Room that is kept for what waits, bytes.
const KEPT: usize = 256 << 10;

fn open(path: &Path, tail: Tail) -> io::Result<Open> {
    let mut options = OpenOptions::new();
    // Findings hold command lines, and those hold secrets. A named pipe without a reader does not keep us waiting.
    options.append(true).create(true).mode(0o600).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path)?;
    let facts = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile {
        tail.mend(path, &file);
    }
    Ok(Open { file, identity: Some((facts.st_dev, facts.st_ino)) })
}

fn identity_at(path: &Path) -> Option<Identity> {
    rustix::fs::stat(path).ok().map(|facts| (facts.st_dev, facts.st_ino))
}

/// Whether the terminal behind stdout is gone.
fn is_gone(error: Errno) -> bool {
    let kind = rustix::fs::fstat(stdout()).map(|facts| FileType::from_raw_mode(facts.st_mode));
    error == Errno::IO && kind == Ok(FileType::CharacterDevice)
}

/// Waits for room in a pipe that does not wait by itself.
fn wait_for_room(fd: BorrowedFd<'_>) -> io::Result<()> {
    match poll(&mut [PollFd::new(&fd, PollFlags::OUT)], Some(&READER)) {
        Ok(0) => Err(Errno::AGAIN.into()),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
