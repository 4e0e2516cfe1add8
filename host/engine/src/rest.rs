//! How long who failed rests: a pack, or one rule of it.

/// How long the first rest is, ns; doubled with each further failure.
const FIRST_NS: u64 = 1_000_000_000;
/// How long one is at most, ns.
const LONGEST_NS: u64 = 60_000_000_000;
/// Who ran this long without failing has its failures forgotten, ns.
const FORGIVEN_NS: u64 = 60_000_000_000;
/// Who failed so often without being forgiven does not come back by itself.
const ENOUGH: u32 = 8;

/// The failures of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    until_ns: u64,
    failures: u32,
}

/// What comes of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// A rest, ns.
    Rests(u64),
    /// It stays out until it is changed or released.
    Quarantined,
}

impl Rest {
    /// It failed.
    pub(super) fn begin(&mut self, now_ns: u64) -> Sentence {
        if now_ns.saturating_sub(self.until_ns) > FORGIVEN_NS {
            self.failures = 0;
        }
        let rest_ns = FIRST_NS.saturating_mul(1 << self.failures.min(16)).min(LONGEST_NS);
        self.failures += 1;
        self.until_ns = now_ns.saturating_add(rest_ns);
        if self.is_quarantined() { Sentence::Quarantined } else { Sentence::Rests(rest_ns) }
    }

    /// It failed, and goes on at once where that is seldom.
    pub(super) fn begin_unless_seldom(&mut self, now_ns: u64) -> Option<Sentence> {
        let before = *self;
        let sentence = self.begin(now_ns);
        if self.failures > 2 {
            return Some(sentence);
        }
        // It is forgiven as from here on.
        self.until_ns = before.until_ns.max(now_ns);
        None
    }

    pub(super) fn is_quarantined(&self) -> bool {
        self.failures >= ENOUGH
    }

    /// Whether it may go on.
    pub(super) fn is_over(&self, now_ns: u64) -> bool {
        // A rest is never longer than that: the clock was set back, and waiting for it would take as long.
        let set_back = self.until_ns.saturating_sub(now_ns) > LONGEST_NS;
        !self.is_quarantined() && (now_ns >= self.until_ns || set_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn rests_grow_and_are_forgiven() {
        let mut rest = Rest::default();
        assert_eq!(rest.begin(100 * SECOND), Sentence::Rests(SECOND));
        assert!(!rest.is_over(100 * SECOND) && rest.is_over(101 * SECOND));
        assert_eq!(rest.begin(101 * SECOND), Sentence::Rests(2 * SECOND));
        assert!(rest.is_over(1), "the clock was set back");
        assert_eq!(rest.begin(200 * SECOND), Sentence::Rests(SECOND));
    }

    #[test]
    fn who_fails_again_and_again_stays_out() {
        let (mut rest, mut now) = (Rest::default(), 1000 * SECOND);
        for _ in 1..ENOUGH {
            let Sentence::Rests(ns) = rest.begin(now) else { panic!("too early") };
            now += ns;
        }
        assert_eq!(rest.begin(now), Sentence::Quarantined);
        assert!(!rest.is_over(now + 10_000 * SECOND));
    }

    #[test]
    fn a_failure_now_and_then_costs_no_rest() {
        let mut rest = Rest::default();
        assert!((1..100).all(|hour| rest.begin_unless_seldom(hour * 3600 * SECOND).is_none()));
        let again: Vec<_> = (0..4).map(|step| rest.begin_unless_seldom(1_000_000 * SECOND + step)).collect();
        assert_eq!(again, [None, None, Some(Sentence::Rests(4 * SECOND)), Some(Sentence::Rests(8 * SECOND))]);
    }
}
