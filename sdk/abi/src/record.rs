//! The bytes of one record.

use crate::text::Text;

/// A record, as long as the writer's stride. A field is there where its bit says so and it lies within the record: a host
/// that is older than this reader did not write it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record<'a>(pub(crate) &'a [u8]);

/// Where a field stands: its bytes, and the bit that says whether it is there. From the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Of the field.
    pub(crate) offset: u16,
    /// Of the eight bytes that hold the bit.
    pub(crate) word: u16,
    /// The bit's number in them.
    pub(crate) bit: u8,
}

impl Place {
    /// Whether its bit is set in its word.
    #[inline]
    pub(crate) const fn is_in(self, word: u64) -> bool {
        word >> self.bit & 1 != 0
    }

    /// Takes a field of so many bytes from a record.
    #[cold]
    pub(crate) fn forget<const N: usize>(self, record: &mut [u8]) {
        mark(record, self, false);
        put(record, self.offset.into(), [0; N]);
    }
}

impl<'a> Record<'a> {
    /// Bytes of the header of a frame or of its section table, which have no bits.
    #[inline]
    pub(crate) fn raw<const N: usize>(self, offset: usize) -> Option<[u8; N]> {
        self.0.get(offset..).and_then(<[u8]>::first_chunk).copied()
    }

    /// Whether the field's bit is set.
    #[inline]
    pub(crate) fn has(self, place: Place) -> bool {
        self.raw(place.word.into()).is_some_and(|word| place.is_in(u64::from_le_bytes(word)))
    }

    #[inline]
    pub(crate) fn bytes<const N: usize>(self, place: Place) -> Option<[u8; N]> {
        // The value first: where it lies within the record, so does the word before it, which is not checked again.
        let value = self.raw(place.offset.into())?;
        self.has(place).then_some(value)
    }

    #[inline]
    pub(crate) fn u8(self, place: Place) -> Option<u8> {
        self.bytes(place).map(u8::from_le_bytes)
    }

    #[inline]
    pub(crate) fn u16(self, place: Place) -> Option<u16> {
        self.bytes(place).map(u16::from_le_bytes)
    }

    #[inline]
    pub(crate) fn u32(self, place: Place) -> Option<u32> {
        self.bytes(place).map(u32::from_le_bytes)
    }

    #[inline]
    pub(crate) fn u64(self, place: Place) -> Option<u64> {
        self.bytes(place).map(u64::from_le_bytes)
    }

    #[inline]
    pub(crate) fn i32(self, place: Place) -> Option<i32> {
        self.bytes(place).map(i32::from_le_bytes)
    }

    #[inline]
    pub(crate) fn i64(self, place: Place) -> Option<i64> {
        self.bytes(place).map(i64::from_le_bytes)
    }

    /// Start and length, or first row and count.
    #[inline]
    pub(crate) fn span(self, place: Place) -> Option<(u32, u32)> {
        self.bytes(place).map(spanned)
    }

    /// The text that the span points to; unknown where it points outside of the arena.
    #[inline]
    pub(crate) fn text(self, place: Place, arena: &'a [u8]) -> Text<'a> {
        let text = self.span(place).and_then(|(start, length)| {
            // On a 32-bit machine the sum may not fit.
            let end = (start as usize).checked_add(length as usize)?;
            arena.get(start as usize..end)
        });
        Text::known_or_not(text)
    }
}

/// The two numbers of a span.
#[inline]
pub(crate) fn spanned(bytes: [u8; 8]) -> (u32, u32) {
    let span = u64::from_le_bytes(bytes);
    (span as u32, (span >> 32) as u32)
}

/// Writes bytes. Offsets come from the schema, so that the bytes always fit.
#[inline]
pub(crate) fn put<const N: usize>(record: &mut [u8], offset: usize, value: [u8; N]) {
    if let Some(place) = record.get_mut(offset..).and_then(<[u8]>::first_chunk_mut) {
        *place = value;
    }
}

/// Writes a field's bit.
#[inline]
pub(crate) fn mark(record: &mut [u8], place: Place, there: bool) {
    if let Some(word) = record.get_mut(usize::from(place.word)..).and_then(<[u8]>::first_chunk_mut::<8>) {
        let bits = u64::from_le_bytes(*word);
        let bit = 1 << place.bit;
        *word = (if there { bits | bit } else { bits & !bit }).to_le_bytes();
    }
}
