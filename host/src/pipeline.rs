//! The way of an event: source, enrich, batch, judge. What comes out goes to `sink::Delivery`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;

use lanner_abi::{Kind, process_flag};
use lanner_probes::ProbeKind;

use crate::engine::{Candidate, Description, Engine, Handover, Refusal};
use crate::enrich::{Enricher, Event};
use crate::source::{Drained, Source, SourceError};

/// Events of a batch at most. Larger ones cost latency and gain little: the cost of a call is spread thin by then.
pub const BATCH: usize = 256;
/// Ticks come at every full second of event time.
const TICK_NS: u64 = 1_000_000_000;
/// Ticks made up for at most when time jumps (a suspended machine, a long silence in a capture).
const MISSED_TICKS: u64 = 3600;
/// How long the pipeline waits for events before it looks for orders.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a running pipeline can be asked to do. It is done between two batches.
pub enum Order {
    /// Run a pack, in place of its older version where there is one.
    Install {
        /// Where it comes from.
        path: PathBuf,
        /// The pack.
        candidate: Box<Candidate>,
        /// How it went.
        reply: Sender<Result<Handover, Refusal>>,
    },
    /// Stop running the pack from this path.
    Remove {
        /// Where it came from.
        path: PathBuf,
        /// What it was.
        reply: Sender<Option<Arc<Description>>>,
    },
    /// Judge what has arrived, and end.
    Stop,
}

/// What a pipeline did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events judged.
    pub events: u64,
    /// Events lost between kernel and host.
    pub lost: u64,
}

/// Which kinds of events of the host's self-test have come through.
#[derive(Debug, Default)]
pub struct Seen([AtomicU64; Kind::ALL.len()]);

impl Seen {
    /// Events of this kind.
    pub fn count(&self, kind: Kind) -> u64 {
        self.counter(kind).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    fn note(&self, event: &Event) {
        if event.subject().flags & process_flag::SELF_TEST != 0
            && let Some(count) = self.counter(event.kind())
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counter(&self, kind: Kind) -> Option<&AtomicU64> {
        Kind::ALL.iter().position(|other| *other == kind).and_then(|place| self.0.get(place))
    }
}

/// A source, an engine, and all between them.
pub struct Pipeline {
    source: Box<dyn Source>,
    enricher: Enricher,
    batcher: Batcher,
    engine: Engine,
    seen: Arc<Seen>,
}

impl Pipeline {
    /// Joins a source to an engine whose packs are loaded; asks the source for what they want.
    ///
    /// # Errors
    /// The source cannot give what the packs want.
    pub fn new(
        mut source: Box<dyn Source>,
        engine: Engine,
        self_test_parent: Option<u32>,
    ) -> Result<Self, SourceError> {
        source.want(&probe_kinds(&engine.kinds()))?;
        let enricher = Enricher::new(source.machine(), self_test_parent);
        Ok(Self { source, enricher, batcher: Batcher::default(), engine, seen: Arc::default() })
    }

    /// What came through of the self-test.
    pub fn seen(&self) -> Arc<Seen> {
        self.seen.clone()
    }

    /// Runs until the source ends or an order stops it.
    ///
    /// # Errors
    /// The source is broken; what came before was judged.
    pub fn run(mut self, orders: &Receiver<Order>) -> Result<Totals, SourceError> {
        let outcome = self.work(orders);
        self.batcher.flush(&mut self.engine);
        let totals = Totals { events: self.batcher.total, lost: self.source.lost() };
        outcome.map(|()| totals)
    }

    fn work(&mut self, orders: &Receiver<Order>) -> Result<(), SourceError> {
        loop {
            let stop = self.obey(orders);
            let drained = self.drain()?;
            if drained == Drained::End || (stop && drained != Drained::Some) {
                return Ok(());
            }
            if stop {
                return self.drain_rest();
            }
            self.source.wait(drained, PATIENCE)?;
        }
    }

    fn drain(&mut self) -> Result<Drained, SourceError> {
        let Self { source, enricher, batcher, engine, seen } = self;
        let drained = source.drain(&mut |record| {
            if let Some(event) = enricher.take(record) {
                seen.note(&event);
                batcher.push(event, engine);
            }
        });
        // Batches of a recorded stream are cut by size alone, so that each replay cuts them alike.
        if let Some(time) = source.quiet_since() {
            batcher.flush(engine);
            if matches!(drained, Ok(Drained::Nothing)) {
                batcher.advance(time, engine);
            }
        }
        drained
    }

    /// After the order to stop, what has arrived is still judged, but not what goes on arriving for ever.
    fn drain_rest(&mut self) -> Result<(), SourceError> {
        const PORTIONS: usize = 64;
        for _ in 0..PORTIONS {
            if self.drain()? != Drained::Some {
                break;
            }
        }
        Ok(())
    }

    /// Carries out the orders that wait; says whether to stop.
    fn obey(&mut self, orders: &Receiver<Order>) -> bool {
        loop {
            match orders.try_recv() {
                // The ones who ask may have gone; what they asked for is done all the same.
                Ok(Order::Install { path, candidate, reply }) => {
                    let _ = reply.send(self.install(&path, *candidate));
                }
                Ok(Order::Remove { path, reply }) => {
                    let removed = self.engine.remove(&path);
                    self.want_what_is_needed();
                    let _ = reply.send(removed);
                }
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => return false,
            }
        }
    }

    fn install(&mut self, path: &Path, candidate: Candidate) -> Result<Handover, Refusal> {
        self.batcher.flush(&mut self.engine);
        // First the probes, so that the new version misses nothing that it may count on.
        let kinds: BTreeSet<u16> = self.engine.kinds().into_iter().chain(candidate.description().kinds()).collect();
        let outcome = match self.source.want(&probe_kinds(&kinds)) {
            Ok(()) => self.engine.install(path, candidate),
            Err(error) => Err(Refusal::Source(error.to_string())),
        };
        self.want_what_is_needed();
        outcome
    }

    fn want_what_is_needed(&mut self) {
        if let Err(error) = self.source.want(&probe_kinds(&self.engine.kinds())) {
            tracing::warn!("{error}");
        }
    }
}

/// The probes that give these kinds.
fn probe_kinds(kinds: &BTreeSet<u16>) -> BTreeSet<ProbeKind> {
    let wanted = |probe: &ProbeKind| Kind::from_name(probe.name()).is_some_and(|kind| kinds.contains(&kind.number()));
    ProbeKind::ALL.into_iter().filter(wanted).collect()
}

/// Gathers events into batches, and ticks in event time.
#[derive(Default)]
struct Batcher {
    events: Vec<Event>,
    total: u64,
    next_tick: Option<u64>,
}

impl Batcher {
    fn push(&mut self, event: Event, engine: &mut Engine) {
        self.advance(event.time_ns, engine);
        self.events.push(event);
        self.total += 1;
        if self.events.len() >= BATCH {
            self.flush(engine);
        }
    }

    fn flush(&mut self, engine: &mut Engine) {
        if !self.events.is_empty() {
            engine.judge(std::mem::replace(&mut self.events, Vec::with_capacity(BATCH)));
        }
    }

    /// Event time has reached `time`: ticks for every full second that has passed.
    fn advance(&mut self, time: u64, engine: &mut Engine) {
        let reached = time - time % TICK_NS;
        let Some(next) = self.next_tick else {
            self.next_tick = Some(reached.saturating_add(TICK_NS));
            return;
        };
        if reached < next {
            return;
        }
        self.flush(engine);
        let first = next.max(reached.saturating_sub(MISSED_TICKS * TICK_NS));
        for tick in (first..=reached).step_by(TICK_NS as usize) {
            engine.tick(tick);
        }
        self.next_tick = Some(reached.saturating_add(TICK_NS));
    }
}
