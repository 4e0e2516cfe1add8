//! Frames, written.

use alloc::vec::Vec;

use crate::frame::{ARENA, ENTRY_SIZE, HEADER_SIZE, MAGIC};
use crate::generated::{EVENT, EventHeader, Kind, RECORDS, VERSION};
use crate::layout::{FieldInfo, RecordInfo, Type};
use crate::record::{Record, put, spanned};
use crate::value::RecordRef;

/// Bytes of text that a frame holds; texts beyond it are left out. Far above any batch, and far enough below 4 GiB
/// that offsets in the frame fit into 32 bits.
pub const MAX_ARENA: usize = 1 << 30;

/// Writes frames, one after the other, and keeps its buffers between them.
///
/// A frame is [`clear`](Self::clear), then processes and events, then [`finish`](Self::finish).
#[derive(Clone, Debug)]
pub struct FrameWriter {
    /// By the records' index.
    sections: [Rows; RECORDS.len()],
    arena: Arena,
    frame: Vec<u8>,
}

impl Default for FrameWriter {
    fn default() -> Self {
        Self { sections: core::array::from_fn(|_| Rows::default()), arena: Arena::default(), frame: Vec::new() }
    }
}

/// The records of a section, one after the other.
#[derive(Clone, Debug, Default)]
struct Rows {
    bytes: Vec<u8>,
    count: u32,
}

/// The bytes that texts point into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena(Vec<u8>);

impl Arena {
    /// Adds a text; gives the span that points to it, where there is room.
    #[inline]
    pub(crate) fn add(&mut self, text: &[u8]) -> Option<[u8; 8]> {
        if text.is_empty() {
            return Some([0; 8]);
        }
        let start = self.0.len();
        if text.len() > MAX_ARENA - start {
            return None;
        }
        self.0.extend_from_slice(text);
        // Both are at most `MAX_ARENA`.
        Some((start as u64 | (text.len() as u64) << 32).to_le_bytes())
    }
}

impl Rows {
    /// Appends what a record has before its texts, as this version writes it; gives its row, and its bytes.
    #[inline]
    fn append(&mut self, info: &RecordInfo, fixed: &[u8]) -> (u32, &mut [u8]) {
        let at = self.bytes.len();
        match fixed.get(..info.size) {
            Some(fixed) => self.bytes.extend_from_slice(fixed),
            None => self.append_shorter(info, fixed),
        }
        let row = self.count;
        // A section of 2^32 records fits no frame: it would be refused by its length.
        self.count = row.wrapping_add(1);
        (row, self.bytes.get_mut(at..).unwrap_or_default())
    }

    #[cold]
    fn append_shorter(&mut self, info: &RecordInfo, fixed: &[u8]) {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(fixed);
        self.bytes.resize(at + info.size, 0);
        info.clean(self.bytes.get_mut(at..).unwrap_or_default(), fixed.len());
    }
}

impl FrameWriter {
    /// An empty frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a new frame; capacity is kept.
    pub fn clear(&mut self) {
        for rows in &mut self.sections {
            rows.bytes.clear();
            rows.count = 0;
        }
        self.arena.0.clear();
    }

    /// Adds a record to its section; gives its row. `row_of` gives the row of what a field of the record points at, by the
    /// number that stands there; what has none is left out.
    #[inline]
    pub fn record(
        &mut self,
        record: RecordRef<'_>,
        row_of: &mut dyn FnMut(&'static FieldInfo, u32) -> Option<u32>,
    ) -> u32 {
        let info = record.info;
        let Some(rows) = self.sections.get_mut(info.index) else { return u32::MAX };
        let (row, fixed) = rows.append(info, record.fixed);
        let mut pointing = 0;
        for word in info.words {
            let there = word.known_in(fixed);
            for place in word.texts.iter().filter(|place| place.is_in(there)) {
                let span = Record(record.fixed).raw(place.offset.into()).map(spanned);
                let text = span.and_then(|(start, length)| record.span(start as usize, length as usize));
                match text.and_then(|text| self.arena.add(text)) {
                    Some(span) => put(fixed, place.offset.into(), span),
                    None => place.forget::<8>(fixed),
                }
            }
            pointing |= there & word.pointing;
        }
        if pointing != 0 {
            let start = rows.bytes.len() - info.size;
            self.pointing(&record, start, row_of);
        }
        row
    }

    /// Finds the rows of what a record that begins there points at, and adds its lists.
    #[inline(never)]
    fn pointing(
        &mut self,
        record: &RecordRef<'_>,
        start: usize,
        row_of: &mut dyn FnMut(&'static FieldInfo, u32) -> Option<u32>,
    ) {
        let info = record.info;
        for &field in info.words.iter().flat_map(|word| word.points).filter(|field| record.has(field)) {
            let value = match field.ty {
                Type::List => record.list(field).map(|items| self.list(items)),
                _ => {
                    let row = record.number(field).and_then(|number| row_of(field, number as u32));
                    row.map(|row| u64::from(row).to_le_bytes())
                }
            };
            let rows = self.sections.get_mut(info.index).map(|rows| rows.bytes.as_mut_slice());
            let Some(fixed) = rows.and_then(|rows| rows.get_mut(start..)) else { continue };
            match (value, field.ty) {
                (None, _) => field.forget(fixed),
                (Some(span), Type::List) => put(fixed, field.offset(), span),
                (Some([a, b, c, d, ..]), _) => put(fixed, field.offset(), [a, b, c, d]),
            }
        }
    }

    /// Adds records one after the other; gives the span.
    fn list<'a>(&mut self, items: impl Iterator<Item = RecordRef<'a>>) -> [u8; 8] {
        let (mut first, mut count) = (0_u32, 0_u32);
        for item in items {
            // The records of a list hold no rows.
            let row = self.record(item, &mut |_, _| None);
            if count == 0 {
                first = row;
            }
            count += 1;
        }
        (u64::from(first) | u64::from(count) << 32).to_le_bytes()
    }

    /// Adds an event, whose payload is in the row that [`record`](Self::record) gave. Rows that the header names must be
    /// those of processes of the same frame.
    #[inline]
    pub fn event(&mut self, header: &EventHeader, kind: Kind, payload: u32) {
        if let Some(rows) = self.sections.get_mut(EVENT.index) {
            // Of the size that the table says, which the compiler knows only so.
            rows.bytes.extend_from_slice(&header.bytes(kind.number(), payload));
            rows.count = rows.count.wrapping_add(1);
        }
    }

    /// Bytes of what was added since the last [`clear`](Self::clear), but for the header.
    #[must_use]
    pub fn size(&self) -> usize {
        self.sections.iter().map(|rows| rows.bytes.len()).sum::<usize>() + self.arena.0.len()
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
        let arena = (ARENA, 1, self.arena.0.len() as u32, &self.arena.0);
        let records = RECORDS.iter().zip(&self.sections).filter(|(_, rows)| rows.count > 0);
        let sections = records.map(|(info, rows)| (info.section, info.size, rows.count, &rows.bytes)).chain([arena]);
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
        for (number, stride, count, bytes) in sections.clone() {
            let mut entry = [0; ENTRY_SIZE];
            put(&mut entry, 0, number.to_le_bytes());
            put(&mut entry, 2, (stride as u16).to_le_bytes());
            put(&mut entry, 4, count.to_le_bytes());
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
