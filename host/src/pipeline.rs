//! The way of an event: source, enrich, batch, judge. What comes out goes to `sink::Delivery`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;

use lanner_abi::{Kind, process_flag};
use lanner_probes::ProbeKind;

use crate::engine::{Candidate, Description, Engine, Handover, Refusal, WorkerGone};
use crate::enrich::{Enricher, Event};
use crate::source::record::Record;
use crate::source::{self, Drained, Source, SourceError};

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
    /// The file of a pack has another path now.
    Rename {
        /// Where the pack came from.
        from: PathBuf,
        /// Where it is.
        to: PathBuf,
    },
    /// Judge what has arrived, and end.
    Stop,
}

/// A pipeline ended early.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// No more events.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No more judging.
    #[error(transparent)]
    Worker(#[from] WorkerGone),
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
    /// The source is broken, or the engine is; what came before was judged.
    pub fn run(mut self, orders: &Receiver<Order>) -> Result<Totals, PipelineError> {
        let outcome = self.work(orders).and_then(|()| self.finish());
        // What came before the source broke is judged too.
        let flushed = self.batcher.flush(&mut self.engine);
        outcome?;
        flushed?;
        Ok(Totals { events: self.batcher.total, lost: self.source.lost() })
    }

    fn work(&mut self, orders: &Receiver<Order>) -> Result<(), PipelineError> {
        loop {
            let stop = self.obey(orders)?;
            let drained = self.drain()?;
            if drained == Drained::End || (stop && drained != Drained::Some) {
                return Ok(());
            }
            if stop {
                return self.drain_rest();
            }
            self.source.wait(drained, PATIENCE).map_err(PipelineError::Source)?;
        }
    }

    fn drain(&mut self) -> Result<Drained, PipelineError> {
        let drained = self.pass_on(|source, take| source.drain(take))?;
        // Batches of a recorded stream are cut by size alone, so that each replay cuts them alike.
        if let Some(time) = self.source.quiet_since() {
            self.batcher.flush(&mut self.engine)?;
            if drained == Drained::Nothing {
                self.batcher.advance(time, &mut self.engine)?;
            }
        }
        Ok(drained)
    }

    fn finish(&mut self) -> Result<(), PipelineError> {
        self.pass_on(|source, take| source.finish(take))
    }

    /// Makes events of what the source gives, and batches of the events.
    fn pass_on<T>(
        &mut self,
        give: impl FnOnce(&mut dyn Source, &mut dyn FnMut(Record)) -> Result<T, SourceError>,
    ) -> Result<T, PipelineError> {
        let Self { source, enricher, batcher, engine, seen } = self;
        let mut judged = Ok(());
        let given = give(&mut **source, &mut |record| {
            if let Some(event) = enricher.take(record) {
                seen.note(&event);
                if judged.is_ok() {
                    judged = batcher.push(event, engine);
                }
            }
        });
        judged?;
        Ok(given?)
    }

    /// After the order to stop, what has arrived is still judged, but not what goes on arriving for ever.
    fn drain_rest(&mut self) -> Result<(), PipelineError> {
        for _ in 0..source::LAST_PORTIONS {
            if self.drain()? != Drained::Some {
                break;
            }
        }
        Ok(())
    }

    /// Carries out the orders that wait; says whether to stop.
    fn obey(&mut self, orders: &Receiver<Order>) -> Result<bool, WorkerGone> {
        loop {
            match orders.try_recv() {
                // The ones who ask may have gone; what they asked for is done all the same.
                Ok(Order::Install { path, candidate, reply }) => {
                    self.batcher.flush(&mut self.engine)?;
                    let _ = reply.send(self.install(&path, *candidate));
                }
                Ok(Order::Rename { from, to }) => self.engine.rename(&from, &to),
                Ok(Order::Remove { path, reply }) => {
                    self.batcher.flush(&mut self.engine)?;
                    let removed = self.engine.remove(&path);
                    self.want_what_is_needed();
                    let _ = reply.send(removed);
                }
                Ok(Order::Stop) | Err(TryRecvError::Disconnected) => return Ok(true),
                Err(TryRecvError::Empty) => return Ok(false),
            }
        }
    }

    fn install(&mut self, path: &Path, candidate: Candidate) -> Result<Handover, Refusal> {
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
    fn push(&mut self, event: Event, engine: &mut Engine) -> Result<(), WorkerGone> {
        self.advance(event.time_ns, engine)?;
        self.events.push(event);
        self.total += 1;
        if self.events.len() >= BATCH { self.flush(engine) } else { Ok(()) }
    }

    fn flush(&mut self, engine: &mut Engine) -> Result<(), WorkerGone> {
        if self.events.is_empty() {
            return Ok(());
        }
        engine.judge(std::mem::replace(&mut self.events, Vec::with_capacity(BATCH)))
    }

    /// Event time has reached `time`: ticks for every full second that has passed.
    fn advance(&mut self, time: u64, engine: &mut Engine) -> Result<(), WorkerGone> {
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
