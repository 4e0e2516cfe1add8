//! Gathers events into batches, and ticks in event time.

use std::collections::VecDeque;
use std::sync::Arc;

use lanner_engine::WorkerGone;
use lanner_enrich::{Event, Process};

use crate::Judge;

/// Events of a batch at most. Larger ones cost latency and gain little: the cost of a call is spread thin by then.
pub const BATCH: usize = 256;
/// A batch is closed when what its processes and their ancestors take comes to this many bytes: whoever starts processes
/// decides how much that is. A batch of ordinary events is a tenth of it.
const BATCH_BYTES: usize = 4 << 20;
/// Ticks come at every full second of event time.
const TICK_NS: u64 = 1_000_000_000;
/// Ticks made up for at most when time jumps (a suspended machine, a long silence in a capture).
const MISSED_TICKS: u64 = 3600;

/// What has gathered of a batch, and when the next tick is due.
#[derive(Default)]
pub struct Batcher {
    events: Vec<Event>,
    /// What their processes take; those of one process one after the other count once.
    bytes: usize,
    /// The next tick, and the last one that is due; nothing before the first event.
    next_tick: Option<u64>,
    due: u64,
    /// What comes after ticks that are due, and for which the engine had no room yet.
    behind: VecDeque<Event>,
}

impl Batcher {
    /// Takes an event; a full batch is judged. Where the engine has no room for the ticks before it, it waits for
    /// [`Self::catch_up`].
    ///
    /// # Errors
    /// The engine does not go on.
    pub fn push(&mut self, event: Event, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        if self.is_behind() {
            self.behind.push_back(event);
            return Ok(());
        }
        self.advance(event.time_ns, engine)?;
        if self.is_behind() {
            self.behind.push_back(event);
            return Ok(());
        }
        self.bytes += self.adds(&event);
        self.events.push(event);
        if self.events.len() >= BATCH || self.bytes >= BATCH_BYTES { self.flush(engine) } else { Ok(()) }
    }

    /// What the processes of an event add to the batch.
    fn adds(&self, event: &Event) -> usize {
        let last = self.events.last().and_then(|last| last.process.as_ref());
        let is_last = |process: &Arc<Process>| last.is_some_and(|last| Arc::ptr_eq(last, process));
        let processes = event.process.iter().filter(|process| !is_last(process)).chain(&event.named);
        processes.map(|process| process.line_size()).sum()
    }

    /// Whether ticks, and events after them, wait for room.
    pub fn is_behind(&self) -> bool {
        self.next_tick.is_some_and(|next| next <= self.due) || !self.behind.is_empty()
    }

    /// Hands over what waits, as far as there is room.
    ///
    /// # Errors
    /// The engine does not go on.
    pub fn catch_up(&mut self, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        self.tick(engine)?;
        for event in std::mem::take(&mut self.behind) {
            self.push(event, engine)?;
        }
        Ok(())
    }

    /// Has judged what has gathered.
    ///
    /// # Errors
    /// The engine does not go on.
    pub fn flush(&mut self, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        self.bytes = 0;
        if self.events.is_empty() {
            return Ok(());
        }
        engine.judge(std::mem::replace(&mut self.events, Vec::with_capacity(BATCH)))
    }

    /// How many events wait behind ticks.
    pub fn waiting(&self) -> u64 {
        self.behind.len() as u64
    }

    /// Event time has reached `time`, ns: ticks for every full second that has passed.
    ///
    /// # Errors
    /// The engine does not go on.
    pub fn advance(&mut self, time: u64, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        let reached = time - time % TICK_NS;
        // Where the clock was set back, ticks go on from there.
        let Some(next) = self.next_tick.filter(|next| next.saturating_sub(reached) <= 2 * TICK_NS) else {
            self.next_tick = Some(reached.saturating_add(TICK_NS));
            self.due = reached;
            return Ok(());
        };
        if reached < next {
            return Ok(());
        }
        self.flush(engine)?;
        self.next_tick = Some(next.max(reached.saturating_sub(MISSED_TICKS * TICK_NS)));
        self.due = reached;
        self.tick(engine)
    }

    /// Ticks that are due, while there is room.
    fn tick(&mut self, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        while let Some(next) = self.next_tick.filter(|next| *next <= self.due && engine.has_room()) {
            engine.tick(next)?;
            self.next_tick = Some(next.saturating_add(TICK_NS));
        }
        Ok(())
    }
}
