//! Takes records in to be judged: makes events of them, and batches of the events.

use std::path::Path;
use std::sync::Arc;

use lanner_contract::Wanted;
use lanner_engine::{Candidate, Handover, Order, Refusal, Status};
use lanner_enrich::Enricher;
use lanner_source::record::Record;

use crate::PipelineError;
use crate::batcher::Batcher;
use crate::flow::Intake;
use crate::judge::Judge;
use crate::seen::Seen;
use crate::sources::Sources;

pub(crate) struct Judging<E> {
    /// One a source: each knows the processes of its own machine.
    enrichers: Vec<Enricher>,
    pub(crate) batcher: Batcher,
    pub(crate) engine: E,
    pub(crate) seen: Arc<Seen>,
    /// Events taken in.
    pub(crate) events: u64,
    /// The number of the last event.
    seq: u64,
}

impl<E: Judge> Judging<E> {
    pub(crate) fn new(sources: &Sources, engine: E, self_test_parent: Option<u32>) -> Self {
        let enrichers = sources.machines().map(|machine| Enricher::new(machine, self_test_parent)).collect();
        Self { enrichers, batcher: Batcher::default(), engine, seen: Arc::default(), events: 0, seq: 0 }
    }

    /// The events that the packs want.
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        self.engine.wanted()
    }

    fn install(&mut self, path: &Path, candidate: Candidate, sources: &mut Sources) -> Result<Handover, Refusal> {
        // First the probes, so that the new version misses nothing that it may count on.
        let mut wanted = self.wanted();
        wanted.extend(candidate.description().wanted.iter().cloned());
        match sources.want(&wanted) {
            Ok(()) => self.engine.install(path, candidate),
            Err(error) => Err(Refusal::Source(error.to_string())),
        }
    }

    fn want_what_is_needed(&self, sources: &mut Sources) {
        if let Err(error) = sources.want(&self.wanted()) {
            tracing::warn!("{error}");
        }
    }
}

impl<E: Judge> Intake for Judging<E> {
    type Error = PipelineError;

    fn has_room(&self) -> bool {
        self.engine.has_room() && !self.batcher.is_behind()
    }

    fn is_heard(&self) -> bool {
        self.engine.is_heard()
    }

    fn take(&mut self, source: usize, record: Record) -> Result<(), PipelineError> {
        let Some(mut event) = self.enrichers.get_mut(source).and_then(|enricher| enricher.take(record)) else {
            return Ok(());
        };
        self.seq += 1;
        event.seq = self.seq;
        self.seen.note(&event);
        self.events += 1;
        Ok(self.batcher.push(event, &mut self.engine)?)
    }

    fn catch_up(&mut self) -> Result<(), PipelineError> {
        Ok(self.batcher.catch_up(&mut self.engine)?)
    }

    fn pause(&mut self, quiet: Option<u64>, nothing: bool) -> Result<(), PipelineError> {
        // Batches of a recorded stream are cut by size alone, so that each replay cuts them alike.
        let Some(time) = quiet else { return Ok(()) };
        self.batcher.flush(&mut self.engine)?;
        if nothing {
            self.batcher.advance(time, &mut self.engine)?;
        }
        Ok(())
    }

    fn apply(&mut self, order: Order, sources: &mut Sources, ending: bool) -> Result<(), PipelineError> {
        match order {
            // The ones who ask may have gone; what they asked for is done all the same.
            Order::Install { path, candidate, reply } => {
                self.batcher.flush(&mut self.engine)?;
                let installed = match ending {
                    true => Err(Refusal::Source("the host is stopping".to_owned())),
                    false => self.install(&path, *candidate, sources),
                };
                if !ending {
                    self.want_what_is_needed(sources);
                }
                let _ = reply.send(installed);
            }
            Order::Rename { from, to } => self.engine.rename(&from, &to),
            Order::Remove { path, reply } => {
                self.batcher.flush(&mut self.engine)?;
                let removed = self.engine.remove(&path);
                // Closed, nothing is wanted any more.
                if !ending {
                    self.want_what_is_needed(sources);
                }
                let _ = reply.send(removed);
            }
            Order::Tell { reply } => {
                let packs = self.engine.loaded();
                let degraded = sources.degraded().into_iter().map(|s| (s.what, s.remedy)).collect();
                let _ = reply.send(Status { events: self.events, lost: sources.lost(), packs, degraded });
            }
            Order::Reopen | Order::Stop | Order::GiveUp => {}
        }
        Ok(())
    }
}
