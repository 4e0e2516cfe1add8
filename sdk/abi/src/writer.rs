//! Frames, written.

use alloc::vec::Vec;

use crate::frame::{ARENA, ENTRY_SIZE, HEADER_SIZE, MAGIC};
use crate::generated::{EventHeader, PayloadRecord, ProcessRecord, Rows, VERSION};
use crate::record::put;

/// Bytes of text that a frame holds; texts beyond it are left empty. Far above any batch, and far enough below 4 GiB
/// that offsets in the frame fit into 32 bits.
pub const MAX_ARENA: usize = 1 << 30;

/// Writes frames, one after the other, and keeps its buffers between them.
///
/// A frame is [`clear`](Self::clear), then processes and events, then [`finish`](Self::finish).
#[derive(Clone, Debug, Default)]
pub struct FrameWriter {
    rows: Rows,
    arena: Arena,
    frame: Vec<u8>,
}

/// The bytes that texts point into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena(Vec<u8>);

impl Arena {
    /// Adds a text; gives the span that points to it.
    #[inline]
    pub(crate) fn add(&mut self, text: &[u8]) -> [u8; 8] {
        let start = self.0.len();
        if text.is_empty() || text.len() > MAX_ARENA - start {
            return [0; 8];
        }
        self.0.extend_from_slice(text);
        // Both are at most `MAX_ARENA`.
        (start as u64 | (text.len() as u64) << 32).to_le_bytes()
    }
}

/// Appends a record to its section; gives its row.
#[inline]
pub(crate) fn append<const N: usize>(section: &mut Vec<u8>, record: &[u8; N]) -> u32 {
    let row = section.len() / N;
    section.extend_from_slice(record);
    // A section of 2^32 records fits no frame: it would be refused by its length.
    row as u32
}

impl FrameWriter {
    /// An empty frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a new frame; capacity is kept.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.arena.0.clear();
    }

    /// Adds a process; gives its row, for its children and events.
    #[inline]
    pub fn process(&mut self, process: &ProcessRecord<'_>) -> u32 {
        append(&mut self.rows.process, &process.bytes(&mut self.arena))
    }

    /// Adds an event. Rows that the records name must be those of processes of the same frame.
    #[inline]
    pub fn event(&mut self, header: &EventHeader, payload: &PayloadRecord<'_>) {
        let row = payload.write(&mut self.rows, &mut self.arena);
        append(&mut self.rows.event, &header.bytes(payload.kind().number(), row));
    }

    /// Bytes of what was added since the last [`clear`](Self::clear), but for the header.
    #[must_use]
    pub fn size(&self) -> usize {
        self.rows.sections().iter().map(|(.., bytes)| bytes.len()).sum::<usize>() + self.arena.0.len()
    }

    /// The frame of what was added since the last [`clear`](Self::clear).
    pub fn finish(&mut self) -> &[u8] {
        let mut frame = core::mem::take(&mut self.frame);
        frame.clear();
        self.finish_into(&mut frame);
        self.frame = frame;
        &self.frame
    }

    /// As [`finish`](Self::finish), appended to bytes of the caller's.
    pub fn finish_into(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let arena = (ARENA, 1, &self.arena.0);
        let sections = self.rows.sections().into_iter().filter(|(.., bytes)| !bytes.is_empty()).chain([arena]);
        let count = sections.clone().count();
        let mut at = HEADER_SIZE + count * ENTRY_SIZE;
        let length = at + sections.clone().map(|(.., bytes)| padded(bytes.len())).sum::<usize>();
        out.reserve(length);

        let mut header = [0; HEADER_SIZE];
        put(&mut header, 0, MAGIC);
        put(&mut header, 4, VERSION.to_le_bytes());
        put(&mut header, 6, (HEADER_SIZE as u16).to_le_bytes());
        // A frame of 4 GiB cannot be written; readers refuse this one, as it is not as long as it says.
        put(&mut header, 8, u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        put(&mut header, 12, (count as u32).to_le_bytes());
        out.extend_from_slice(&header);
        for (number, stride, bytes) in sections.clone() {
            let mut entry = [0; ENTRY_SIZE];
            put(&mut entry, 0, number.to_le_bytes());
            put(&mut entry, 2, (stride as u16).to_le_bytes());
            put(&mut entry, 4, ((bytes.len() / stride) as u32).to_le_bytes());
            put(&mut entry, 8, (at as u32).to_le_bytes());
            out.extend_from_slice(&entry);
            at += padded(bytes.len());
        }
        for (.., bytes) in sections {
            out.extend_from_slice(bytes);
            out.resize(start + padded(out.len() - start), 0);
        }
    }
}

/// Sections begin at multiples of 8.
const fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}
