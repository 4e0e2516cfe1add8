//! How long it is waited before what failed is tried again.

use std::time::Duration;

/// After the first failure; then twice as long each time, up to the longest.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(60);
/// What a server asks for is believed up to this.
const LONGEST_ASKED: Duration = Duration::from_secs(600);

/// Pauses between tries.
#[derive(Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The next pause: at least what the server asked for, and not the same for all who failed at the same time. `random` is
    /// 0 to 1.
    pub(super) fn next(&mut self, asked: Option<Duration>, random: f64) -> Duration {
        let whole = LONGEST.min(FIRST.saturating_mul(1_u32.checked_shl(self.tries).unwrap_or(u32::MAX)));
        self.tries = self.tries.saturating_add(1).min(31);
        // Half of it for sure, the rest by chance.
        let pause = whole.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0);
        asked.map_or(pause, |asked| pause.max(asked.min(LONGEST_ASKED)))
    }

    /// It went well.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}

/// A number from 0 to 1.
pub(super) fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without chance they all come at once, which is no more than a pity.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_a_server_may_ask_for_more() {
        let mut backoff = Backoff::default();
        let longest: Vec<u64> = (0..11).map(|_| backoff.next(None, 1.0).as_millis() as u64).collect();
        assert_eq!(longest, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
        let last = (0..100).map(|_| backoff.next(None, 0.0)).last();
        assert_eq!(last, Some(LONGEST / 2));
        backoff.reset();
        assert_eq!(backoff.next(Some(Duration::from_secs(30)), 0.0), Duration::from_secs(30));
        assert_eq!(backoff.next(Some(Duration::from_millis(1)), 0.0), FIRST, "never less than it would be");
        assert_eq!(backoff.next(Some(Duration::MAX), 0.0), LONGEST_ASKED);
        assert!((0.0..=1.0).contains(&random()));
    }
}
