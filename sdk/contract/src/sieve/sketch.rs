//! What of many texts is told at a glance.

use alloc::vec;
use alloc::vec::Vec;

/// Bits for each text: of sixteen texts that are none of them, one may be taken for one.
const BITS: usize = 16;
/// Bits of a word, as a power of two.
const WORD: u32 = u64::BITS.ilog2();

/// How short texts are, and what they begin with, as a set of hashes (Bloom, 1970). Nearly every text that is looked for is
/// none of them, and this says so with one look at its bytes.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// The length of the shortest text, of which as many bytes are looked at; but 8 at the most.
    shortest: usize,
    /// How many bits of a number of 64 have the bytes that are not looked at.
    beyond: u32,
    /// A bit for each hash. The length is a power of two.
    bits: Vec<u64>,
    /// What leaves of a hash as many bits as it takes to name one of `bits`.
    shift: u32,
}

impl Sketch {
    /// Of texts, each by its length and its first 8 bytes as a number, of which `cut` takes away so many bits.
    pub(super) fn new(texts: impl Iterator<Item = (usize, u64)> + Clone, cut: fn(u64, u32) -> u64) -> Self {
        let shortest = texts.clone().map(|(length, _)| length).min().unwrap_or(usize::MAX);
        let words = (texts.clone().count() * BITS / u64::BITS as usize).next_power_of_two();
        let beyond = u64::BITS - 8 * shortest.min(8) as u32;
        let shift = u64::BITS - WORD - words.ilog2();
        let mut sketch = Self { shortest, beyond, bits: vec![0; words], shift };
        for (_, near) in texts {
            let (word, bit) = sketch.place(cut(near, beyond));
            sketch.bits.get_mut(word).into_iter().for_each(|word| *word |= 1 << bit);
        }
        // Every text begins with an empty one.
        if shortest == 0 {
            sketch.bits.fill(u64::MAX);
        }
        sketch
    }

    /// Whether a text, by its length and its first 8 bytes, may be one of them or begin with one. Where this is false, it is
    /// not, and does not.
    #[inline]
    pub(super) fn admits(&self, length: usize, near: u64, cut: impl FnOnce(u64, u32) -> u64) -> bool {
        let (word, bit) = self.place(cut(near, self.beyond));
        length >= self.shortest && self.bits.get(word).is_some_and(|word| word >> bit & 1 != 0)
    }

    /// The word, and the bit in it, that stand for these bytes.
    #[inline]
    fn place(&self, bytes: u64) -> (usize, u64) {
        // Multiplied, so that the upper bits depend on all of them (Knuth, 6.4).
        let hash = bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        ((hash >> WORD) as usize, hash & (u64::from(u64::BITS) - 1))
    }
}

impl Default for Sketch {
    /// Of no texts.
    fn default() -> Self {
        Self { shortest: usize::MAX, beyond: 0, bits: Vec::new(), shift: 0 }
    }
}
