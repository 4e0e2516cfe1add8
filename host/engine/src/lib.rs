//! Runs packs on batches.

// Allowed in one module: `cache::compiled`.
#![deny(unsafe_code)]

mod batch;
pub mod cache;
mod contract;
mod description;
mod instance;
mod order;
mod refusal;
mod route;
mod runtime;
mod slot;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};

pub use contract::Interfaces;
pub use description::{Description, Settings};
pub use instance::{Candidate, Failure, Gave};
pub use lanner_contract::{Fact, Finding as Raised, LeftOut, Rule, Setting, Severity, Sieve};
pub use order::{Order, Status};
pub use refusal::{PackError, Refusal};
pub use runtime::{DEFAULT_DEADLINE, DEFAULT_MEMORY, Limits, Runtime, RuntimeError};
pub use worker::{Handover, WorkerGone};

use batch::{Batch, GivenUp};
use lanner_contract::Wanted;
use lanner_enrich::Event;
use route::Router;
use worker::{Job, SLACK, Worker};

/// Verdicts that may wait for the sinks; beyond it judging waits for them.
const VERDICTS: usize = 64;

/// A loaded pack, through all its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackId(u32);

impl PackId {
    /// The pack that was loaded as this one, from 0.
    pub fn of(number: u32) -> Self {
        Self(number)
    }
}

/// What one pack gave on one batch or tick.
pub struct Answer {
    /// Which.
    pub pack: PackId,
    /// What it says of itself.
    pub description: Arc<Description>,
    /// What it gave.
    pub gave: Gave,
    /// How long the pack rests now, ns, where it failed.
    pub rest_ns: u64,
}

/// What all packs gave on one batch or tick, in the order of the batches. It may still be in the making.
pub struct Verdict {
    /// The time of the newest event, or of the tick, ns since 1970 (UTC).
    pub now_ns: u64,
    /// None for a tick.
    batch: Option<Arc<Batch>>,
    answers: Receiver<Answer>,
}

/// Verdicts, as they come out of an engine.
pub struct Verdicts {
    receiver: crossbeam_channel::Receiver<Verdict>,
    /// The engine sees by it whether anybody still takes verdicts.
    _listener: Arc<()>,
}

impl Verdicts {
    /// Waits for the next one; None when the engine is gone.
    pub fn next(&self) -> Option<Verdict> {
        self.receiver.recv().ok()
    }
}

impl Verdict {
    /// A verdict on these events, with what packs send as answers: where no engine stands behind it.
    pub fn new(now_ns: u64, events: Vec<Event>, answers: Receiver<Answer>) -> Self {
        Self { now_ns, batch: Some(Arc::new(Batch::new(1, events))), answers }
    }

    /// The batch; empty for a tick.
    pub fn events(&self) -> &[Event] {
        self.batch.as_ref().map_or(&[], |batch| &batch.events)
    }

    /// Waits until all packs are done, and gives what they said in the order in which they were loaded: the same for
    /// the same batch, however the threads ran.
    pub fn answers(&self) -> Vec<Answer> {
        let mut answers: Vec<Answer> = self.answers.iter().collect();
        answers.sort_by_key(|answer| answer.pack);
        answers
    }
}

/// The engine.
pub struct Engine {
    runtime: Runtime,
    workers: Vec<Worker>,
    router: Router,
    packs: BTreeMap<PackId, Loaded>,
    verdicts: crossbeam_channel::Sender<Verdict>,
    listener: Weak<()>,
    given_up: Arc<GivenUp>,
    /// Batches so far.
    batches: u64,
    next: u32,
}

struct Loaded {
    path: PathBuf,
    description: Arc<Description>,
    worker: usize,
}

impl Engine {
    /// Starts the engine with so many worker threads. What it finds comes out of the receiver; when nobody takes it
    /// from there, judging waits.
    ///
    /// # Errors
    /// Threads cannot be had.
    pub fn start(runtime: Runtime, workers: usize) -> std::io::Result<(Self, Verdicts)> {
        let (verdicts, receiver) = crossbeam_channel::bounded(VERDICTS + SLACK);
        let given_up = Arc::<GivenUp>::default();
        let start = |number| Worker::start(runtime.clone(), given_up.clone(), number);
        let workers = (0..workers.max(1)).map(start).collect::<std::io::Result<_>>()?;
        let (router, packs, listener) = (Router::default(), BTreeMap::new(), Arc::default());
        let verdicts_listener = Arc::downgrade(&listener);
        let engine = Self {
            runtime,
            workers,
            router,
            packs,
            verdicts,
            listener: verdicts_listener,
            given_up,
            batches: 0,
            next: 0,
        };
        Ok((engine, Verdicts { receiver, _listener: listener }))
    }

    /// The runtime, to prepare candidates with.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Whether a candidate from this path may be installed beside the other packs.
    ///
    /// # Errors
    /// Its name, or a rule of it, is taken.
    pub fn check(&self, path: &Path, description: &Description) -> Result<(), Refusal> {
        for other in self.packs.values().filter(|other| other.path != path) {
            if other.description.name == description.name {
                return Err(Refusal::DuplicatePack { name: description.name.clone(), other: other.path.clone() });
            }
            let theirs: BTreeSet<&str> = other.description.rules.iter().map(|rule| rule.id.as_str()).collect();
            if let Some(rule) = description.rules.iter().find(|rule| theirs.contains(rule.id.as_str())) {
                let other = other.description.name.clone();
                return Err(Refusal::DuplicateRule { rule: rule.id.clone(), other });
            }
        }
        Ok(())
    }

    /// Runs a pack from the next batch on, in place of the one from the same path, whose state it takes over. Waits for
    /// the batch that is being judged, not for those that wait: they are judged by the new version.
    ///
    /// # Errors
    /// Any refusal; the older version, where there is one, goes on as if nothing had been.
    pub fn install(&mut self, path: &Path, candidate: Candidate) -> Result<Handover, Refusal> {
        let description = candidate.description.clone();
        self.check(path, &description)?;
        let known = self.packs.iter().find(|(_, loaded)| loaded.path == path).map(|(id, loaded)| (*id, loaded.worker));
        let (pack, worker) = known.unwrap_or_else(|| (PackId(self.next), self.idlest_worker()));
        let handover = self.workers[worker].install(pack, candidate, self.batches)?;
        if known.is_none() {
            self.next += 1;
        }
        for LeftOut { rule, needs } in &description.left_out {
            let rule = description.rules.get(*rule as usize).map_or("", |rule| &rule.id);
            tracing::warn!(
                "pack {}: the rule {rule} is left out, as it needs {needs}, which this host does not have; run it on a \
                 newer lanner",
                description.name
            );
        }
        self.router.remove(pack);
        self.router.add(pack, &description);
        let loaded = Loaded { path: path.to_owned(), description: description.clone(), worker };
        if let Some(before) = self.packs.insert(pack, loaded) {
            warn_of_loss(&before.description, &description);
        }
        Ok(handover)
    }

    /// Stops running the pack from this path. Gives what it was, where there was one.
    pub fn remove(&mut self, path: &Path) -> Option<Arc<Description>> {
        let pack = *self.packs.iter().find(|(_, loaded)| loaded.path == path)?.0;
        let loaded = self.packs.remove(&pack)?;
        self.router.remove(pack);
        // Where its thread has ended it does not run either; the next batch says so.
        let _ = self.workers[loaded.worker].send(Job::Remove { pack });
        Some(loaded.description)
    }

    /// The file of a pack has another path now.
    pub fn rename(&mut self, from: &Path, to: &Path) {
        for loaded in self.packs.values_mut().filter(|loaded| loaded.path == from) {
            loaded.path = to.to_owned();
        }
    }

    /// The events that some pack wants.
    pub fn wanted(&self) -> Vec<Wanted> {
        self.packs.values().flat_map(|loaded| loaded.description.wanted.iter().cloned()).collect()
    }

    /// The packs that run, as path and description, in the order in which they were loaded.
    pub fn packs(&self) -> impl Iterator<Item = (&Path, &Arc<Description>)> + Clone {
        self.packs.values().map(|loaded| (loaded.path.as_path(), &loaded.description))
    }

    /// Whether a batch can be handed over without waiting: for workers that are behind, or for whoever takes verdicts.
    pub fn has_room(&self) -> bool {
        self.verdicts.len() < VERDICTS && self.workers.iter().all(Worker::has_room)
    }

    /// Whether anybody takes verdicts.
    pub fn is_heard(&self) -> bool {
        self.listener.strong_count() > 0
    }

    /// Whether all that was handed over is judged.
    pub fn is_idle(&self) -> bool {
        self.workers.iter().all(Worker::is_idle)
    }

    /// Judges nothing any more: neither what waits nor what is handed over from here on.
    pub fn give_up(&self) {
        self.given_up.set();
    }

    /// Events that were handed over and that some pack did not get to judge, as that was given up.
    pub fn unjudged(&self) -> u64 {
        self.given_up.unjudged()
    }

    /// Has a batch judged. Waits where there is no room.
    ///
    /// # Errors
    /// It cannot be judged in full any more.
    pub fn judge(&mut self, events: Vec<Event>) -> Result<(), WorkerGone> {
        let Some(now) = events.iter().map(|event| event.time_ns).max() else { return Ok(()) };
        self.batches += 1;
        let mut frames: Vec<Vec<_>> = self.workers.iter().map(|_| Vec::new()).collect();
        for routed in self.router.route(&events) {
            if let Some(loaded) = self.packs.get(&routed.pack) {
                frames[loaded.worker].push(routed);
            }
        }
        let batch = Arc::new(Batch::new(self.batches, events));
        let (reply, answers) = channel();
        for (worker, frames) in self.workers.iter().zip(frames) {
            // Also where there is nothing for a worker's packs: one that is installed before the batch is judged may want
            // some of it.
            if !frames.is_empty() || !worker.is_idle() {
                worker.send(Job::Judge { batch: batch.clone(), frames, now, reply: reply.clone() })?;
            }
        }
        // The verdict is complete when the last worker has dropped its end.
        drop(reply);
        self.pass_on(Verdict { now_ns: now, batch: Some(batch), answers });
        Ok(())
    }

    /// Tells packs that event time has reached `now`, ns since 1970 (UTC). Waits where there is no room.
    ///
    /// # Errors
    /// Not all can be told any more.
    pub fn tick(&mut self, now: u64) -> Result<(), WorkerGone> {
        let (reply, answers) = channel::<Answer>();
        for worker in &self.workers {
            worker.send(Job::Tick { now, reply: Sender::clone(&reply) })?;
        }
        drop(reply);
        self.pass_on(Verdict { now_ns: now, batch: None, answers });
        Ok(())
    }

    fn pass_on(&self, verdict: Verdict) {
        // Nobody listens any more only when the host ends.
        let _ = self.verdicts.send(verdict);
    }

    fn idlest_worker(&self) -> usize {
        let load = |worker: usize| self.packs.values().filter(|loaded| loaded.worker == worker).count();
        (0..self.workers.len()).min_by_key(|worker| load(*worker)).unwrap_or(0)
    }
}

/// Says what a pack in the place of another does not have any more.
fn warn_of_loss(before: &Description, now: &Description) {
    let Description { name, version, rules, .. } = before;
    if *name != now.name {
        let (other, theirs) = (&now.name, now.rules.len());
        tracing::warn!(
            "pack {name} {version} ({} rules) is replaced by another pack, {other} ({theirs} rules)",
            rules.len()
        );
        return;
    }
    now.warn_of_rules_gone(version, rules.iter().map(|rule| rule.id.as_str()));
}
