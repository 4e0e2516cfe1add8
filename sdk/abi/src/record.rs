//! The bytes of one record.

use crate::text::Text;

/// A record, as long as the writer's stride. What lies outside of it reads as zero or empty: a host that is older
/// than this reader did not write it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record<'a>(pub(crate) &'a [u8]);

impl<'a> Record<'a> {
    #[inline]
    pub(crate) fn bytes<const N: usize>(self, offset: usize) -> [u8; N] {
        match self.0.get(offset..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => *bytes,
            None => [0; N],
        }
    }

    #[inline]
    pub(crate) fn u8(self, offset: usize) -> u8 {
        u8::from_le_bytes(self.bytes(offset))
    }

    #[inline]
    pub(crate) fn u16(self, offset: usize) -> u16 {
        u16::from_le_bytes(self.bytes(offset))
    }

    #[inline]
    pub(crate) fn u32(self, offset: usize) -> u32 {
        u32::from_le_bytes(self.bytes(offset))
    }

    #[inline]
    pub(crate) fn u64(self, offset: usize) -> u64 {
        u64::from_le_bytes(self.bytes(offset))
    }

    #[inline]
    pub(crate) fn i32(self, offset: usize) -> i32 {
        i32::from_le_bytes(self.bytes(offset))
    }

    #[inline]
    pub(crate) fn i64(self, offset: usize) -> i64 {
        i64::from_le_bytes(self.bytes(offset))
    }

    /// The text that the span at `offset` points to; empty where it points outside of the arena.
    #[inline]
    pub(crate) fn text(self, offset: usize, arena: &'a [u8]) -> Text<'a> {
        let span = self.u64(offset);
        let (start, length) = (span as u32 as usize, (span >> 32) as usize);
        // On a 32-bit machine the sum may not fit.
        let text = start.checked_add(length).and_then(|end| arena.get(start..end));
        Text::new(text.unwrap_or_default())
    }
}

/// Writes a field. Offsets come from the schema, so that the bytes always fit.
#[inline]
pub(crate) fn put<const N: usize>(record: &mut [u8], offset: usize, value: [u8; N]) {
    if let Some(place) = record.get_mut(offset..).and_then(<[u8]>::first_chunk_mut) {
        *place = value;
    }
}
