//! The way of an event: sources, enrich, batch, judge. What comes out goes to `sink::Delivery`.

#![forbid(unsafe_code)]

mod batcher;
mod flow;
mod judge;
mod judging;
mod recent;
mod seen;
mod sources;
mod tap;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use lanner_engine::{Engine, Order, WorkerGone};
use lanner_source::record::Record;
use lanner_source::{Drained, SourceError};

pub use batcher::{BATCH, Batcher};
pub use flow::{Course, Flow, Intake};
pub use judge::Judge;
pub use recent::{Excerpt, Recent};
pub use seen::Seen;
pub use sources::Sources;
pub use tap::{Heard, Interest, Listeners, Listening, Tap};

use flow::FULL;
use judging::Judging;

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
    /// Events that no pack can want, and that the kernel side did not send.
    pub filtered: u64,
    /// Events that had arrived and were not judged when it was told to give up.
    pub unjudged: u64,
}

/// Sources, an engine, and all between them.
pub struct Pipeline<E = Engine> {
    sources: Sources,
    judging: Judging<E>,
}

impl<E: Judge> Pipeline<E> {
    /// Joins sources to an engine whose packs are loaded; asks the sources for what they want.
    ///
    /// # Errors
    /// A source cannot give what the packs want.
    pub fn new(sources: impl Into<Sources>, engine: E, self_test_parent: Option<u32>) -> Result<Self, SourceError> {
        let mut sources = sources.into();
        let judging = Judging::new(&sources, engine, self_test_parent);
        sources.want_at_once(&judging.wanted())?;
        Ok(Self { sources, judging })
    }

    /// What came through of the self-test.
    pub fn seen(&self) -> Arc<Seen> {
        self.judging.seen.clone()
    }

    /// Where one may listen to the events, as they are taken in.
    pub fn listeners(&self) -> Listeners {
        self.judging.listeners.clone()
    }

    /// Has what comes last from the first source kept there.
    #[must_use]
    pub fn remembering(mut self, recent: Recent) -> Self {
        self.judging.recent = Some(recent);
        self
    }

    /// Runs until the sources end or an order stops it.
    ///
    /// # Errors
    /// A source is broken, or the engine is; what came before was judged.
    pub fn run(self, orders: &Receiver<Order>) -> Result<Totals, PipelineError> {
        let Self { sources, mut judging } = self;
        let mut flow = Flow::new(sources, orders);
        let taken_in = flow.take_in(&mut judging);
        if let Err(PipelineError::Worker(gone)) = taken_in {
            return Err(gone.into());
        }
        // What came before a source broke is judged too.
        let left = judge_the_rest(&mut flow, &mut judging)?;
        taken_in?;
        let unjudged = judging.engine.unjudged();
        let (lost, filtered) = (flow.sources.lost(), flow.sources.filtered());
        Ok(Totals { events: judging.events - unjudged, lost, filtered, unjudged: unjudged + left })
    }
}

/// Waits until all that was taken in is judged, or an order ends that; gives how many events had arrived and were not
/// taken in.
fn judge_the_rest<E: Judge>(flow: &mut Flow<'_>, judging: &mut Judging<E>) -> Result<u64, PipelineError> {
    loop {
        judging.settle(&mut flow.sources);
        judging.catch_up()?;
        if !judging.batcher.is_behind() {
            judging.batcher.flush(&mut judging.engine)?;
        }
        if !judging.engine.is_heard() {
            flow.course = Course::GiveUp;
        }
        if flow.course == Course::GiveUp {
            break;
        }
        if judging.engine.is_idle() && !judging.batcher.is_behind() {
            return Ok(0);
        }
        flow.wait_for_order(judging)?;
    }
    judging.engine.give_up();
    judging.events -= judging.batcher.waiting();
    let mut left = judging.batcher.waiting();
    let mut count = |_: usize, record: Record| {
        left += u64::from(matches!(record, Record::Event(_)));
        ControlFlow::Continue(())
    };
    // Also where a source broke, and nobody had closed it: closed, it ends.
    flow.sources.close()?;
    while flow.sources.drain(&mut count)? == Drained::Some {}
    flow.sources.finish(&mut |_, _| ControlFlow::Continue(()))?;
    while !judging.engine.is_idle() {
        std::thread::sleep(FULL);
    }
    Ok(left)
}
