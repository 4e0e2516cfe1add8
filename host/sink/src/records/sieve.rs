//! What of the records that come goes to a sink, by its route.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use lanner_spool::{Id, Record};
use serde_json::Value;

use super::counters::Counters;
use crate::route::{Decision, Routes};

/// A sink's route, or none: then all of them go.
pub(super) struct Sieve {
    routes: Option<Routes>,
    counters: Arc<Counters>,
    /// The first that was held of each portion, and until when that may be.
    held: VecDeque<(u64, Instant)>,
}

impl Sieve {
    pub(super) fn new(routes: Option<Routes>, counters: Arc<Counters>) -> Self {
        Self { routes, counters, held: VecDeque::new() }
    }

    /// When something may be due that is not due now.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.routes.as_ref()?.next_due()
    }

    /// Those of these that go, and what goes by now in the place of others.
    pub(super) fn pass(&mut self, mut records: Vec<Record>) -> Vec<Record> {
        let Some(routes) = &mut self.routes else { return records };
        let now = Instant::now();
        let before = records.len();
        let mut first_held = None;
        records.retain(|record| {
            // What cannot be judged goes rather than not.
            let Ok(finding) = serde_json::from_slice::<Value>(&record.bytes) else { return true };
            let decision = routes.pass(&finding, now);
            if decision == Decision::Hold {
                first_held.get_or_insert(record.seq);
            }
            decision == Decision::Send
        });
        self.held.extend(first_held.zip(now.checked_add(routes.longest())));
        self.counters.add_kept_back(before - records.len());
        records.extend(routes.due(now).iter().map(record));
        records
    }

    /// Whether one of those up to this number is held still.
    pub(super) fn holds(&mut self, seq: u64) -> bool {
        let now = Instant::now();
        while self.held.front().is_some_and(|(_, until)| *until <= now) {
            self.held.pop_front();
        }
        self.held.front().is_some_and(|(first, _)| *first <= seq)
    }

    /// All that waits, as nothing more comes.
    pub(super) fn finish(&mut self) -> Vec<Record> {
        self.held.clear();
        self.routes.as_mut().map(Routes::finish).unwrap_or_default().iter().map(record).collect()
    }
}

/// What stands for others, as if it had come.
fn record(value: &Value) -> Record {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let time_ns = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
    let mut id = Id::default();
    if let Some(digits) = value["id"].as_str() {
        // Whatever else it is, it is known by nothing.
        let _ = hex::decode_to_slice(digits, &mut id);
    }
    Record { seq: 0, time_ns, id, bytes: value.to_string().into_bytes().into() }
}
