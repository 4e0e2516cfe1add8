//! A pack's share of what all need: the processor, and the sinks.

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

const SECOND_NS: u64 = 1_000_000_000;

/// How many findings a pack raised in this second.
#[derive(Default)]
pub(super) struct Flood {
    since_ns: u64,
    taken: usize,
}

impl Flood {
    /// Leaves out what is more than the `most` that a second may have; gives how many those are.
    pub(super) fn cut<T>(&mut self, findings: &mut Vec<T>, most: usize, now_ns: u64) -> u64 {
        let set_back = now_ns < self.since_ns;
        if set_back || now_ns - self.since_ns >= SECOND_NS {
            (self.since_ns, self.taken) = (now_ns, 0);
        }
        let room = most.saturating_sub(self.taken);
        let more = findings.len().saturating_sub(room);
        findings.truncate(room);
        self.taken += findings.len();
        more as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_so_many_are_taken_in_a_second() {
        let mut flood = Flood::default();
        let mut raise = |count: usize, now_ns: u64| {
            let mut findings = vec![(); count];
            let more = flood.cut(&mut findings, 4096, now_ns);
            assert_eq!(findings.len() as u64 + more, count as u64);
            findings.len()
        };
        let now = 1000 * SECOND_NS;
        assert_eq!([raise(4000, now), raise(4000, now + 1), raise(10, now + 2)], [4000, 96, 0]);
        assert_eq!(raise(5000, now + SECOND_NS), 4096);
        assert_eq!(raise(1, now), 1, "the clock was set back");
    }

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
