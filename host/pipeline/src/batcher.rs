//! Gathers events into batches, and ticks in event time.

use lanner_engine::WorkerGone;
use lanner_enrich::Event;

use super::Judge;

/// Events of a batch at most. Larger ones cost latency and gain little: the cost of a call is spread thin by then.
pub const BATCH: usize = 256;
/// Ticks come at every full second of event time.
const TICK_NS: u64 = 1_000_000_000;
/// Ticks made up for at most when time jumps (a suspended machine, a long silence in a capture).
const MISSED_TICKS: u64 = 3600;

#[derive(Default)]
pub(super) struct Batcher {
    events: Vec<Event>,
    next_tick: Option<u64>,
}

impl Batcher {
    /// Takes an event; a full batch is judged.
    pub(super) fn push(&mut self, event: Event, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        self.advance(event.time_ns, engine)?;
        self.events.push(event);
        if self.events.len() >= BATCH { self.flush(engine) } else { Ok(()) }
    }

    /// Has judged what has gathered.
    pub(super) fn flush(&mut self, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        if self.events.is_empty() {
            return Ok(());
        }
        engine.judge(std::mem::replace(&mut self.events, Vec::with_capacity(BATCH)))
    }

    /// Event time has reached `time`, ns: ticks for every full second that has passed.
    pub(super) fn advance(&mut self, time: u64, engine: &mut impl Judge) -> Result<(), WorkerGone> {
        let reached = time - time % TICK_NS;
        // Where the clock was set back, ticks go on from there.
        let Some(next) = self.next_tick.filter(|next| next.saturating_sub(reached) <= 2 * TICK_NS) else {
            self.next_tick = Some(reached.saturating_add(TICK_NS));
            return Ok(());
        };
        if reached < next {
            return Ok(());
        }
        self.flush(engine)?;
        let first = next.max(reached.saturating_sub(MISSED_TICKS * TICK_NS));
        for tick in (first..=reached).step_by(TICK_NS as usize) {
            engine.tick(tick)?;
        }
        self.next_tick = Some(reached.saturating_add(TICK_NS));
        Ok(())
    }
}
