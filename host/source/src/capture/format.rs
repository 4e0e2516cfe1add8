//! The layout of a capture file: `docs/capture.md` describes it for other readers.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::record::Machine;

/// The file's first bytes. Not text, and broken by a transfer that rewrites line ends or clears the eighth bit.
pub(super) const MAGIC: [u8; 8] = *b"\x8bLCAP\r\n\x1a";

/// The format that this code writes. Raised when an old reader could no longer read a new file rightly; a new field or a
/// new kind of event does not need it. The first one, which named each fact, is still read.
pub const FORMAT_VERSION: u32 = 2;

/// Magic, version, length of the head, checksum.
pub(super) const PREFIX_LEN: usize = 8 + 4 + 4 + 4;

/// A head larger than this is damage: it holds a machine's facts and its users' names.
pub(super) const MAX_HEAD_LEN: usize = 16 << 20;

/// A block is written once it holds this much: small enough to lose little and to read in one piece, large enough that
/// compression finds the repetitions.
pub(super) const BLOCK_TARGET_LEN: usize = 64 << 10;

/// ... or once its events span this long (ns), so that a crash loses little of a quiet recording.
pub(super) const BLOCK_SPAN_NS: u64 = 1_000_000_000;

/// The longest record: an exec with all its arguments and paths stays below 64 KiB.
pub(super) const MAX_RECORD_LEN: usize = 1 << 20;

/// The longest content of a block. Bounds what a reader sets aside, whatever a file declares.
pub(super) const MAX_BLOCK_LEN: usize = BLOCK_TARGET_LEN + LENGTH_LEN + MAX_RECORD_LEN;

/// Compression may make incompressible content a little longer (zstd: 1/256 and some bytes).
pub(super) const MAX_PACKED_LEN: usize = MAX_BLOCK_LEN + MAX_BLOCK_LEN / 128 + 1024;

/// The length before each record.
pub(super) const LENGTH_LEN: usize = 4;

/// How deep a record may nest; today's stay below 12.
pub(super) const MAX_DEPTH: usize = 64;

/// Level 1: measured on made-up events, level 3 took a tenth longer and saved nothing.
pub(super) const COMPRESSION_LEVEL: i32 = 1;

const BLOCK_MARK: [u8; 4] = *b"LBLK";
const END_MARK: [u8; 4] = *b"LEND";

/// Both kinds of section begin with a mark and a checksum, and are this long without their payload.
pub(super) const SECTION_LEN: usize = 28;

/// What stands at the beginning. `written_by` stays readable in every later format, so that an old reader can say whom
/// to ask.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Head {
    /// The lanner that wrote the file, such as `0.1.0`.
    pub(super) written_by: String,
    /// Where it was recorded.
    pub(super) machine: Machine,
}

/// The only part of the head that is promised for later formats.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AnyHead {
    pub(super) written_by: String,
}

/// What follows the head: blocks, then one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Records, compressed.
    Block {
        /// Counted from 1, so that a missing block is noticed.
        number: u32,
        /// Length of the content.
        raw_len: u32,
        /// Length of the payload that follows.
        packed_len: u32,
        /// Records in it.
        records: u32,
        /// Events among them.
        events: u32,
    },
    /// The recording was brought to its end.
    End {
        /// Blocks before it.
        blocks: u32,
        /// Records in them.
        records: u64,
        /// Events among them.
        events: u64,
    },
}

impl Section {
    /// The section's bytes; `seed` is the checksum of the head, which ties each section to its file.
    pub(super) fn encode(self, payload: &[u8], seed: u32) -> [u8; SECTION_LEN] {
        let mut bytes = [0u8; SECTION_LEN];
        let mut fields = bytes.as_mut_slice();
        let mut put = |field: &[u8]| {
            let (now, rest) = std::mem::take(&mut fields).split_at_mut(field.len());
            now.copy_from_slice(field);
            fields = rest;
        };
        match self {
            Self::Block { number, raw_len, packed_len, records, events } => {
                put(&BLOCK_MARK);
                put(&[0; 4]);
                for field in [number, raw_len, packed_len, records, events] {
                    put(&field.to_le_bytes());
                }
            }
            Self::End { blocks, records, events } => {
                put(&END_MARK);
                put(&[0; 4]);
                put(&blocks.to_le_bytes());
                put(&records.to_le_bytes());
                put(&events.to_le_bytes());
            }
        }
        let checksum = section_checksum(&bytes, payload, seed);
        bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The section and its checksum, to be compared once the payload is there; `None` for an unknown mark.
    pub(super) fn decode(bytes: &[u8; SECTION_LEN]) -> Option<(Self, u32)> {
        let [m0, m1, m2, m3, c0, c1, c2, c3, fields @ ..] = *bytes;
        let word = |i: usize| fields[4 * i..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
        let long = |i: usize| fields[4 * i..].first_chunk().map_or(0, |b| u64::from_le_bytes(*b));
        let section = match [m0, m1, m2, m3] {
            BLOCK_MARK => Self::Block {
                number: word(0),
                raw_len: word(1),
                packed_len: word(2),
                records: word(3),
                events: word(4),
            },
            END_MARK => Self::End { blocks: word(0), records: long(1), events: long(3) },
            _ => return None,
        };
        Some((section, u32::from_le_bytes([c0, c1, c2, c3])))
    }
}

/// CRC-32 of mark, fields and payload, begun from the head's.
pub(super) fn section_checksum(bytes: &[u8; SECTION_LEN], payload: &[u8], seed: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed);
    hasher.update(&bytes[..4]);
    hasher.update(&bytes[8..]);
    hasher.update(payload);
    hasher.finalize()
}

/// CRC-32 of magic, version, length and head.
pub(super) fn head_checksum(version: u32, head: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&MAGIC);
    hasher.update(&version.to_le_bytes());
    hasher.update(&(u32::try_from(head.len()).unwrap_or(u32::MAX)).to_le_bytes());
    hasher.update(head);
    hasher.finalize()
}

/// How far a capture was written, or read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whole blocks.
    pub blocks: u32,
    /// Records in them.
    pub records: u64,
    /// Events among the records.
    pub events: u64,
    /// Time of the last event, ns since 1970 (UTC).
    pub last_time_ns: Option<u64>,
}

impl Progress {
    /// Counts a record; an event has a time.
    pub(super) fn count(&mut self, event_time_ns: Option<u64>) {
        self.records += 1;
        if event_time_ns.is_some() {
            self.events += 1;
            self.last_time_ns = event_time_ns;
        }
    }
}

impl fmt::Display for Progress {
    /// As it stands in a sentence: `after block 12 (3,456 events, until 2026-03-01T10:00:00Z)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.blocks == 0 {
            return f.write_str("before its first block");
        }
        let noun = if self.events == 1 { "event" } else { "events" };
        write!(f, "after block {} ({} {noun}", grouped(u64::from(self.blocks)), grouped(self.events))?;
        if let Some(time) = self.last_time_ns.and_then(|ns| jiff::Timestamp::from_nanosecond(i128::from(ns)).ok()) {
            write!(f, ", until {time:.3}")?;
        }
        f.write_str(")")
    }
}

/// 1234567 as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What is wrong with which capture.
#[derive(Debug, thiserror::Error)]
#[error("capture {} {problem}", file.display())]
pub struct CaptureError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong.
    pub problem: Problem,
}

impl CaptureError {
    pub(super) fn new(file: &Path, problem: Problem) -> Self {
        Self { file: file.to_path_buf(), problem }
    }
}

/// What is wrong with a capture; each is the rest of a sentence that begins with the file's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file could not be opened for reading.
    #[error("cannot be opened: {0}")]
    Open(io::Error),
    /// A directory was named.
    #[error("is a directory: name a file in it")]
    Directory,
    /// The file has no bytes.
    #[error("is empty: nothing was recorded into it")]
    Empty,
    /// The file begins with something else.
    #[error("is not a capture: it begins with other bytes than those that `lanner record` writes")]
    NotACapture,
    /// The file comes from a later lanner.
    #[error("{}", newer(*format, written_by))]
    Newer {
        /// The file's format.
        format: u32,
        /// The lanner that wrote it; empty where that cannot be read.
        written_by: String,
    },
    /// The head is damaged, so nothing of the file can be understood.
    #[error("is damaged in its head ({0}): nothing of it can be read; copy it again from where it was recorded")]
    DamagedHead(&'static str),
    /// The file ends within its head.
    #[error("is cut short within its head: nothing of it can be read; copy it again from where it was recorded")]
    CutHead,
    /// The file ends before its end mark: a crash while recording, or an incomplete copy.
    #[error("is cut short {0}; everything before was read")]
    Cut(Progress),
    /// The bytes are not those that were written.
    #[error("is damaged at byte {offset}, {progress}: {what}; everything before was read")]
    Damaged {
        /// Where the damaged section begins, from the beginning of the file.
        offset: u64,
        /// What does not fit.
        what: String,
        /// What was read before.
        progress: Progress,
    },
    /// A record of a kind that this lanner does not know, in an undamaged block.
    #[error(
        "holds a record that this lanner does not know, {progress}: {detail}; everything before was read; it was \
         written by lanner {written_by}: use that or a newer one"
    )]
    UnknownRecord {
        /// What could not be understood.
        detail: String,
        /// The lanner that wrote it.
        written_by: String,
        /// What was read before; the records of the block at fault before this one are counted too.
        progress: Progress,
    },
    /// There is something after the end mark.
    #[error("goes on after its end, at byte {offset}: all of it was read, but something was appended")]
    Appended {
        /// Where it should have ended.
        offset: u64,
    },
    /// Reading failed.
    #[error("cannot be read further {progress}: {error}; everything before was read")]
    Read {
        /// What was read before.
        progress: Progress,
        /// Why.
        error: io::Error,
    },
    /// There is a file already.
    #[error("exists already: name another file, or have it replaced with --force")]
    Exists,
    /// What is to be overwritten is a device, a pipe or a directory.
    #[error("is not a regular file, and only such a file is overwritten: name another one")]
    NotAFile,
    /// The file could not be made.
    #[error("cannot be created: {0}")]
    Create(io::Error),
    /// Writing failed; what was written before can be read.
    #[error("cannot be written further {progress}: {error}; everything before can be read")]
    Write {
        /// What was written before.
        progress: Progress,
        /// Why.
        error: io::Error,
    },
    /// A record could not be put into bytes, or is longer than any should be. The capture can go on without it.
    #[error("cannot take a record: {0}; it was left out")]
    Record(String),
}

fn newer(format: u32, written_by: &str) -> String {
    let (author, remedy) = match written_by {
        "" => (String::new(), "use a newer lanner".to_owned()),
        by => (format!(", written by lanner {by}"), format!("use lanner {by} or newer")),
    };
    format!("has format {format}{author}; this lanner reads formats up to {FORMAT_VERSION}: {remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1000, 1_234_567].map(grouped).each_ref().map(|s| &**s));
    }

    #[test]
    fn progress_reads_as_a_sentence() {
        let progress =
            Progress { blocks: 12, records: 4000, events: 3456, last_time_ns: Some(1_767_225_600_500_000_000) };
        let error = CaptureError::new(Path::new("x.lcap"), Problem::Cut(progress));
        assert_eq!(
            error.to_string(),
            "capture x.lcap is cut short after block 12 (3,456 events, until 2026-01-01T00:00:00.500Z); \
             everything before was read"
        );
        assert_eq!(
            CaptureError::new(Path::new("x.lcap"), Problem::Cut(Progress::default())).to_string(),
            "capture x.lcap is cut short before its first block; everything before was read"
        );
    }

    #[test]
    fn sections_survive_their_bytes() {
        let block = Section::Block { number: 7, raw_len: 1, packed_len: 2, records: 3, events: 4 };
        let end = Section::End { blocks: 9, records: u64::MAX - 1, events: 1 << 40 };
        for section in [block, end] {
            let bytes = section.encode(b"payload", 5);
            assert_eq!(Section::decode(&bytes), Some((section, section_checksum(&bytes, b"payload", 5))));
        }
        assert_eq!(Section::decode(&[0; SECTION_LEN]), None);
    }
}
