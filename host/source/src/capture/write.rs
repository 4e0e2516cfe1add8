//! Writing a capture.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::Serialize as _;

use super::format::{
    BLOCK_SPAN_NS, BLOCK_TARGET_LEN, COMPRESSION_LEVEL, CaptureError, FORMAT_VERSION, Head, LENGTH_LEN, MAGIC,
    MAX_RECORD_LEN, Problem, Progress, SECTION_LEN, Section, head_checksum,
};
use super::stored::Stored;
use crate::record::{Machine, Record};

/// Captures hold command lines and paths: only their owner reads them.
const MODE: u32 = 0o600;

/// Writes a capture. [`CaptureWriter::finish`] must end it, or it counts as cut short and its last block is missing.
pub struct CaptureWriter<W: Write = File> {
    out: W,
    /// What makes the bytes outlast a power cut.
    sync: fn(&W) -> io::Result<()>,
    file: PathBuf,
    /// The head's checksum.
    seed: u32,
    compressor: zstd::bulk::Compressor<'static>,
    /// Records of the block that is being filled.
    content: Vec<u8>,
    /// The block as it is written, kept for its allocation.
    packed: Vec<u8>,
    /// With the records in `content`.
    taken: Progress,
    /// Without them.
    written: Progress,
    /// Time of the first event in `content`.
    block_time_ns: Option<u64>,
    /// Writing failed within a block: what followed could not be read.
    broken: bool,
}

impl CaptureWriter<File> {
    /// Begins a capture in a new file, that only the owner may read. A regular file in its place is replaced where
    /// `overwrite` says so, and is an error otherwise.
    ///
    /// # Errors
    /// Where the file exists or cannot be created, or the head cannot be written.
    pub fn create(path: impl AsRef<Path>, machine: &Machine, overwrite: bool) -> Result<Self, CaptureError> {
        let path = path.as_ref();
        let out = create_file(path, overwrite).map_err(|problem| CaptureError::new(path, problem))?;
        Self::begin(out, File::sync_all, path, machine)
    }

    /// Whether the file still lies where it was made: it may have been moved aside, or removed.
    pub fn is_in_place(&self) -> bool {
        let (Ok(ours), Ok(there)) = (self.out.metadata(), fs::symlink_metadata(&self.file)) else { return false };
        (ours.dev(), ours.ino()) == (there.dev(), there.ino())
    }
}

/// A file is removed rather than emptied: whoever reads the old one keeps it, and a symbolic link is not followed.
fn create_file(path: &Path, overwrite: bool) -> Result<File, Problem> {
    if overwrite {
        match fs::symlink_metadata(path) {
            Ok(old) if old.is_file() || old.is_symlink() => fs::remove_file(path).map_err(Problem::Create)?,
            Ok(_) => return Err(Problem::NotAFile),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Problem::Create(error)),
        }
    }
    // As logrotate leaves it (`create`): there is nothing in it to lose.
    let empty = |facts: &fs::Metadata| facts.is_file() && facts.len() == 0;
    if fs::symlink_metadata(path).is_ok_and(|facts| empty(&facts)) {
        let file = OpenOptions::new()
            .write(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)
            .map_err(Problem::Create)?;
        if file.metadata().is_ok_and(|facts| empty(&facts)) {
            return Ok(file);
        }
    }
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Problem::Exists,
        _ => Problem::Create(error),
    })
}

impl<W: Write> CaptureWriter<W> {
    /// Begins a capture in any writer, one call of `write_all` a block; `name` is what errors call it.
    ///
    /// # Errors
    /// Where the head cannot be written.
    pub fn new(out: W, name: impl AsRef<Path>, machine: &Machine) -> Result<Self, CaptureError> {
        Self::begin(out, |_| Ok(()), name.as_ref(), machine)
    }

    fn begin(mut out: W, sync: fn(&W) -> io::Result<()>, file: &Path, machine: &Machine) -> Result<Self, CaptureError> {
        let failed = |error| CaptureError::new(file, Problem::Create(error));
        let head = Head { written_by: env!("CARGO_PKG_VERSION").to_owned(), machine: machine.clone() };
        let head = rmp_serde::to_vec_named(&head).map_err(|error| failed(io::Error::other(error)))?;
        let seed = head_checksum(FORMAT_VERSION, &head);
        let length = u32::try_from(head.len()).map_err(|error| failed(io::Error::other(error)))?;

        let mut bytes = Vec::with_capacity(super::format::PREFIX_LEN + head.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&seed.to_le_bytes());
        bytes.extend_from_slice(&head);
        out.write_all(&bytes).map_err(failed)?;

        Ok(Self {
            out,
            sync,
            file: file.to_path_buf(),
            seed,
            compressor: zstd::bulk::Compressor::new(COMPRESSION_LEVEL).map_err(failed)?,
            content: Vec::with_capacity(BLOCK_TARGET_LEN * 2),
            packed: Vec::new(),
            taken: Progress::default(),
            written: Progress::default(),
            block_time_ns: None,
            broken: false,
        })
    }

    /// Adds a record. It reaches the file with its block: after 64 KiB, or with the first record a second of event
    /// time later, or with [`CaptureWriter::flush_block`].
    ///
    /// # Errors
    /// [`Problem::Record`] where the record cannot be encoded: it is left out, and the capture goes on.
    /// [`Problem::Write`] where the file cannot be written: the capture ends there.
    pub fn record(&mut self, record: &Record) -> Result<(), CaptureError> {
        self.check_whole()?;
        if let Record::Event(event) = record {
            let begin = *self.block_time_ns.get_or_insert(event.time_ns);
            // The clock may have been set back, too.
            if event.time_ns.abs_diff(begin) >= BLOCK_SPAN_NS {
                self.flush_block()?;
                self.block_time_ns = Some(event.time_ns);
            }
        }
        self.append(record)?;
        self.taken.count(match record {
            Record::Event(event) => Some(event.time_ns),
            _ => None,
        });
        if self.content.len() >= BLOCK_TARGET_LEN { self.flush_block() } else { Ok(()) }
    }

    /// Encodes a record behind its length.
    fn append(&mut self, record: &Record) -> Result<(), CaptureError> {
        let begin = self.content.len();
        self.content.extend_from_slice(&[0; LENGTH_LEN]);
        let encoded =
            Stored::from(record).serialize(&mut rmp_serde::Serializer::new(&mut self.content).with_struct_map());
        let length = self.content.len() - begin - LENGTH_LEN;
        let problem = match (encoded, u32::try_from(length)) {
            (Ok(()), Ok(field)) if length <= MAX_RECORD_LEN => {
                self.content[begin..begin + LENGTH_LEN].copy_from_slice(&field.to_le_bytes());
                return Ok(());
            }
            (Ok(()), _) => format!("it is {length} bytes long, and {MAX_RECORD_LEN} are allowed"),
            (Err(error), _) => error.to_string(),
        };
        self.content.truncate(begin);
        Err(CaptureError::new(&self.file, Problem::Record(problem)))
    }

    /// Writes the block that is being filled, if there is anything in it. To be called about once a second while the
    /// stream is quiet, so that a crash loses no more than that.
    ///
    /// # Errors
    /// [`Problem::Write`] where the file cannot be written: the capture ends there.
    pub fn flush_block(&mut self) -> Result<(), CaptureError> {
        self.check_whole()?;
        self.block_time_ns = None;
        if self.content.is_empty() {
            return Ok(());
        }
        self.write_block().map_err(|error| self.broken_by(error))?;
        self.content.clear();
        self.taken.blocks += 1;
        self.written = self.taken;
        Ok(())
    }

    fn write_block(&mut self) -> io::Result<()> {
        // Payload behind a gap for the section's fields, so that the block is one write.
        let bound = zstd::zstd_safe::compress_bound(self.content.len());
        self.packed.resize(SECTION_LEN + bound, 0);
        let length = self.compressor.compress_to_buffer(&self.content, &mut self.packed[SECTION_LEN..])?;
        self.packed.truncate(SECTION_LEN + length);
        let section = Section::Block {
            number: self.written.blocks.checked_add(1).ok_or_else(|| io::Error::other("there are too many blocks"))?,
            raw_len: u32::try_from(self.content.len()).map_err(io::Error::other)?,
            packed_len: u32::try_from(length).map_err(io::Error::other)?,
            records: u32::try_from(self.taken.records - self.written.records).map_err(io::Error::other)?,
            events: u32::try_from(self.taken.events - self.written.events).map_err(io::Error::other)?,
        };
        let bytes = section.encode(&self.packed[SECTION_LEN..], self.seed);
        self.packed[..SECTION_LEN].copy_from_slice(&bytes);
        self.out.write_all(&self.packed)
    }

    /// What has been taken so far, the block that is being filled included.
    pub fn progress(&self) -> Progress {
        self.taken
    }

    /// Writes the last block and the end, and for a file waits until the disk has it. Returns the totals.
    ///
    /// # Errors
    /// [`Problem::Write`] where the file cannot be written; what was written before can be read, as a cut capture.
    pub fn finish(mut self) -> Result<Progress, CaptureError> {
        self.flush_block()?;
        let Progress { blocks, records, events, .. } = self.written;
        let end = Section::End { blocks, records, events }.encode(&[], self.seed);
        let done = self.out.write_all(&end).and_then(|()| self.out.flush()).and_then(|()| (self.sync)(&self.out));
        done.map_err(|error| self.broken_by(error))?;
        Ok(self.written)
    }

    fn check_whole(&mut self) -> Result<(), CaptureError> {
        if self.broken { Err(self.broken_by(io::Error::other("an earlier write failed"))) } else { Ok(()) }
    }

    fn broken_by(&mut self, error: io::Error) -> CaptureError {
        self.broken = true;
        CaptureError::new(&self.file, Problem::Write { progress: self.written, error })
    }
}
