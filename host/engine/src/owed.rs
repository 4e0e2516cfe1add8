//! Events that a pack was not given as too many waited for it, until it is told.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lanner_abi::{Frame, Kind, OwnedRecord, field};
use lanner_enrich::Event;

use super::description::Description;

/// How often it is said in the log at most.
const SAID: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(crate) struct Owed {
    /// By the number of the kind.
    kinds: BTreeMap<u16, u64>,
    /// What is to be said in the log, and when that was done last.
    unsaid: u64,
    said: Option<Instant>,
}

impl Owed {
    /// The events of a frame were not given to it.
    pub(crate) fn add(&mut self, frame: &[u8]) {
        let Ok(frame) = Frame::parse(frame) else { return };
        for event in frame.events() {
            *self.kinds.entry(event.kind_number()).or_default() += 1;
            self.unsaid += 1;
        }
    }

    /// What it is told, where it asked for that: a loss of each kind. Nothing is owed any more.
    pub(crate) fn pay(&mut self, description: &Description, now: u64) -> Vec<Event> {
        let kinds = std::mem::take(&mut self.kinds);
        if kinds.is_empty() || !description.kinds().any(|kind| kind == Kind::Loss.number()) {
            return Vec::new();
        }
        let loss = |(kind, count): (u16, u64)| {
            let payload = OwnedRecord::new(Kind::Loss.record()).with(field::loss::LOST_KIND, kind);
            Event {
                // It is no event of the stream, and has no number there.
                seq: 0,
                time_ns: now,
                kind: Kind::Loss,
                flags: 0,
                result: None,
                process: None,
                tid: None,
                payload: payload.with(field::loss::COUNT, count),
                named: Vec::new(),
                keys: lanner_enrich::Keys::default(),
            }
        };
        kinds.into_iter().map(loss).collect()
    }

    /// Says it in the log, from time to time.
    pub(crate) fn say(&mut self, pack: &str) {
        if self.unsaid == 0 || self.said.is_some_and(|said| said.elapsed() < SAID) {
            return;
        }
        let events = std::mem::take(&mut self.unsaid);
        self.said = Some(Instant::now());
        tracing::warn!("pack {pack} cannot keep up: it was not given {events} events; the other packs got theirs");
    }
}
