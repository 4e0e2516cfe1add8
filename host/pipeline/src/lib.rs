//! The way of an event: source, enrich, batch, judge. What comes out goes to `sink::Delivery`.

#![forbid(unsafe_code)]

mod batcher;
mod judge;
mod seen;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use lanner_abi::Kind;
use lanner_probes::ProbeKind;

pub use batcher::BATCH;
pub use judge::Judge;
pub use seen::Seen;

use batcher::Batcher;
use lanner_engine::{Candidate, Engine, Handover, Order, Refusal, WorkerGone};
use lanner_enrich::Enricher;
use lanner_source::record::Record;
use lanner_source::{Drained, Source, SourceError, Take};

/// How long the pipeline waits for events before it looks for orders.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long it waits for room in the engine before it looks again; the queues of the engine last longer.
const FULL: Duration = Duration::from_millis(1);

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
    /// Events that had arrived and were not judged when it was told to give up.
    pub unjudged: u64,
}

/// What the orders so far come to. The later ones count for more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Course {
    GoOn,
    Stop,
    GiveUp,
}

/// A source, an engine, and all between them.
pub struct Pipeline<E = Engine> {
    source: Box<dyn Source>,
    enricher: Enricher,
    batcher: Batcher,
    engine: E,
    seen: Arc<Seen>,
    course: Course,
    /// Events taken in.
    events: u64,
}

impl<E: Judge> Pipeline<E> {
    /// Joins a source to an engine whose packs are loaded; asks the source for what they want.
    ///
    /// # Errors
    /// The source cannot give what the packs want.
    pub fn new(mut source: Box<dyn Source>, engine: E, self_test_parent: Option<u32>) -> Result<Self, SourceError> {
        source.want(&probe_kinds(&engine.kinds()))?;
        let enricher = Enricher::new(source.machine(), self_test_parent);
        let (batcher, seen) = (Batcher::default(), Arc::default());
        Ok(Self { source, enricher, batcher, engine, seen, course: Course::GoOn, events: 0 })
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
        let taken_in = self.take_in(orders);
        if let Err(PipelineError::Worker(gone)) = taken_in {
            return Err(gone.into());
        }
        // What came before the source broke is judged too.
        let left = self.judge_the_rest(orders)?;
        taken_in?;
        let unjudged = self.engine.unjudged();
        Ok(Totals { events: self.events - unjudged, lost: self.source.lost(), unjudged: unjudged + left })
    }

    /// Takes in all that is to be judged: to the end of the source, or what has arrived when an order stops it.
    fn take_in(&mut self, orders: &Receiver<Order>) -> Result<(), PipelineError> {
        let mut closed = false;
        loop {
            self.apply_orders(orders)?;
            if self.course != Course::GoOn && !closed {
                // What goes on happening is not waited for.
                self.source.close()?;
                closed = true;
            }
            if self.course == Course::GiveUp {
                return Ok(());
            }
            if !self.engine.is_heard() {
                // What is found reaches nobody any more.
                self.course = Course::GiveUp;
                continue;
            }
            self.batcher.catch_up(&mut self.engine)?;
            if self.batcher.is_behind() || !self.engine.has_room() {
                self.source.look()?;
                self.wait_for_order(orders)?;
                continue;
            }
            let drained = self.drain()?;
            let stopped = self.course == Course::Stop;
            if drained == Drained::End || (stopped && drained != Drained::Some) {
                return self.pass_on(|source, take| source.finish(take));
            }
            if !stopped {
                self.source.wait(drained, PATIENCE)?;
            }
        }
    }

    /// One portion of what has arrived.
    fn drain(&mut self) -> Result<Drained, PipelineError> {
        let drained = self.pass_on(|source, take| source.drain(take))?;
        if drained == Drained::Some {
            return Ok(drained);
        }
        // Batches of a recorded stream are cut by size alone, so that each replay cuts them alike.
        if let Some(time) = self.source.quiet_since() {
            self.batcher.flush(&mut self.engine)?;
            if drained == Drained::Nothing {
                self.batcher.advance(time, &mut self.engine)?;
            }
        }
        Ok(drained)
    }

    /// Makes events of what the source gives, and batches of the events, as long as the engine has room.
    fn pass_on<T>(
        &mut self,
        give: impl FnOnce(&mut dyn Source, &mut Take<'_>) -> Result<T, SourceError>,
    ) -> Result<T, PipelineError> {
        let Self { source, enricher, batcher, engine, seen, events, .. } = self;
        let mut judged = Ok(());
        let given = give(&mut **source, &mut |record| {
            let Some(event) = enricher.take(record) else { return ControlFlow::Continue(()) };
            seen.note(&event);
            *events += 1;
            judged = batcher.push(event, engine);
            match judged.is_ok() && engine.has_room() && !batcher.is_behind() {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        judged?;
        Ok(given?)
    }

    /// Waits until all that was taken in is judged, or an order ends that; gives how many events had arrived and were not
    /// taken in.
    fn judge_the_rest(&mut self, orders: &Receiver<Order>) -> Result<u64, PipelineError> {
        loop {
            self.batcher.catch_up(&mut self.engine)?;
            if !self.batcher.is_behind() {
                self.batcher.flush(&mut self.engine)?;
            }
            if !self.engine.is_heard() {
                self.course = Course::GiveUp;
            }
            if self.course == Course::GiveUp {
                break;
            }
            if self.engine.is_idle() && !self.batcher.is_behind() {
                return Ok(0);
            }
            self.wait_for_order(orders)?;
        }
        self.engine.give_up();
        self.events -= self.batcher.waiting();
        let mut left = self.batcher.waiting();
        let mut count = |record: Record| {
            left += u64::from(matches!(record, Record::Event(_)));
            ControlFlow::Continue(())
        };
        // Also where the source broke, and nobody had closed it: closed, it ends.
        self.source.close()?;
        while self.source.drain(&mut count)? == Drained::Some {}
        self.source.finish(&mut |_| ControlFlow::Continue(()))?;
        while !self.engine.is_idle() {
            std::thread::sleep(FULL);
        }
        Ok(left)
    }

    /// Carries out the orders that wait.
    fn apply_orders(&mut self, orders: &Receiver<Order>) -> Result<(), WorkerGone> {
        loop {
            match orders.try_recv() {
                Ok(order) => self.apply(order)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return self.apply(Order::Stop),
            }
        }
    }

    /// Waits a moment for an order, and carries it out.
    fn wait_for_order(&mut self, orders: &Receiver<Order>) -> Result<(), WorkerGone> {
        match orders.recv_timeout(FULL) {
            Ok(order) => self.apply(order)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(FULL),
        }
        Ok(())
    }

    fn apply(&mut self, order: Order) -> Result<(), WorkerGone> {
        match order {
            // The ones who ask may have gone; what they asked for is done all the same.
            Order::Install { path, candidate, reply } => {
                self.batcher.flush(&mut self.engine)?;
                let _ = reply.send(self.install(&path, *candidate));
            }
            Order::Rename { from, to } => self.engine.rename(&from, &to),
            Order::Remove { path, reply } => {
                self.batcher.flush(&mut self.engine)?;
                let removed = self.engine.remove(&path);
                self.want_what_is_needed();
                let _ = reply.send(removed);
            }
            Order::Stop => self.course = self.course.max(Course::Stop),
            Order::GiveUp => self.course = Course::GiveUp,
        }
        Ok(())
    }

    fn install(&mut self, path: &Path, candidate: Candidate) -> Result<Handover, Refusal> {
        if self.course != Course::GoOn {
            return Err(Refusal::Source("the host is stopping".to_owned()));
        }
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
        if self.course != Course::GoOn {
            return; // Closed: nothing is wanted any more.
        }
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
