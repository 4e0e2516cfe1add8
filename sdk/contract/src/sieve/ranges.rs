//! Ranges to compare with, in order.

use alloc::vec::Vec;

use super::sorted;

/// Ranges of numbers, or of addresses as numbers; both ends are included.
#[derive(Clone, Debug, Default)]
pub struct Ranges<T> {
    /// Sorted, and none has a number of another.
    ranges: Vec<(T, T)>,
}

impl<T: Copy + Ord> Ranges<T> {
    /// Of these; those that end before they begin hold nothing.
    #[must_use]
    pub fn new(mut ranges: Vec<(T, T)>) -> Self {
        ranges.retain(|(from, to)| from <= to);
        let mut ranges = sorted(ranges);
        ranges.dedup_by(|(from, to), (_, last)| {
            let overlaps = from <= last;
            if overlaps {
                *last = (*last).max(*to);
            }
            overlaps
        });
        Self { ranges }
    }

    /// Whether one of them has the number. A binary search.
    #[inline]
    #[must_use]
    pub fn contains(&self, number: T) -> bool {
        let after = self.ranges.partition_point(|(from, _)| *from <= number);
        after.checked_sub(1).and_then(|last| self.ranges.get(last)).is_some_and(|(_, to)| number <= *to)
    }

    /// How many there are, those that overlapped as one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (T, T)> {
        self.ranges.iter().copied()
    }
}

impl Ranges<u128> {
    /// Of networks: each an address and how many of its 128 bits count.
    #[must_use]
    pub fn of_networks(networks: impl IntoIterator<Item = ([u8; 16], u8)>) -> Self {
        let range = |(address, bits): ([u8; 16], u8)| {
            let others = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
            let address = u128::from_be_bytes(address);
            (address & !others, address | others)
        };
        Self::new(networks.into_iter().map(range).collect())
    }
}
