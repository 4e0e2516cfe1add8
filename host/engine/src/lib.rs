//! Runs packs on batches.

// Allowed in one module: `cache::compiled`.
#![deny(unsafe_code)]

mod account;
mod batch;
pub mod cache;
mod candidate;
mod compare;
mod contract;
mod description;
mod exchange;
mod histogram;
mod instance;
mod kept;
mod limiter;
mod mailbox;
mod meter;
mod order;
mod owed;
mod place;
mod placement;
mod refusal;
mod rest;
mod retry;
mod route;
mod rule_cost;
mod runtime;
mod shadow;
mod slot;
mod swap;
mod verdict;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

pub use candidate::{Candidate, Program};
pub use compare::{Compared, Counts, Difference};
pub use contract::Interfaces;
pub use description::{Description, Settings};
pub use exchange::{Outcome, Placed};
pub use histogram::Histogram;
pub use instance::{Failure, Gave};
pub use lanner_contract::{Fact, Finding as Raised, LeftOut, List, Rule, Setting, Severity, Sieve};
pub use meter::{Figures, RuleFigures, State};
pub use order::{KindStatus, Order, PackStatus, Pauses, ShadowStatus, Status};
pub use refusal::{PackError, Refusal};
pub use rest::Sentence;
pub use runtime::{
    DEFAULT_DEADLINE, DEFAULT_FINDINGS, DEFAULT_MEMORY, DEFAULT_START, Limits, Listener, Runtime, RuntimeError,
};
pub use slot::After;
pub use swap::Set;
pub use verdict::{Answer, Verdict, Verdicts};
pub use worker::{Handover, WorkerGone};

use batch::{Batch, GivenUp};
use exchange::{Exchange, Previous};
use lanner_contract::Wanted;
use lanner_enrich::Event;
use mailbox::{Held, Mailbox};
use meter::Meter;
use owed::Owed;
use placement::{Cost, Move, Placement};
pub use route::Listed;
use route::{Routed, Router};
use shadow::Shadow;
use verdict::{Outlet, VERDICTS};
use worker::{Job, Reply, Worker};

/// Threads for packs that are slow, one each; what is slow beyond that stays with the others.
const OWN: usize = 8;
/// Jobs that may wait for a thread from which a pack goes to one that others share.
const FEW: usize = 4;
/// How often it is looked what packs cost.
const LOOK: Duration = Duration::from_secs(1);

/// A loaded pack, through all its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackId(u32);

impl PackId {
    /// The pack that was loaded as this one, from 0.
    pub fn of(number: u32) -> Self {
        Self(number)
    }
}

/// The engine.
pub struct Engine {
    runtime: Runtime,
    /// Those of many packs each first, then those of one pack each.
    workers: Vec<Worker>,
    placement: Placement,
    router: Router,
    packs: BTreeMap<PackId, Loaded>,
    outlet: Outlet,
    held: Held,
    given_up: Arc<GivenUp>,
    /// Batches so far.
    batches: u64,
    next: u32,
    /// When it was last looked what packs cost.
    looked: Instant,
    /// What is under way, and what waits for that.
    exchange: Option<Exchange>,
    asked: VecDeque<(Set, Sender<Outcome>)>,
    /// Works out of a live stream what nothing waits for.
    aside: Option<Sender<Aside>>,
}

/// Something to be worked out.
type Aside = Box<dyn FnOnce() + Send>;

struct Loaded {
    path: PathBuf,
    description: Arc<Description>,
    worker: usize,
    /// What it cost up to the last look.
    settled: Duration,
    meter: Arc<Meter>,
    mailbox: Arc<Mailbox>,
    /// Where it is on its way to another worker: that it has arrived.
    arriving: Option<Receiver<()>>,
    /// Events that it was not given, and of which it was not told yet.
    owed: Owed,
    /// The versions that it replaced, the latest last.
    previous: Vec<Previous>,
    /// Where it is a candidate in the shadow of another one.
    shadow: Option<Shadow>,
}

impl Engine {
    /// Starts the engine with so many worker threads. What it finds comes out of the receiver. Of a recorded stream judging
    /// waits where nobody takes it from there, and where packs are slow; of a live one nothing waits for anybody.
    ///
    /// # Errors
    /// Threads cannot be had.
    pub fn start(runtime: Runtime, workers: usize) -> std::io::Result<(Self, Verdicts)> {
        let (outlet, verdicts) = Outlet::new();
        let given_up = Arc::<GivenUp>::default();
        let (shared, own) = (workers.max(1), if runtime.limits.shared { OWN } else { 0 });
        let start = |number| {
            let slow = number >= shared;
            let name = if slow { format!("lanner-slow-{}", number - shared) } else { format!("lanner-packs-{number}") };
            Worker::start(runtime.clone(), given_up.clone(), name, slow)
        };
        let workers = (0..shared + own).map(start).collect::<std::io::Result<_>>()?;
        let (router, packs, held) = (Router::default(), BTreeMap::new(), Held::default());
        let (placement, looked) = (Placement::new(shared, own), Instant::now());
        let (exchange, asked) = (None, VecDeque::new());
        let aside = runtime.limits.shared.then(start_aside).transpose()?;
        let engine = Self {
            runtime,
            workers,
            placement,
            router,
            packs,
            outlet,
            held,
            given_up,
            batches: 0,
            next: 0,
            looked,
            exchange,
            asked,
            aside,
        };
        Ok((engine, verdicts))
    }

    /// The runtime, to prepare candidates with.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Stops running a pack.
    fn remove(&mut self, pack: PackId) -> Option<Loaded> {
        let loaded = self.packs.remove(&pack)?;
        // Where its thread has ended it does not run either; the next batch says so.
        let _ = self.workers[loaded.worker].send(Job::Remove { pack });
        Some(loaded)
    }

    /// The pack that runs from this path.
    fn at(&self, path: &Path) -> Option<PackId> {
        self.running().find(|(_, loaded)| loaded.path == path).map(|(pack, _)| pack)
    }

    /// Those whose findings are raised.
    fn running(&self) -> impl Iterator<Item = (PackId, &Loaded)> + Clone {
        self.packs.iter().filter(|(_, loaded)| loaded.shadow.is_none()).map(|(pack, loaded)| (*pack, loaded))
    }

    /// Lets a pack go on, by its name, that rests or failed too often. Says whether there is one.
    pub fn release(&mut self, name: &str) -> bool {
        let named = self.packs.iter().filter(|(_, loaded)| loaded.description.name == name);
        let mut is_there = false;
        // One that runs in its shadow goes on with it.
        for (pack, loaded) in named {
            is_there = true;
            // Likewise.
            let _ = self.workers[loaded.worker].send(Job::Release { pack: *pack });
        }
        is_there
    }

    /// The file of a pack has another path now.
    pub fn rename(&mut self, from: &Path, to: &Path) {
        if let Some(loaded) = self.at(from).and_then(|pack| self.packs.get_mut(&pack)) {
            loaded.path = to.to_owned();
        }
    }

    /// The events that some pack wants.
    pub fn wanted(&self) -> Vec<Wanted> {
        self.packs.values().flat_map(|loaded| loaded.description.wanted.iter().cloned()).collect()
    }

    /// The packs that run, as path and description, in the order in which they were loaded.
    pub fn packs(&self) -> impl Iterator<Item = (&Path, &Arc<Description>)> + Clone {
        self.running().map(|(_, loaded)| (loaded.path.as_path(), &loaded.description))
    }

    /// How they stand.
    pub fn status(&self) -> Vec<PackStatus> {
        let status = |(pack, loaded): (PackId, &Loaded)| PackStatus {
            path: loaded.path.clone(),
            description: loaded.description.clone(),
            figures: loaded.meter.figures(),
            waiting: loaded.mailbox.waiting() as u64,
            by_rule: loaded.meter.by_rule(),
            before: loaded.previous.last().map(|previous| previous.description.version.clone()),
            shadow: self.shadow_of(pack).and_then(|(_, loaded)| ShadowStatus::of(loaded)),
        };
        self.running().map(status).collect()
    }

    /// Whether a batch can be handed over without waiting. Of a live stream it always can.
    pub fn has_room(&self) -> bool {
        self.is_live() || (self.outlet.waiting() < VERDICTS && self.workers.iter().all(Worker::has_room))
    }

    /// Whether anybody takes verdicts.
    pub fn is_heard(&self) -> bool {
        self.outlet.is_heard()
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

    /// Has a batch judged. Never waits.
    ///
    /// # Errors
    /// It cannot be judged in full any more.
    pub fn judge(&mut self, events: Vec<Event>) -> Result<(), WorkerGone> {
        let Some(now) = events.iter().map(|event| event.time_ns).max() else { return Ok(()) };
        self.batches += 1;
        let lists = self.runtime.lists().now();
        let routed = self.router.route(&events, &lists);
        let batch = Arc::new(Batch::held_by(&self.held, self.batches, events, lists));
        let mut frames: Vec<Vec<_>> = self.workers.iter().map(|_| Vec::new()).collect();
        let live = self.is_live();
        for mut routed in routed {
            let Some(loaded) = self.packs.get_mut(&routed.pack) else { continue };
            if live {
                let bytes = routed.frame.len() + batch.weight;
                if !loaded.mailbox.take(bytes, &self.held) {
                    loaded.meter.dropped(routed.events);
                    loaded.owed.add(&routed.frame);
                    continue;
                }
                routed.held = bytes;
                let told = loaded.owed.pay(&loaded.description, now);
                let told = self.router.encode(&told);
                frames[loaded.worker].extend(told.map(|frame| Routed { frame, events: 0, held: 0, ..routed }));
            }
            frames[loaded.worker].push(routed);
        }
        let (reply, answers) = channel();
        if live {
            self.outlet.announce(now, &batch);
        }
        for ((number, worker), frames) in self.workers.iter().enumerate().zip(frames) {
            // Also where there is nothing for a worker's packs: one that is put in place before the batch is judged may want
            // some of it.
            let exchanging = self.exchange.as_ref().is_some_and(|exchange| exchange.concerns(number));
            let held = if live { exchanging && !self.held.is_much() } else { exchanging || !worker.is_idle() };
            if frames.is_empty() && !held {
                continue;
            }
            let reply = if live { Reply::AtOnce(self.outlet.clone()) } else { Reply::Together(reply.clone()) };
            worker.send(Job::Judge { batch: batch.clone(), frames, now, reply })?;
        }
        if !live {
            // The verdict is complete when the last worker has dropped its end.
            drop(reply);
            self.outlet.awaited(now, Some(batch), answers);
        }
        Ok(())
    }

    /// Tells packs that event time has reached `now`, ns since 1970 (UTC). Never waits.
    ///
    /// # Errors
    /// Not all can be told any more.
    pub fn tick(&mut self, now: u64) -> Result<(), WorkerGone> {
        let (live, lists) = (self.is_live(), self.runtime.lists().now());
        let (reply, answers) = channel();
        for worker in &self.workers {
            let reply = if live { Reply::AtOnce(self.outlet.clone()) } else { Reply::Together(reply.clone()) };
            worker.send(Job::Tick { now, lists: lists.clone(), reply })?;
        }
        drop(reply);
        if live {
            self.packs.values_mut().for_each(|loaded| loaded.owed.say(&loaded.description.name));
            self.place_anew()?;
        } else {
            self.outlet.awaited(now, None, answers);
        }
        Ok(())
    }

    fn is_live(&self) -> bool {
        self.runtime.limits.shared
    }

    /// What packs cost since the last look, in their order.
    fn costs(&self, longest: impl Fn(&Meter) -> Duration) -> Vec<Cost> {
        let cost = |loaded: &Loaded| Cost {
            worker: loaded.worker,
            took: loaded.meter.processor().saturating_sub(loaded.settled),
            longest: longest(&loaded.meter),
        };
        self.packs.values().map(cost).collect()
    }

    /// Moves a pack to another worker, where that is better by what they cost.
    fn place_anew(&mut self) -> Result<(), WorkerGone> {
        let since = self.looked.elapsed();
        // Who waits for all others to be ready must not be waited for.
        if since < LOOK || self.exchange.is_some() {
            return Ok(());
        }
        self.looked = Instant::now();
        let costs = self.costs(Meter::take_longest);
        for loaded in self.packs.values_mut() {
            loaded.settled = loaded.meter.processor();
            loaded.arriving.take_if(|arriving| arriving.try_recv() != Err(TryRecvError::Empty));
        }
        let Some(Move { pack, to }) = self.placement.look(&costs, since) else { return Ok(()) };
        let moved = self.packs.iter_mut().nth(pack).filter(|(_, loaded)| loaded.arriving.is_none());
        let Some((pack, loaded)) = moved else { return Ok(()) };
        // Those on a shared thread wait until what waits on the other one has come over.
        if to < self.placement.shared() && self.workers[loaded.worker].waiting() > FEW {
            return Ok(());
        }
        tracing::debug!("pack {} goes to another thread, by what it costs", loaded.description.name);
        let (give, from) = channel();
        let (arrived, arriving) = channel();
        self.workers[loaded.worker].part(*pack, give)?;
        self.workers[to].send(Job::Adopt { pack: *pack, from, arrived })?;
        (loaded.worker, loaded.arriving) = (to, Some(arriving));
        Ok(())
    }
}

/// The thread ends with the engine.
fn start_aside() -> std::io::Result<Sender<Aside>> {
    let (sender, receiver) = channel::<Aside>();
    let work = move || {
        worker::be_nice();
        receiver.iter().for_each(|what| what());
    };
    std::thread::Builder::new().name("lanner-aside".into()).spawn(work)?;
    Ok(sender)
}
