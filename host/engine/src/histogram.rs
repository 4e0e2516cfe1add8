//! How values are spread, in little memory.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How often values lay where, four steps to each doubling. Counted by one, read by whoever asks.
#[derive(Debug)]
pub struct Histogram([AtomicU64; Self::STEPS]);

impl Default for Histogram {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; Self::STEPS])
    }
}

impl Histogram {
    /// Up to 2^32: what takes longer than four seconds counts as that long.
    const STEPS: usize = 4 * 32;

    /// Counts a value.
    pub fn count(&self, value: u64) {
        if let Some(step) = self.0.get(Self::step(value)) {
            step.fetch_add(1, Relaxed);
        }
    }

    fn step(value: u64) -> usize {
        let value = value.clamp(1, (1 << 32) - 1);
        let doubling = value.ilog2();
        let quarter = if doubling >= 2 { value >> (doubling - 2) & 3 } else { value << (2 - doubling) & 3 };
        (doubling as usize) * 4 + quarter as usize
    }

    /// The end of a step.
    fn end(step: usize) -> u64 {
        let (doubling, quarter) = (step as u32 / 4, step as u64 % 4);
        ((1_u64 << doubling) * (5 + quarter)).div_ceil(4)
    }

    /// What so great a part of the values is not above, to a fifth; 0 where there are none.
    pub fn below(&self, part: f64) -> u64 {
        let counts: Vec<u64> = self.0.iter().map(|step| step.load(Relaxed)).collect();
        let wanted = (counts.iter().sum::<u64>() as f64 * part).ceil() as u64;
        let mut so_far = 0;
        let found = counts.iter().position(|count| {
            so_far += count;
            so_far >= wanted
        });
        found.filter(|_| wanted > 0).map_or(0, Self::end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_values_lie_below_is_known_to_a_fifth() {
        let histogram = Histogram::default();
        assert_eq!(histogram.below(0.5), 0);
        (1..=1000).for_each(|value| histogram.count(value));
        for (part, exact) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let told = histogram.below(part) as f64;
            assert!((exact..=exact * 1.25).contains(&told), "{part} {told}");
        }
        let histogram = Histogram::default();
        [0, u64::MAX].into_iter().for_each(|value| histogram.count(value));
        assert_eq!((histogram.below(0.5), histogram.below(1.0)), (2, 1 << 32));
    }
}
