//! A pack's share of the processor.

use std::time::Duration;

/// What a pack may take above its share, until it is stopped: a burst of events is no reason.
const CREDIT: Duration = Duration::from_secs(2);
/// The share: one in so many.
const SHARE: u32 = 2;

/// How much processor time a pack has taken, against its share of what its thread had: the time that it ran, and that it
/// could have run. What other programs took of the processor is not in it, so a busy machine changes nothing.
#[derive(Default)]
pub(super) struct Account {
    /// Taken above the share.
    owed: Duration,
    /// What the thread had when it was last looked at.
    settled: Option<Duration>,
}

impl Account {
    /// Books what a call took; the thread has had `had` in all. Says whether it was too much.
    pub(super) fn book(&mut self, took: Duration, had: Duration) -> bool {
        // The first call begins the account, as does the first on another thread.
        let before = self.settled.replace(had).filter(|before| *before <= had).unwrap_or(had.saturating_sub(took));
        self.owed = (self.owed + took).saturating_sub(had.saturating_sub(before) / SHARE);
        self.owed > CREDIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept_and_a_burst_forgiven() {
        let mut account = Account::default();
        let mut busy = |ms: u64, had_ms: u64| account.book(Duration::from_millis(ms), Duration::from_millis(had_ms));
        // A little less than half, for a minute.
        assert!((1..=600).all(|step| !busy(49, step * 100)));
        // All of the time: after some seconds it is too much.
        let first = (1..=100).find(|step| busy(100, 60_000 + step * 100));
        assert!(first.is_some_and(|step| (40..=45).contains(&step)), "{first:?}");
    }
}
