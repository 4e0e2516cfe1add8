//! Where bytes go: stdout, or a file by its path.
//!
//! Whole pieces are written at once: two hosts may append to one file, and their lines do not mix. What could not be written
//! for now waits, and goes on where it stopped; in a file that was opened anew, with the piece that it was in.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, FlockOperation, OFlags};
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
    /// How long the file was when a piece was written in part: another length, and it is not ours alone any more.
    cut_at: Option<u64>,
}

enum To {
    Stdout,
    Path { path: PathBuf, tail: Tail, open: Option<Open>, moved: bool },
}

/// An open file, and which one it is; not known where that does not last.
struct Open {
    file: File,
    /// To look at its end.
    reader: Option<File>,
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
            Err(error) if has_no_reader(&path, &error) => None,
            Err(error) => return Err(error),
        };
        Ok(Self::to(To::Path { path, tail, open, moved: false }))
    }

    fn to(to: To) -> Self {
        Self { to, waiting: Vec::new(), pieces: Vec::new(), written: 0, cut_at: None }
    }

    /// Adds a piece.
    pub(crate) fn add(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.pieces.push(self.waiting.len());
        append(&mut self.waiting);
    }

    /// Has it opened anew with the next flush, where that makes a difference: another file that is in its place by then is
    /// opened anyway.
    pub(crate) fn reopen(&mut self) {
        if let To::Path { open, .. } = &mut self.to
            && open.as_ref().is_some_and(|open| open.identity.is_none())
        {
            *open = None;
        }
    }

    /// Its file was moved aside by ourselves: another is begun without a word.
    pub(crate) fn moved_aside(&mut self) {
        if let To::Path { moved, .. } = &mut self.to {
            *moved = true;
        }
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self) -> Result<(), SinkError> {
        self.prepare().map_err(SinkError::Now)?;
        // How long the file is tells something only while nobody else writes to it.
        self.lock(FlockOperation::LockExclusive);
        let written = self.write();
        self.lock(FlockOperation::Unlock);
        written
    }

    /// Has other hosts wait with what they write to the same file; where the file system has no locks, they do not.
    fn lock(&self, operation: FlockOperation) {
        if let To::Path { open: Some(Open { file, reader: Some(_), .. }), .. } = &self.to {
            let _ = rustix::fs::fcntl_lock(file, operation);
        }
    }

    fn write(&mut self) -> Result<(), SinkError> {
        if self.written < self.waiting.len() {
            self.begin_well().map_err(SinkError::Now)?;
        }
        while self.written < self.waiting.len() {
            let fd = self.fd();
            match rustix::io::write(fd, &self.waiting[self.written..]) {
                Ok(written) => self.written += written,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => wait_for_room(fd).map_err(SinkError::Now)?,
                Err(error) => {
                    self.cut_at = length(fd);
                    return Err(self.failed(error));
                }
            }
        }
        self.waiting.clear();
        // One long finding does not keep its room for ever.
        self.waiting.shrink_to(KEPT);
        self.pieces.clear();
        (self.written, self.cut_at) = (0, None);
        Ok(())
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.to {
            To::Path { open: Some(open), .. } => open.file.as_fd(),
            // Not by `std`, which buffers, and loses what it could not write. Where the file is not open, it was not
            // prepared, and nothing is written.
            To::Stdout | To::Path { open: None, .. } => stdout(),
        }
    }

    /// Sees to it that what is written next stands at the beginning of a line. Where a file was cut within a piece, the rest
    /// of it goes behind only if nothing else has happened to the file.
    fn begin_well(&mut self) -> io::Result<()> {
        let Some(length) = length(self.fd()) else { return Ok(()) };
        if self.cut_at.take() == Some(length) && !self.is_between_pieces() {
            return Ok(());
        }
        self.rewind();
        if let To::Path { open: Some(Open { file, reader: Some(reader), .. }), .. } = &self.to
            && !ends_with_line_feed(reader, length)
        {
            rustix::io::write(file, b"\n")?;
        }
        Ok(())
    }

    fn is_between_pieces(&self) -> bool {
        self.written == 0 || self.pieces.binary_search(&self.written).is_ok()
    }

    /// Back to the beginning of the piece that was written in part.
    fn rewind(&mut self) {
        let begun = self.pieces.partition_point(|begin| *begin <= self.written);
        self.written = begun.checked_sub(1).and_then(|at| self.pieces.get(at).copied()).unwrap_or(0);
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
        let To::Path { path, tail, open: opened, moved } = &mut self.to else { return Ok(()) };
        let stays = |open: &Open| open.identity.is_none() || identity_at(path) == open.identity;
        if opened.as_ref().is_some_and(stays) {
            return Ok(());
        }
        // What was open is let go of only when there is something in its place.
        let mut anew = open(path, *tail).map_err(|error| match has_no_reader(path, &error) {
            // What the kernel says of that is not what it means to people.
            true => io::Error::new(error.kind(), "nobody reads the named pipe"),
            false => error,
        })?;
        if opened.is_some() && identity_at(path) != anew.identity {
            // A file system whose numbers do not last: then nothing can be noticed.
            anew.identity = None;
        }
        if opened.is_some() && !std::mem::take(moved) {
            tracing::info!("{} was moved or removed: a new file is begun", path.display());
        }
        *opened = Some(anew);
        // A piece that was begun elsewhere is written as a whole.
        self.cut_at = None;
        self.rewind();
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
    let identity = Some((facts.st_dev, facts.st_ino));
    let mut reader = None;
    if FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile {
        tail.mend(path, &file);
        // Where it may not be read, that is done without.
        reader = File::open(path).ok().filter(|reader| identity_of(reader) == identity);
    }
    Ok(Open { file, reader, identity })
}

/// Whether it is a named pipe that nobody reads.
fn has_no_reader(path: &Path, error: &io::Error) -> bool {
    let kind = rustix::fs::stat(path).map(|facts| FileType::from_raw_mode(facts.st_mode));
    error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) && kind == Ok(FileType::Fifo)
}

/// How long a regular file is, bytes; nothing of what is none.
fn length(fd: BorrowedFd<'_>) -> Option<u64> {
    let facts = rustix::fs::fstat(fd).ok()?;
    let regular = FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile;
    regular.then(|| u64::try_from(facts.st_size).unwrap_or_default())
}

/// Whether a file of this length is at the beginning of a line; so it is where that cannot be read.
fn ends_with_line_feed(file: &File, length: u64) -> bool {
    let mut last = [b'\n'];
    let Some(at) = length.checked_sub(1) else { return true };
    !matches!(file.read_at(&mut last, at), Ok(1) if last != [b'\n'])
}

fn identity_of(file: &File) -> Option<Identity> {
    rustix::fs::fstat(file).ok().map(|facts| (facts.st_dev, facts.st_ino))
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    fn outlet(path: &Path) -> Outlet {
        Outlet::file(path.to_owned(), Tail::Json).expect("it opens")
    }

    fn add(outlet: &mut Outlet, pieces: &[&str]) {
        for piece in pieces {
            outlet.add(|out| out.extend_from_slice(format!("{piece}\n").as_bytes()));
        }
    }

    /// As a full disk leaves it: so many bytes of what waits are written.
    fn cut(outlet: &mut Outlet, path: &Path, bytes: usize) {
        let mut file = OpenOptions::new().append(true).open(path).expect("it opens");
        file.write_all(&outlet.waiting[..bytes]).expect("written");
        (outlet.written, outlet.cut_at) = (bytes, Some(file.metadata().expect("its facts").len()));
    }

    #[test]
    fn what_was_cut_goes_on_or_begins_again() {
        type Meanwhile = fn(&Path);
        let meanwhile: [(Meanwhile, &str); 5] = [
            (|_| {}, "first\nsecond\nthird\n"),
            // Another host wrote behind the half, and had it stand alone.
            (|path| append_to(path, "\nother\n"), "first\nsec\nother\nsecond\nthird\n"),
            // Or did not.
            (|path| append_to(path, "other"), "first\nsecother\nsecond\nthird\n"),
            // Emptied, as there was no space.
            (|path| drop(File::create(path)), "second\nthird\n"),
            (|path| fs::remove_file(path).expect("removed"), "second\nthird\n"),
        ];
        for (meanwhile, expected) in meanwhile {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("out");
            let mut outlet = outlet(&path);
            add(&mut outlet, &["first", "second", "third"]);
            cut(&mut outlet, &path, "first\nsec".len());
            meanwhile(&path);
            outlet.reopen();
            outlet.flush().expect("written");
            assert_eq!(fs::read_to_string(&path).expect("text"), expected);
            append_to(&path, "half of another's");
            add(&mut outlet, &["fourth"]);
            outlet.flush().expect("written");
            let text = fs::read_to_string(&path).expect("text");
            assert_eq!(text, format!("{expected}half of another's\nfourth\n"));
        }
    }

    fn append_to(path: &Path, text: &str) {
        let mut file = OpenOptions::new().append(true).open(path).expect("it opens");
        file.write_all(text.as_bytes()).expect("written");
    }

    #[test]
    fn where_nothing_can_be_opened_it_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("place");
        fs::create_dir(&place).expect("a folder");
        let mut outlet = outlet(&place.join("out"));
        fs::rename(&place, folder.path().join("aside")).expect("moved");
        add(&mut outlet, &["first"]);
        assert!(matches!(outlet.flush(), Err(SinkError::Now(_))));
        fs::create_dir(&place).expect("a folder");
        outlet.flush().expect("written");
        assert_eq!(fs::read_to_string(place.join("out")).expect("text"), "first\n");
        assert_eq!(fs::read_to_string(folder.path().join("aside/out")).expect("text"), "");
    }
}
