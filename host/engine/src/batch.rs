//! A batch on its way through the workers, and the account of those that nobody judges any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use lanner_enrich::Event;
use lanner_lists::Snapshot;

use super::mailbox::{Held, Weight};

/// A batch. Its worker threads, and the verdict on it, share it.
pub(crate) struct Batch {
    /// Batches are numbered from 1, in their order.
    pub(super) number: u64,
    pub(super) events: Box<[Event]>,
    /// The lists, as they were when it came: all who judge it go by them.
    pub(super) lists: Arc<Snapshot>,
    /// What it takes, but for the processes, which others share; bytes.
    pub(super) weight: usize,
    /// Its weight counts as long as anybody holds it.
    _held: Weight,
    /// Whether some pack did not get to judge it.
    set_aside: AtomicBool,
}

impl Batch {
    pub(super) fn new(number: u64, events: Vec<Event>) -> Self {
        Self::held_by(&Held::default(), number, events, Arc::default())
    }

    pub(super) fn held_by(held: &Held, number: u64, events: Vec<Event>, lists: Arc<Snapshot>) -> Self {
        let weight = events.iter().map(|event| size_of::<Event>() + event.payload.len()).sum();
        let (_held, set_aside) = (held.hold(weight), AtomicBool::new(false));
        Self { number, events: events.into(), lists, weight, _held, set_aside }
    }
}

/// Whether judging was given up, and what that cost. Shared by the engine and its workers.
#[derive(Default)]
pub(super) struct GivenUp {
    yes: AtomicBool,
    unjudged: AtomicU64,
}

impl GivenUp {
    /// From here on nothing is judged.
    pub(super) fn set(&self) {
        self.yes.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_set(&self) -> bool {
        self.yes.load(Ordering::SeqCst)
    }

    /// Counts a batch as not judged: once, however many workers had to judge it.
    pub(super) fn count(&self, batch: &Batch) {
        if !batch.set_aside.swap(true, Ordering::SeqCst) {
            self.unjudged.fetch_add(batch.events.len() as u64, Ordering::SeqCst);
        }
    }

    /// Events that some pack did not get to judge.
    pub(super) fn unjudged(&self) -> u64 {
        self.unjudged.load(Ordering::SeqCst)
    }
}
