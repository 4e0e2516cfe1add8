//! What of the host's self-test has come through.

use std::sync::atomic::{AtomicU64, Ordering};

use lanner_abi::{Kind, process_flag};
use lanner_enrich::Event;

/// Which kinds of events of the host's self-test have come through.
#[derive(Debug)]
pub struct Seen([AtomicU64; Kind::ALL.len()]);

impl Default for Seen {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Seen {
    /// Events of this kind.
    pub fn count(&self, kind: Kind) -> u64 {
        self.counter(kind).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    pub(super) fn note(&self, event: &Event) {
        if event.subject().is_some_and(|process| process.flags() & process_flag::SELF_TEST != 0)
            && let Some(count) = self.counter(event.kind)
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counter(&self, kind: Kind) -> Option<&AtomicU64> {
        Kind::ALL.iter().position(|other| *other == kind).and_then(|place| self.0.get(place))
    }
}
