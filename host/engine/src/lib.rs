//! Runs packs on batches.

// Allowed in one module: `cache::compiled`.
#![deny(unsafe_code)]

mod account;
mod batch;
pub mod cache;
mod contract;
mod description;
mod exchange;
mod instance;
mod mailbox;
mod meter;
mod order;
mod owed;
mod placement;
mod refusal;
mod rest;
mod retry;
mod route;
mod rule_cost;
mod runtime;
mod slot;
mod verdict;
mod worker;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

pub use contract::Interfaces;
pub use description::{Description, Settings};
pub use exchange::{Outcome, Placed};
pub use instance::{Candidate, Failure, Gave};
pub use lanner_contract::{Fact, Finding as Raised, LeftOut, Rule, Setting, Severity, Sieve};
pub use meter::{Figures, RuleFigures, State};
pub use order::{KindStatus, Order, PackStatus, Status};
pub use refusal::{PackError, Refusal};
pub use rest::Sentence;
pub use runtime::{DEFAULT_DEADLINE, DEFAULT_FINDINGS, DEFAULT_MEMORY, DEFAULT_START, Limits, Runtime, RuntimeError};
pub use slot::After;
pub use verdict::{Answer, Verdict, Verdicts};
pub use worker::{Handover, WorkerGone};

use batch::{Batch, GivenUp};
use exchange::{Agreement, Ballot, Exchange, Install, Known, Member, Newcomer, Previous, Progress};
use lanner_contract::Wanted;
use lanner_enrich::Event;
use mailbox::{Held, Mailbox};
use meter::Meter;
use owed::Owed;
use placement::{Cost, Move, Placement};
use route::{Routed, Router};
use verdict::{Outlet, VERDICTS};
use worker::{Job, Reply, Worker};

/// Threads for packs that are slow, one each; what is slow beyond that stays with the others.
const OWN: usize = 8;
/// Jobs that may wait for a thread from which a pack goes to one that others share.
const FEW: usize = 4;
/// Versions of a pack that are kept beside the one that runs, each with its state.
const VERSIONS: usize = 3;
/// How long it is waited for what is under way before it is looked again.
const SETTLING: Duration = Duration::from_micros(200);
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
}

impl Set {
    /// Whether something becomes of the pack from there.
    fn concerns(&self, path: &Path) -> bool {
        let paths = self.packs.iter().map(|(path, _)| path).chain(&self.remove).chain(&self.back);
        paths.into_iter().any(|other| other == path)
    }
}

/// Packs that are put in place at once, by where they come from; and where those come from that are taken out with that.
#[derive(Default)]
pub struct Set {
    /// They take the place, and the state, of those from the same paths.
    pub packs: Vec<(PathBuf, Candidate)>,
    /// These end.
    pub remove: Vec<PathBuf>,
    /// Those from here go back to the version that ran before, with the state that it had.
    pub back: Vec<PathBuf>,
}

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
        };
        Ok((engine, verdicts))
    }

    /// The runtime, to prepare candidates with.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Runs a pack, in place of the one from the same path, whose state it takes over; waits until it is in place. What waits to
    /// be judged is judged by the new version.
    ///
    /// # Errors
    /// Any refusal; the older version, where there is one, goes on as if nothing had been.
    pub fn install(&mut self, path: &Path, candidate: Candidate) -> Result<Handover, Refusal> {
        let (reply, outcome) = channel();
        self.exchange(Set { packs: vec![(path.to_owned(), candidate)], ..Set::default() }, reply);
        loop {
            self.settle();
            match outcome.recv_timeout(SETTLING) {
                Ok(outcome) => {
                    let handover = |mut placed: Placed| placed.handovers.pop().unwrap_or(Handover::First);
                    return outcome.map(handover).map_err(|(_, refusal)| refusal);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Refusal::Call { call: "its start", reason: WorkerGone.to_string() });
                }
            }
        }
    }

    /// Begins to put packs in place of those from the same paths, and to take others out: all of it between two batches, or
    /// nothing. Does not wait: what comes of it is seen, and said, by [`settle`](Self::settle).
    pub fn exchange(&mut self, set: Set, reply: Sender<Outcome>) {
        self.asked.push_back((set, reply));
        self.settle();
    }

    /// Sees to what is under way, and begins what waits for that. Says whether the packs that run are others now.
    pub fn settle(&mut self) -> bool {
        let mut changed = false;
        loop {
            if let Some(exchange) = &mut self.exchange {
                let outcome = match exchange.look() {
                    Progress::UnderWay => return changed,
                    Progress::Done(handovers) => Ok(handovers),
                    Progress::Refused(path, refusal) => Err((path, refusal)),
                };
                let Some(exchange) = self.exchange.take() else { return changed };
                let reply = exchange.reply.clone();
                changed |= outcome.is_ok();
                let outcome = outcome.map(|handovers| Placed { handovers, removed: self.put_in_place(exchange) });
                // Who asked may have gone.
                let _ = reply.send(outcome);
            }
            let arrived = |loaded: &mut Loaded| {
                loaded.arriving.take_if(|arriving| arriving.try_recv() != Err(TryRecvError::Empty));
            };
            self.packs.values_mut().for_each(arrived);
            // An exchange overtakes what waits; so it is seen to that none of its packs waits among that.
            let Some((set, _)) = self.asked.front() else { return changed };
            if self.packs.values().any(|loaded| loaded.arriving.is_some() && set.concerns(&loaded.path)) {
                return changed;
            }
            let Some((set, reply)) = self.asked.pop_front() else { return changed };
            match self.begin(set, reply.clone()) {
                Ok(exchange) => self.exchange = Some(exchange),
                Err(refused) => drop(reply.send(Err(refused))),
            }
        }
    }

    /// Whether something is under way.
    pub fn is_settling(&self) -> bool {
        self.exchange.is_some() || !self.asked.is_empty()
    }

    fn begin(&mut self, set: Set, reply: Sender<Outcome>) -> Result<Exchange, (PathBuf, Refusal)> {
        let Set { packs, remove, back } = set;
        let packs = packs.into_iter().map(|(path, candidate)| (path, Newcomer::Candidate(Box::new(candidate))));
        let mut packs: Vec<(PathBuf, Newcomer)> = packs.collect();
        for path in back {
            let loaded = self.packs.values_mut().find(|loaded| loaded.path == path);
            let Some(previous) = loaded.and_then(|loaded| loaded.previous.pop()) else {
                return Err((path, Refusal::NoVersionBefore));
            };
            packs.push((path, Newcomer::Previous(Box::new(previous))));
        }
        self.check_set(&packs, &remove)?;
        let costs = self.costs(|_| Duration::ZERO);
        let (mut known, mut members) = (Vec::new(), BTreeMap::<usize, Vec<Member>>::new());
        for (path, newcomer) in packs {
            let description = newcomer.description().clone();
            let running = self.packs.iter().find(|(_, loaded)| loaded.path == path);
            let (pack, worker, meter, mailbox) = match running {
                Some((pack, loaded)) => (*pack, loaded.worker, loaded.meter.clone(), loaded.mailbox.clone()),
                None => {
                    let new: Vec<Cost> = known
                        .iter()
                        .map(|known: &Known| Cost {
                            worker: known.worker,
                            took: Duration::ZERO,
                            longest: Duration::ZERO,
                        })
                        .collect();
                    self.next += 1;
                    let worker = self.placement.idlest(&[costs.as_slice(), &new].concat());
                    (PackId(self.next - 1), worker, Arc::default(), Arc::default())
                }
            };
            let member = Member { pack, newcomer, meter, mailbox };
            let (meter, mailbox) = (member.meter.clone(), member.mailbox.clone());
            members.entry(worker).or_default().push(member);
            known.push(Known { pack, path, description, worker, meter, mailbox });
        }
        let agreement = Arc::new(Agreement::new(members.len()));
        let (exchange, report) = Exchange::new(known, remove, reply);
        for (worker, members) in members {
            let (last, report) = (exchange.last.clone(), report.clone());
            if let Some(worker) = self.workers.get(worker) {
                worker.install(Install { members, ballot: Ballot::new(&agreement), last, report });
            }
        }
        Ok(exchange)
    }

    /// Whether these may run beside the packs that are neither replaced nor removed, and beside each other.
    fn check_set(&self, packs: &[(PathBuf, Newcomer)], remove: &[PathBuf]) -> Result<(), (PathBuf, Refusal)> {
        let stays =
            |path: &Path| !remove.iter().any(|gone| gone == path) && packs.iter().all(|(other, _)| other != path);
        let running = self.packs.values().filter(|loaded| stays(&loaded.path));
        let mut beside: Vec<(&Path, &Description)> =
            running.map(|loaded| (loaded.path.as_path(), &*loaded.description)).collect();
        for (path, newcomer) in packs {
            fits(newcomer.description(), &beside).map_err(|refusal| (path.clone(), refusal))?;
            beside.push((path, newcomer.description()));
        }
        Ok(())
    }

    /// The workers run the new ones: events are routed to them from here on.
    fn put_in_place(&mut self, mut exchange: Exchange) -> Vec<(PathBuf, Arc<Description>)> {
        exchange.last.set(self.batches);
        let removed = exchange.remove.into_iter();
        let removed = removed.filter_map(|path| self.remove(&path).map(|description| (path, description))).collect();
        for Known { pack, path, description, worker, meter, mailbox } in exchange.known {
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
            let settled = meter.processor();
            let (arriving, owed, previous) = (None, Owed::default(), Vec::new());
            let loaded = Loaded {
                path,
                description: description.clone(),
                worker,
                settled,
                meter,
                mailbox,
                arriving,
                owed,
                previous,
            };
            let mut kept = exchange.previous.remove(&pack).into_iter().collect::<Vec<_>>();
            let before = self.packs.insert(pack, loaded);
            let (Some(before), Some(loaded)) = (before, self.packs.get_mut(&pack)) else { continue };
            warn_of_loss(&before.description, &description);
            kept.splice(0..0, before.previous);
            kept.drain(..kept.len().saturating_sub(VERSIONS));
            // Its file may have been moved meanwhile, and what it is owed is owed to the new one.
            (loaded.previous, loaded.path, loaded.owed) = (kept, before.path, before.owed);
        }
        removed
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

    /// Lets a pack go on, by its name, that rests or failed too often. Says whether there is one.
    pub fn release(&mut self, name: &str) -> bool {
        let Some((pack, loaded)) = self.packs.iter().find(|(_, loaded)| loaded.description.name == name) else {
            return false;
        };
        // Likewise.
        let _ = self.workers[loaded.worker].send(Job::Release { pack: *pack });
        true
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

    /// How they stand.
    pub fn status(&self) -> Vec<PackStatus> {
        let status = |loaded: &Loaded| PackStatus {
            path: loaded.path.clone(),
            description: loaded.description.clone(),
            figures: loaded.meter.figures(),
            waiting: loaded.mailbox.waiting() as u64,
            by_rule: loaded.meter.by_rule(),
            before: loaded.previous.last().map(|previous| previous.description.version.clone()),
        };
        self.packs.values().map(status).collect()
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
        let routed = self.router.route(&events);
        let batch = Arc::new(Batch::held_by(&self.held, self.batches, events));
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
        let live = self.is_live();
        let (reply, answers) = channel();
        for worker in &self.workers {
            let reply = if live { Reply::AtOnce(self.outlet.clone()) } else { Reply::Together(reply.clone()) };
            worker.send(Job::Tick { now, reply })?;
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

/// Whether a pack may run beside others.
fn fits(description: &Description, beside: &[(&Path, &Description)]) -> Result<(), Refusal> {
    for (path, other) in beside {
        if other.name == description.name {
            return Err(Refusal::DuplicatePack { name: description.name.clone(), other: (*path).to_owned() });
        }
        let theirs: BTreeSet<&str> = other.rules.iter().map(|rule| rule.id.as_str()).collect();
        if let Some(rule) = description.rules.iter().find(|rule| theirs.contains(rule.id.as_str())) {
            return Err(Refusal::DuplicateRule { rule: rule.id.clone(), other: other.name.clone() });
        }
    }
    Ok(())
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
