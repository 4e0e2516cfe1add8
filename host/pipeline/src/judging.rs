//! Takes records in to be judged: makes events of them, and batches of the events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use lanner_abi::Kind;
use lanner_contract::{Sieve, Wanted};
use lanner_engine::{Histogram, KindStatus, Order, Outcome, Pauses, Refusal, Set, Status};
use lanner_enrich::{Enricher, Event, Keys};
use lanner_source::SourceError;
use lanner_source::record::Record;

use crate::PipelineError;
use crate::batcher::Batcher;
use crate::flow::Intake;
use crate::judge::Judge;
use crate::recent::Recent;
use crate::seen::Seen;
use crate::sources::Sources;
use crate::tap::{Listeners, Tap};

pub(crate) struct Judging<E> {
    /// One a source: each knows the processes of its own machine.
    enrichers: Vec<Enricher>,
    /// One a source, where it takes it: what it need not give.
    unwanted: Vec<Option<Sender<u64>>>,
    sieve: Sieve,
    pub(crate) batcher: Batcher,
    pub(crate) engine: E,
    pub(crate) seen: Arc<Seen>,
    tap: Tap,
    pub(crate) listeners: Listeners,
    /// Where what came last is kept, where it is; of the first source.
    pub(crate) recent: Option<Recent>,
    /// Events taken in, and those by the number of their kind.
    pub(crate) events: u64,
    kinds: Vec<u64>,
    /// The number of the last event.
    seq: u64,
    /// Packs are being put in place: the sources are asked for what both those before and those after want.
    exchanged: bool,
    /// What those that come want.
    coming: Vec<Wanted>,
    /// Those that wait until that can be had.
    asked: Vec<(Set, Sender<Outcome>)>,
    /// What was asked of the sources last.
    wanted: BTreeSet<Wanted>,
    pauses: Pauses,
    spread: Histogram,
}

impl<E: Judge> Judging<E> {
    pub(crate) fn new(sources: &Sources, engine: E, self_test_parent: Option<u32>) -> Self {
        let enrichers = sources.machines().map(|machine| Enricher::new(machine, self_test_parent)).collect();
        let unwanted = sources.unwanted().collect();
        let wanted = engine.wanted();
        let (sieve, wanted) = (Sieve::new(&wanted), wanted.into_iter().collect());
        let (batcher, seen) = (Batcher::default(), Arc::default());
        let (tap, listeners) = Tap::new();
        Self {
            enrichers,
            unwanted,
            sieve,
            batcher,
            engine,
            seen,
            tap,
            listeners,
            recent: None,
            events: 0,
            kinds: Vec::new(),
            seq: 0,
            exchanged: false,
            coming: Vec::new(),
            asked: Vec::new(),
            wanted,
            pauses: Pauses::default(),
            spread: Histogram::default(),
        }
    }

    /// Asks for events. Only what none of those is like is left out from here on.
    fn want(&mut self, sources: &mut Sources, wanted: Vec<Wanted>) -> Result<(), SourceError> {
        let wanted: BTreeSet<Wanted> = wanted.into_iter().collect();
        // A new version most often wants what the one before did.
        if wanted != self.wanted {
            let all: Vec<Wanted> = wanted.iter().cloned().collect();
            sources.want(&all)?;
            self.sieve = Sieve::new(&all);
            self.wanted = wanted;
        }
        Ok(())
    }

    /// Whether no pack can want an event, nor any that is like it; then its source need not give them.
    fn is_unwanted(&self, source: usize, event: &Event) -> bool {
        let Keys { own, folder } = event.keys;
        let Some(Some(tell)) = self.unwanted.get(source).filter(|_| own != 0) else { return false };
        let key = if folder != 0 && !self.sieve.may_want(&event.like_in_folder()) {
            folder
        } else if !self.sieve.may_want(&event.like()) {
            own
        } else {
            return false;
        };
        // A source that has ended gives none any more.
        let _ = tell.send(key);
        true
    }

    /// The events that the packs want.
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        self.engine.wanted()
    }

    /// Has packs put in place and others taken out; the sources are asked first for what they want.
    fn exchange(&mut self, set: Set, sources: &mut Sources, reply: Sender<Outcome>) {
        // First the probes, so that the new versions miss nothing that they may count on.
        self.coming.extend(self.engine.wanted_by(&set));
        let mut wanted = self.wanted();
        wanted.extend(self.coming.iter().cloned());
        self.exchanged = true;
        self.asked.push((set, reply));
        match self.want(sources, wanted) {
            Ok(()) => self.settle_now(sources),
            Err(error) => self.refuse_all(&error),
        }
    }

    /// What the packs that come want cannot be had.
    fn refuse_all(&mut self, error: &SourceError) {
        // It may be asked for again.
        self.wanted.clear();
        for (set, reply) in std::mem::take(&mut self.asked) {
            refuse(&set, &error.to_string(), &reply);
        }
    }

    /// Sees to what was begun.
    fn settle_now(&mut self, sources: &mut Sources) {
        match sources.settle() {
            Ok(true) => {
                let asked = std::mem::take(&mut self.asked);
                asked.into_iter().for_each(|(set, reply)| self.engine.exchange(set, reply));
            }
            Ok(false) => {}
            Err(error) => self.refuse_all(&error),
        }
        self.engine.settle();
        if self.asked.is_empty() && !self.engine.is_settling() {
            self.exchanged = false;
            self.coming.clear();
            self.want_what_is_needed(sources);
        }
    }

    /// No events were taken in meanwhile.
    fn note_pause(&mut self, began: Instant) {
        let ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.spread.count(ns);
        self.pauses.count += 1;
        self.pauses.longest_ns = self.pauses.longest_ns.max(ns);
    }

    /// What there was of each kind.
    fn by_kind(&self, sources: &Sources) -> Vec<KindStatus> {
        let mut kinds = BTreeMap::new();
        let mut of = |kind: Kind, events: u64, lost: u64, filtered: u64| {
            if events + lost + filtered > 0 {
                let of = kinds.entry(kind).or_insert(KindStatus { kind, events: 0, lost: 0, filtered: 0 });
                (of.events, of.lost, of.filtered) = (of.events + events, of.lost + lost, of.filtered + filtered);
            }
        };
        let taken = |kind: Kind| self.kinds.get(usize::from(kind.number())).copied().unwrap_or(0);
        Kind::ALL.into_iter().for_each(|kind| of(kind, taken(kind), 0, 0));
        sources.by_kind().for_each(|(kind, lost, filtered)| of(kind, 0, lost, filtered));
        kinds.into_values().collect()
    }

    fn want_what_is_needed(&mut self, sources: &mut Sources) {
        let wanted = self.wanted();
        if let Err(error) = self.want(sources, wanted) {
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
        if let Some(recent) = self.recent.as_ref().filter(|_| source == 0) {
            recent.push(&record);
        }
        let Some(mut event) = self.enrichers.get_mut(source).and_then(|enricher| enricher.take(record)) else {
            return Ok(());
        };
        if self.is_unwanted(source, &event) {
            return Ok(());
        }
        self.seq += 1;
        event.seq = self.seq;
        self.seen.note(&event);
        self.tap.pass(&event);
        self.events += 1;
        let number = usize::from(event.kind.number());
        if self.kinds.len() <= number {
            self.kinds.resize(number + 1, 0);
        }
        self.kinds[number] += 1;
        Ok(self.batcher.push(event, &mut self.engine)?)
    }

    fn catch_up(&mut self) -> Result<(), PipelineError> {
        Ok(self.batcher.catch_up(&mut self.engine)?)
    }

    fn settle(&mut self, sources: &mut Sources) {
        if self.exchanged {
            let began = Instant::now();
            self.settle_now(sources);
            self.note_pause(began);
        }
    }

    fn is_settling(&self) -> bool {
        self.exchanged
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
            Order::Exchange { set, reply } if ending => refuse(&set, "the host is stopping", &reply),
            Order::Exchange { set, reply } => {
                self.batcher.flush(&mut self.engine)?;
                let began = Instant::now();
                self.exchange(set, sources, reply);
                self.note_pause(began);
            }
            Order::Release { pack, reply } => drop(reply.send(self.engine.release(&pack))),
            Order::Rename { from, to } => self.engine.rename(&from, &to),
            Order::Tell { reply } => {
                let degraded = sources.degraded().into_iter().map(|s| (s.what, s.remedy)).collect();
                let _ = reply.send(Status {
                    events: self.events,
                    lost: sources.lost(),
                    filtered: sources.filtered(),
                    kinds: self.by_kind(sources),
                    pauses: Pauses { p99_ns: self.spread.below(0.99), ..self.pauses },
                    packs: self.engine.status(),
                    degraded,
                });
            }
            Order::Reopen | Order::Stop | Order::GiveUp => {}
        }
        Ok(())
    }
}

/// Who asks may have gone.
fn refuse(set: &Set, why: &str, reply: &Sender<Outcome>) {
    let shadow = set.shadows.first().map(|(_, path, _)| path);
    let path = set.packs.first().map(|(path, _)| path).or(shadow).or(set.remove.first()).or(set.back.first());
    let _ = reply.send(Err((path.cloned().unwrap_or_default(), Refusal::Source(why.to_owned()))));
}
