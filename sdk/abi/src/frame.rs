//! A frame's header and sections.

use core::fmt;
use core::iter::FusedIterator;
use core::slice::ChunksExact;

use crate::generated::{CONTAINER, Container, EVENT, Event, PROCESS, Process, RECORDS, VERSION, section_index};
use crate::layout::RecordInfo;
use crate::record::Record;
use crate::value::RecordRef;

pub(crate) const MAGIC: [u8; 4] = *b"LNRF";
/// Bytes before the section table, as this version writes it.
pub(crate) const HEADER_SIZE: usize = 16;
/// Bytes of an entry of the section table.
pub(crate) const ENTRY_SIZE: usize = 16;
/// The section of the bytes that texts point into.
pub(crate) const ARENA: u16 = 0;
/// The section that says which of a pack's subscriptions each event passed.
pub(crate) const PASSED: u16 = u16::MAX;

/// A batch of events, as bytes that were checked.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    sections: [Section<'a>; RECORDS.len()],
    pub(crate) arena: &'a [u8],
    passed: Section<'a>,
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// It does not begin as a frame does.
    NotAFrame,
    /// The layout has another version.
    Version {
        /// The frame's.
        found: u16,
    },
    /// It says that it is longer than it is.
    Cut {
        /// Bytes that it says it has.
        length: u32,
        /// Bytes that there are.
        found: usize,
    },
    /// The header or the section table does not lie within it.
    Header,
    /// A section does not lie within it.
    Section {
        /// The section's number.
        number: u16,
    },
    /// A section is there twice.
    Twice {
        /// The section's number.
        number: u16,
    },
}

/// The events of a frame, in order.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    frame: &'a Frame<'a>,
    records: ChunksExact<'a, u8>,
    /// That of the next one.
    row: u32,
}

/// The processes of a frame, by row.
#[derive(Clone, Debug)]
pub struct Processes<'a> {
    frame: &'a Frame<'a>,
    records: ChunksExact<'a, u8>,
}

/// Records of one kind, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Section<'a> {
    /// `count` times `stride` bytes.
    bytes: &'a [u8],
    /// Never 0.
    stride: usize,
    pub(crate) count: u32,
}

// === impl Frame ===

impl<'a> Frame<'a> {
    /// Takes bytes as a frame.
    ///
    /// # Errors
    ///
    /// Where the header is not a frame's or of another version, or a section does not lie within the bytes. What
    /// follows the frame's end is ignored.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let header: &[u8; HEADER_SIZE] = bytes.first_chunk().ok_or(FrameError::NotAFrame)?;
        let header = Record(header);
        if header.raw(0) != Some(MAGIC) {
            return Err(FrameError::NotAFrame);
        }
        let version = half(header, 4);
        if version != VERSION {
            return Err(FrameError::Version { found: version });
        }
        let length = word(header, 8);
        let cut = FrameError::Cut { length, found: bytes.len() };
        let bytes = usize::try_from(length).ok().and_then(|end| bytes.get(..end)).ok_or(cut)?;
        let table = usize::from(half(header, 6));
        if table < HEADER_SIZE {
            return Err(FrameError::Header);
        }
        let table_end = usize::try_from(word(header, 12))
            .ok()
            .and_then(|entries| entries.checked_mul(ENTRY_SIZE))
            .and_then(|size| size.checked_add(table));
        let table = table_end.and_then(|end| bytes.get(table..end)).ok_or(FrameError::Header)?;

        let mut frame = Frame { sections: [Section::default(); RECORDS.len()], arena: &[], passed: Section::default() };
        let mut arena_seen = false;
        for entry in table.chunks_exact(ENTRY_SIZE) {
            let entry = Record(entry);
            let number = half(entry, 0);
            let section = Section::within(bytes, entry).ok_or(FrameError::Section { number })?;
            if number == ARENA {
                if arena_seen {
                    return Err(FrameError::Twice { number });
                }
                arena_seen = true;
                frame.arena = section.bytes;
            } else if number == PASSED {
                if frame.passed.count > 0 {
                    return Err(FrameError::Twice { number });
                }
                frame.passed = section;
            } else if let Some(place) = section_index(number).and_then(|index| frame.sections.get_mut(index)) {
                if place.count > 0 {
                    return Err(FrameError::Twice { number });
                }
                *place = section;
            }
        }
        Ok(frame)
    }

    /// The events, in order.
    #[inline]
    #[must_use]
    pub fn events(&'a self) -> Events<'a> {
        Events { frame: self, records: self.section(&EVENT).rows(), row: 0 }
    }

    /// All processes: those that did something, and their ancestors.
    #[inline]
    #[must_use]
    pub fn processes(&'a self) -> Processes<'a> {
        Processes { frame: self, records: self.section(&PROCESS).rows() }
    }

    /// The process of a row.
    #[inline]
    #[must_use]
    pub fn process(&'a self, row: u32) -> Option<Process<'a>> {
        self.section(&PROCESS).row(row).map(|record| Process { frame: self, record })
    }

    /// The container of a row.
    #[inline]
    #[must_use]
    pub fn container(&'a self, row: u32) -> Option<Container<'a>> {
        self.section(&CONTAINER).row(row).map(|record| Container { frame: self, record })
    }

    /// A record of any section, to be read by the tables.
    #[must_use]
    pub fn record(&'a self, info: &'static RecordInfo, row: u32) -> Option<RecordRef<'a>> {
        self.section(info).row(row).map(|record| RecordRef::of_frame(info, record, self))
    }

    /// The process of a row; where it is not there, one of which nothing is known.
    #[inline]
    pub(crate) fn process_or_unknown(&'a self, row: Option<u32>) -> Process<'a> {
        let record = row.and_then(|row| self.section(&PROCESS).row(row)).unwrap_or_default();
        Process { frame: self, record }
    }

    #[inline]
    pub(crate) fn section(&self, info: &RecordInfo) -> Section<'a> {
        self.sections.get(info.index).copied().unwrap_or_default()
    }
}

fn half(record: Record<'_>, offset: usize) -> u16 {
    record.raw(offset).map_or(0, u16::from_le_bytes)
}

fn word(record: Record<'_>, offset: usize) -> u32 {
    record.raw(offset).map_or(0, u32::from_le_bytes)
}

// === impl FrameError ===

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFrame => write!(f, "these bytes are not a frame"),
            Self::Version { found } => {
                write!(f, "the frame's layout has version {found}; this reader knows version {VERSION}")
            }
            Self::Cut { length, found } => write!(f, "the frame has {found} bytes of the {length} that it names"),
            Self::Header => write!(f, "the frame's section table does not lie within it"),
            Self::Section { number } => write!(f, "the frame's section {number} does not lie within it"),
            Self::Twice { number } => write!(f, "the frame's section {number} is there twice"),
        }
    }
}

impl core::error::Error for FrameError {}

// === impl Section ===

impl Default for Section<'_> {
    fn default() -> Self {
        Self { bytes: &[], stride: 1, count: 0 }
    }
}

impl<'a> Section<'a> {
    /// The section that an entry of the table describes, where it lies within the frame.
    fn within(frame: &'a [u8], entry: Record<'_>) -> Option<Self> {
        let (stride, count) = (usize::from(half(entry, 2)), word(entry, 4));
        if count == 0 {
            return Some(Self::default());
        }
        if stride == 0 {
            return None;
        }
        let start = usize::try_from(word(entry, 8)).ok()?;
        let size = usize::try_from(count).ok()?.checked_mul(stride)?;
        let bytes = frame.get(start..start.checked_add(size)?)?;
        Some(Self { bytes, stride, count })
    }

    /// A span of its rows, as a list has it; `None` where they do not all lie within it.
    #[inline]
    pub(crate) fn rows_of(&self, (first, count): (u32, u32)) -> Option<ChunksExact<'a, u8>> {
        // Wherever it begins: a section without rows may be left out.
        if count == 0 {
            return Some([].chunks_exact(1));
        }
        let start = (first as usize).checked_mul(self.stride)?;
        let end = (count as usize).checked_mul(self.stride)?.checked_add(start)?;
        self.bytes.get(start..end).map(|rows| rows.chunks_exact(self.stride))
    }

    #[inline]
    fn rows(&self) -> ChunksExact<'a, u8> {
        self.bytes.chunks_exact(self.stride)
    }

    #[inline]
    pub(crate) fn row(&self, row: u32) -> Option<Record<'a>> {
        if row >= self.count {
            return None;
        }
        // Less than `bytes.len()`, so that it cannot overflow.
        let start = row as usize * self.stride;
        self.bytes.get(start..start + self.stride).map(Record)
    }
}

// === impl Events, Processes ===

impl Events<'_> {
    /// Whether the next event passed a subscription of the pack that the frame is for, by its number: they are counted from 0
    /// through the rules of its description. `None` where the host does not say, and the pack has to look itself.
    #[inline]
    #[must_use]
    pub fn passed(&self, subscription: u32) -> Option<bool> {
        let row = self.frame.passed.row(self.row)?;
        let word = row.raw(subscription as usize / 64 * 8).map(u64::from_le_bytes)?;
        Some(word >> (subscription % 64) & 1 == 1)
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    #[inline]
    fn next(&mut self) -> Option<Event<'a>> {
        let record = Record(self.records.next()?);
        self.row = self.row.wrapping_add(1);
        Some(Event { frame: self.frame, record })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.records.size_hint()
    }
}

impl ExactSizeIterator for Events<'_> {}
impl FusedIterator for Events<'_> {}

impl<'a> Iterator for Processes<'a> {
    type Item = Process<'a>;

    #[inline]
    fn next(&mut self) -> Option<Process<'a>> {
        let record = Record(self.records.next()?);
        Some(Process { frame: self.frame, record })
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.records.size_hint()
    }
}

impl ExactSizeIterator for Processes<'_> {}
impl FusedIterator for Processes<'_> {}
