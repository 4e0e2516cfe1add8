//! Reading a capture.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize as _;

use super::first;
use super::format::{
    AnyHead, CaptureError, FORMAT_VERSION, Head, LENGTH_LEN, MAGIC, MAX_BLOCK_LEN, MAX_DEPTH, MAX_HEAD_LEN,
    MAX_PACKED_LEN, PREFIX_LEN, Problem, Progress, SECTION_LEN, Section, head_checksum, section_checksum,
};
use super::stored::Stored;
use crate::record::{Machine, Record};

/// Its records are told otherwise: see `first`.
const FIRST_FORMAT: u32 = 1;

/// Reads a capture: an iterator over its records. After an error it ends; all records before the fault were given.
pub struct CaptureReader<R: Read = BufReader<File>> {
    input: R,
    file: PathBuf,
    /// The head's checksum.
    seed: u32,
    /// Of the file.
    format: u32,
    head: Head,
    decompressor: zstd::bulk::Decompressor<'static>,
    /// The block's payload, kept for its allocation.
    packed: Vec<u8>,
    /// The block's content.
    content: Vec<u8>,
    /// How much of it was given.
    given: usize,
    /// Records of the block that are still to come.
    left: u32,
    /// What the file has to have given once this block is through.
    due: Progress,
    progress: Progress,
    /// Where in the file the next section begins.
    offset: u64,
    /// Where in the file this block began.
    block_offset: u64,
    ended: bool,
}

impl CaptureReader<BufReader<File>> {
    /// Opens a capture and reads its head.
    ///
    /// # Errors
    /// Where it cannot be opened, is no capture, or comes from a newer lanner.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CaptureError> {
        let path = path.as_ref();
        let open = || -> Result<File, Problem> {
            let file = File::open(path).map_err(Problem::Open)?;
            if file.metadata().map_err(Problem::Open)?.is_dir() {
                return Err(Problem::Directory);
            }
            Ok(file)
        };
        let file = open().map_err(|problem| CaptureError::new(path, problem))?;
        Self::new(BufReader::new(file), path)
    }
}

impl<R: Read> CaptureReader<R> {
    /// Reads a capture's head from any reader; `name` is what errors call it.
    ///
    /// # Errors
    /// Where it is no capture, or comes from a newer lanner.
    pub fn new(mut input: R, name: impl AsRef<Path>) -> Result<Self, CaptureError> {
        let file = name.as_ref().to_path_buf();
        let (head, format, seed, offset) =
            read_head(&mut input).map_err(|problem| CaptureError::new(&file, problem))?;
        let decompressor = zstd::bulk::Decompressor::new()
            .map_err(|error| CaptureError::new(&file, Problem::Read { progress: Progress::default(), error }))?;
        Ok(Self {
            input,
            file,
            seed,
            format,
            head,
            decompressor,
            packed: Vec::new(),
            content: Vec::new(),
            given: 0,
            left: 0,
            due: Progress::default(),
            progress: Progress::default(),
            offset,
            block_offset: offset,
            ended: false,
        })
    }

    /// Where it was recorded.
    pub fn machine(&self) -> &Machine {
        &self.head.machine
    }

    /// The version of the lanner that recorded it.
    pub fn written_by(&self) -> &str {
        &self.head.written_by
    }

    /// What was given so far; `blocks` counts those given whole.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The next record of a kind that this version knows.
    fn next_record(&mut self) -> Result<Option<Record>, Problem> {
        loop {
            match self.next_stored()? {
                None => return Ok(None),
                Some(Some(record)) => return Ok(Some(record)),
                Some(None) => {}
            }
        }
    }

    /// The next record; nothing in place of an event of a kind that this version does not know.
    fn next_stored(&mut self) -> Result<Option<Option<Record>>, Problem> {
        while self.left == 0 {
            if self.given != self.content.len() {
                return Err(self.damaged("a block holds more than its records"));
            }
            if (self.progress.records, self.progress.events) != (self.due.records, self.due.events) {
                return Err(self.damaged("a block does not hold the events that it announces"));
            }
            self.progress.blocks = self.due.blocks;
            if !self.next_block()? {
                return Ok(None);
            }
        }
        let rest = &self.content[self.given..];
        let record = rest.split_first_chunk::<LENGTH_LEN>().and_then(|(length, rest)| {
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            rest.get(..length)
        });
        let Some(bytes) = record else { return Err(self.damaged("a record is longer than its block")) };
        let mut decoder = rmp_serde::Deserializer::from_read_ref(bytes);
        decoder.set_max_depth(MAX_DEPTH);
        let read = if self.format == FIRST_FORMAT {
            first::Record::deserialize(&mut decoder).map(|record| {
                let record = Record::from(record);
                let time = match &record {
                    Record::Event(event) => Some(event.time_ns),
                    _ => None,
                };
                (time, Some(record))
            })
        } else {
            Stored::deserialize(&mut decoder).map(|stored| (stored.event_time(), stored.into_record()))
        };
        // The checksum was right: these bytes were written so, by someone who knew more.
        let (event_time_ns, record) = read.map_err(|error| Problem::UnknownRecord {
            detail: error.to_string(),
            written_by: self.head.written_by.clone(),
            progress: self.progress,
        })?;
        self.given += LENGTH_LEN + bytes.len();
        self.left -= 1;
        self.progress.count(event_time_ns);
        Ok(Some(record))
    }

    /// Reads the next block into `content`; false at the end.
    fn next_block(&mut self) -> Result<bool, Problem> {
        self.block_offset = self.offset;
        let mut bytes = [0; SECTION_LEN];
        self.fill(Buffer::Section(&mut bytes))?;
        let Some((section, checksum)) = Section::decode(&bytes) else {
            return Err(self.damaged("neither a block nor the end begins here"));
        };
        match section {
            Section::Block { number, raw_len, packed_len, records, events } => {
                let (raw, packed) = (to_usize(raw_len), to_usize(packed_len));
                if raw > MAX_BLOCK_LEN || packed > MAX_PACKED_LEN {
                    let what =
                        format!("a block of {raw} bytes ({packed} compressed) is longer than any that is written");
                    return Err(self.damaged(what));
                }
                self.fill(Buffer::Payload(packed))?;
                if section_checksum(&bytes, &self.packed, self.seed) != checksum {
                    return Err(self.damaged("the block's checksum does not match"));
                }
                // From here on the bytes are those that were written; what does not fit was made to.
                if number != self.progress.blocks.wrapping_add(1) {
                    let after = self.progress.blocks;
                    return Err(self.damaged(format!("block {number} follows block {after}")));
                }
                if records == 0 {
                    return Err(self.damaged("a block without records"));
                }
                self.content.clear();
                self.content.reserve_exact(raw);
                // Stops at the capacity, which is not tied to what the payload says of itself.
                let unpacked = self.decompressor.decompress_to_buffer(&self.packed, &mut self.content);
                if unpacked.ok() != Some(raw) {
                    self.content.clear();
                    return Err(self.damaged("the block does not decompress to what it announces"));
                }
                self.given = 0;
                self.left = records;
                self.due.blocks = number;
                self.due.records += u64::from(records);
                self.due.events += u64::from(events);
                Ok(true)
            }
            Section::End { blocks, records, events } => {
                if section_checksum(&bytes, &[], self.seed) != checksum {
                    return Err(self.damaged("the end's checksum does not match"));
                }
                let Progress { blocks: b, records: r, events: e, .. } = self.progress;
                if (blocks, records, events) != (b, r, e) {
                    return Err(self.damaged(format!(
                        "the end announces {events} events in {records} records and {blocks} blocks, and there were \
                         {e} in {r} and {b}"
                    )));
                }
                self.check_nothing_follows()?;
                Ok(false)
            }
        }
    }

    fn check_nothing_follows(&mut self) -> Result<(), Problem> {
        let mut byte = Vec::new();
        match (&mut self.input).take(1).read_to_end(&mut byte) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Problem::Appended { offset: self.offset }),
            Err(error) => Err(Problem::Read { progress: self.progress, error }),
        }
    }

    fn fill(&mut self, buffer: Buffer<'_>) -> Result<(), Problem> {
        let bytes = match buffer {
            Buffer::Section(bytes) => bytes.as_mut_slice(),
            Buffer::Payload(length) => {
                self.packed.resize(length, 0);
                self.packed.as_mut_slice()
            }
        };
        self.offset += bytes.len() as u64;
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Problem::Cut(self.progress),
            _ => Problem::Read { progress: self.progress, error },
        })
    }

    fn damaged(&self, what: impl Into<String>) -> Problem {
        Problem::Damaged { offset: self.block_offset, what: what.into(), progress: self.progress }
    }
}

/// Where to read to.
enum Buffer<'a> {
    Section(&'a mut [u8; SECTION_LEN]),
    /// The reader's own `packed`, made this long.
    Payload(usize),
}

impl<R: Read> Iterator for CaptureReader<R> {
    type Item = Result<Record, CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.next_record().map_err(|problem| CaptureError::new(&self.file, problem)).transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

impl<R: Read> std::iter::FusedIterator for CaptureReader<R> {}

/// The head, its format, its checksum, and where the first section begins.
fn read_head(input: &mut impl Read) -> Result<(Head, u32, u32, u64), Problem> {
    let unread = |error| Problem::Read { progress: Progress::default(), error };
    let mut prefix = Vec::with_capacity(PREFIX_LEN);
    input.take(PREFIX_LEN as u64).read_to_end(&mut prefix).map_err(unread)?;
    if prefix.is_empty() {
        return Err(Problem::Empty);
    }
    if !prefix.iter().zip(&MAGIC).all(|(a, b)| a == b) {
        return Err(Problem::NotACapture);
    }
    let word = |at: usize| prefix.get(at..).and_then(|b| b.first_chunk()).map(|b| u32::from_le_bytes(*b));
    let (Some(version), Some(length), Some(checksum)) = (word(8), word(12), word(16)) else {
        return Err(Problem::CutHead);
    };
    // A newer head may have other bounds and checksums: nothing of it is taken for granted.
    if version <= FORMAT_VERSION && to_usize(length) > MAX_HEAD_LEN {
        return Err(Problem::DamagedHead("its length cannot be right"));
    }
    let length = to_usize(length).min(MAX_HEAD_LEN);
    let mut bytes = Vec::new();
    input.take(length as u64).read_to_end(&mut bytes).map_err(unread)?;
    if version > FORMAT_VERSION && head_checksum(version, &bytes) == checksum {
        let written_by = rmp_serde::from_slice::<AnyHead>(&bytes).map(|head| head.written_by).unwrap_or_default();
        return Err(Problem::Newer { format: version, written_by });
    }
    if bytes.len() < length {
        return Err(Problem::CutHead);
    }
    if head_checksum(version, &bytes) != checksum {
        return Err(Problem::DamagedHead("its checksum does not match"));
    }
    if !(FIRST_FORMAT..=FORMAT_VERSION).contains(&version) {
        return Err(Problem::DamagedHead("there never was such a format"));
    }
    let mut decoder = rmp_serde::Deserializer::from_read_ref(&bytes);
    decoder.set_max_depth(MAX_DEPTH);
    let head = Head::deserialize(&mut decoder).map_err(|_| Problem::DamagedHead("it cannot be understood"))?;
    Ok((head, version, checksum, (PREFIX_LEN + length) as u64))
}

/// Lossless where pointers have 32 bits or more.
fn to_usize(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
